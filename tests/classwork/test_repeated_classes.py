"""What a class keeps when it is repeated in the next session or copied by the office."""

from datetime import timedelta
from decimal import Decimal

from django.test import SimpleTestCase
from django.urls import reverse

from classwork.domain.class_fields import FRESH, KEPT_FIELDS, OWN_FIELDS
from classwork.domain.schedule import next_session
from classwork.models import CancellationTerms, ClassOffer, ClassRole, RoleBalance
from common import dates
from tests import factories
from tests.base import SchoolTestCase

KEPT: dict[str, object] = {
    "capacity": 12,
    "price": Decimal(50),
    "pay_at_door": False,
    "last_joinable_class": 2,
    "pro_rata": True,
    "drop_in_price": Decimal(20),
    "trial_price": Decimal(0),
    "minimum_enrollment": 6,
}
"""Values that no class has by default. The cancellation terms are a database row and are added in the tests."""


class RepeatedClassTest(SchoolTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.kept = KEPT | {"cancellation_terms": CancellationTerms.objects.create(name="Strict")}
        cls.first = factories.upcoming_thursday(1)
        cls.special = factories.create_class_offer(
            cls.session,
            factories.create_subject("L2"),
            cls.tess.staff,
            class_day=3,
            skipped=(factories.upcoming_thursday(),),
            decision_date=cls.first - timedelta(days=5),
            skip_tagline="Not this week",
            public_note="Only this time",
            **cls.kept,
        )
        ClassRole.objects.create(class_offer=cls.special, name="lead", capacity=5)
        ClassRole.objects.create(class_offer=cls.special, name="follow")
        RoleBalance.objects.create(class_offer=cls.special, most_apart=2, ratio=Decimal("1.5"), active_from=4)

    def repeat_class(self):
        created = next_session.create_next_session(self.ada, *next_session.propose_next_session(self.session))
        return created.class_offers.get(class_day=3)

    def copy_class(self):
        self.log_in(self.ada)
        data = {"action": "copy", "_selected_action": [self.special.pk]}
        self.client.post(reverse("admin:classwork_classoffer_changelist"), data)
        return ClassOffer.objects.exclude(pk=self.special.pk).get(class_day=3)

    def assert_roles_kept(self, again):
        self.assertEqual([(role.name, role.capacity) for role in again.roles.all()], [("lead", 5), ("follow", None)])
        balance = again.balance
        self.assertEqual((balance.most_apart, balance.ratio, balance.active_from), (2, Decimal("1.5"), 4))

    def test_repeated_class_keeps_its_settings_without_notes_and_skipped_dates(self):
        again = self.repeat_class()
        self.assertEqual({name: getattr(again, name) for name in self.kept}, self.kept)
        self.assertEqual((again.skip_tagline, again.public_note, again.skipped_dates.count()), ("", "", 0))

    def test_draft_of_a_repeated_class_has_every_chosen_and_kept_field(self):
        draft = next_session.repeat_class(self.special).draft(self.session)
        fresh = {name for name, policy in OWN_FIELDS.items() if policy.repeated is FRESH}
        self.assertEqual({*draft.values}, {*OWN_FIELDS} - fresh)

    def test_repeated_class_keeps_its_roles_and_their_balance(self):
        self.assert_roles_kept(self.repeat_class())
        self.assertEqual(self.special.roles.count(), 2)

    def test_repeated_class_decides_its_minimum_as_many_days_before_its_first_class(self):
        again = self.repeat_class()
        first = again.meetings.first().local_date
        self.assertEqual(again.decision_date, first - timedelta(days=5))

    def test_copy_in_the_same_session_keeps_settings_and_roles(self):
        again = self.copy_class()
        self.assertEqual({name: getattr(again, name) for name in self.kept}, self.kept)
        self.assert_roles_kept(again)

    def test_copy_with_a_decision_day_in_the_past_is_decided_today(self):
        ClassOffer.objects.filter(pk=self.special.pk).update(
            decision_date=factories.upcoming_thursday() - timedelta(days=30)
        )
        again = self.copy_class()
        self.assertEqual((again.minimum_enrollment, again.decision_date), (6, dates.local_today()))

    def test_copy_of_a_class_that_has_begun_has_no_minimum(self):
        self.special.skipped_dates.all().delete()
        type(self.session).objects.filter(pk=self.session.pk).update(key_day_date=factories.upcoming_thursday(-2))
        again = self.copy_class()
        self.assertEqual((again.capacity, again.minimum_enrollment, again.decision_date), (12, None, None))
        self.assertEqual(again.roles.count(), 2)


class SampleClassTest(SimpleTestCase):
    def test_sample_class_has_a_non_default_value_for_every_repeated_field(self):
        self.assertEqual({*KEPT_FIELDS, "minimum_enrollment"}, {*KEPT, "cancellation_terms"})
        usual = ClassOffer()
        self.assertFalse([name for name, value in KEPT.items() if getattr(usual, name) == value])
