from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain.refunds import terms as promised
from classwork.domain import proposals
from classwork.domain.schedule import cancellation_terms, class_offers, meetings, next_session
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import CancellationTerms, CancellationTermsStep, ClassOffer
from common import dates
from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.cancellation_terms import usual
from tests.registrations import purchases


class ClassTermsTest(SchoolTestCase):
    def starts(self) -> list[datetime]:
        """Return local times, so that a week earlier is the same hour through clock changes."""
        return [dates.to_local_time(start) for start in cancellation_terms.meeting_starts(self.class_offer.pk)]

    def sentences(self, class_offer: ClassOffer | None = None) -> list[str]:
        stored = ClassOffer.objects.for_lists().get(pk=(class_offer or self.class_offer).pk)
        return [str(each) for each in promised.terms_sentences(cancellation_terms.terms_of_class(stored))]

    def test_refund_steps_are_dated_by_the_class_and_sorted(self) -> None:
        usual()
        first, second, *_ = self.starts()
        holds = cancellation_terms.terms_of_class(ClassOffer.objects.for_lists().get(pk=self.class_offer.pk))
        self.assertEqual([step.until for step in holds.steps], [first - timedelta(7), second])
        self.assertIn("(7 days before the first class), you get a full refund.", self.sentences()[0])
        self.assertIn("(the beginning of the second class), you get 50% back as account credit.", self.sentences()[1])

    def test_deadline_in_weeks_keeps_the_local_time_through_the_clock_change(self) -> None:
        first = dates.local_moment(date(2026, 3, 10), time(19))  # the clocks went forward on the 8th
        before = cancellation_terms.step_deadline("weeks 1", [first])
        self.assertEqual(dates.to_local_time(before).time(), time(19))  # type: ignore[arg-type]
        self.assertEqual(cancellation_terms.step_deadline("hours 168", [first]), first - timedelta(hours=168))

    def test_class_can_have_its_own_terms_and_a_school_none(self) -> None:
        self.assertIn("(the beginning of the first class), you get a full refund.", self.sentences()[0])
        usual()
        own = CancellationTerms.objects.create(name="None at all")
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"cancellation_terms": own}))
        self.assertEqual(self.sentences(), ["No refunds."])

    def test_step_beyond_the_last_class_ends_with_the_last_class(self) -> None:
        when = self.starts()
        self.assertEqual(cancellation_terms.step_deadline("meeting 9", when), when[-1])
        self.assertIsNone(cancellation_terms.step_deadline("meeting 1", []))

    def test_used_share_counts_classes_since_the_purchase(self) -> None:
        when = self.starts()
        self.assertEqual(cancellation_terms.share_used(when, when[0] - timedelta(1), when[0]), Decimal(1) / len(when))
        self.assertEqual(
            cancellation_terms.share_used(when, when[0] + timedelta(1), when[1]), Decimal(1) / (len(when) - 1)
        )
        self.assertEqual(cancellation_terms.share_used(when, when[-1] + timedelta(1), when[-1] + timedelta(2)), 1)
        self.assertEqual(cancellation_terms.share_used([], None, when[0]), 0)

    def test_ordered_terms_stay_when_the_terms_or_the_choice_change(self) -> None:
        named = usual()
        line = purchases.line(purchases.place(purchases.cart((self.class_offer, purchases.me()))))
        before = promised.terms_sold(line, timezone.now())
        named.steps.update(percent=0)
        class_offers.change_class(
            self.ada, self.class_offer, ClassDraft({"cancellation_terms": CancellationTerms.objects.create(name="No")})
        )
        self.assertEqual(promised.terms_sold(line, timezone.now()), before)
        self.assertEqual(before.at(timezone.now()).percent, 100)

    def test_postponed_class_extends_the_refund_deadline_and_an_earlier_start_does_not_shorten_it(self) -> None:
        usual()
        line = purchases.line(purchases.place(purchases.cart((self.class_offer, purchases.me()))))
        first = self.starts()[0]
        meetings.cancel_meeting(self.ada, self.class_offer.meetings.first(), "Snow")
        self.assertEqual(promised.terms_sold(line, timezone.now()).steps[0].until, first)
        meetings.restore_meeting(self.ada, self.class_offer.meetings.first())
        self.assertEqual(promised.terms_sold(line, timezone.now()).steps[0].until, first - timedelta(7))

    def test_terms_are_shown_before_buying_and_on_the_order(self) -> None:
        usual()
        sentence = self.sentences()[0]
        self.assertContains(self.client.get(self.class_offer.get_absolute_url()), sentence)
        self.log_in(self.alice)
        cart = purchases.cart((self.class_offer, purchases.me()), payer=self.alice)
        for name in ("cart", "checkout"):
            self.assertContains(self.client.get(reverse(name)), sentence)
        with override_settings(WITHDRAWAL_DAYS=14):
            self.assertContains(self.client.get(reverse("checkout")), "Within 14 days after ordering")
            order = purchases.place(cart)
        CancellationTermsStep.objects.all().delete()
        page = self.client.get(order.address())
        self.assertContains(page, sentence)
        self.assertContains(page, "you can withdraw for any reason")

    def test_terms_are_copied_to_the_next_session_and_can_be_requested_by_a_teacher(self) -> None:
        named = usual(is_default=False)
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"cancellation_terms": named}))
        self.class_offer.refresh_from_db()
        self.assertEqual(
            next_session.repeat_class(self.class_offer).draft(self.session).values["cancellation_terms"], named
        )
        other = CancellationTerms.objects.create(name="Strict")
        request = proposals.request_change(self.tess.staff, self.class_offer, {"cancellation_terms": other}, "Please")
        self.assertIn(("cancellation terms", "Usual", "Strict"), proposals.describe_changes(request))
        proposals.approve_proposal(self.ada, request)
        self.class_offer.refresh_from_db()
        self.assertEqual(self.class_offer.cancellation_terms, other)


class TermsAdminTest(SchoolTestCase):
    def save(self, **more: object) -> int:
        step = {"steps-0-number": 7, "steps-0-unit": "days", "steps-0-percent": "100", "steps-0-gives": "refund"}
        form = {"name": "Usual", "is_default": "on", "steps-TOTAL_FORMS": 1, "steps-INITIAL_FORMS": 0}
        url = reverse("admin:classwork_cancellationterms_add")
        return self.client.post(url, form | step | more).status_code  # type: ignore[arg-type]

    def test_terms_are_added_in_the_admin_and_recorded(self) -> None:
        self.log_in(self.ada)
        self.assertEqual(self.save(), 302)
        page = self.client.get(reverse("admin:classwork_cancellationterms_changelist"))
        self.assertContains(page, "Until 7 days before the first class, you get a full refund.")
        self.assertTrue(Entry.objects.filter(action="classwork.cancellationterms_added").exists())

    def test_invalid_terms_are_refused(self) -> None:
        self.log_in(self.ada)
        for wrong in (
            {"steps-0-percent": "101"},
            {"steps-0-percent": "-1"},
            {"steps-0-percent": "NaN"},
            {"steps-0-number": 0},
            {"steps-0-number": 501},
            {"steps-0-unit": "years"},
            {"steps-0-gives": "gold"},
            {"name": ""},
        ):
            with self.subTest(wrong):
                self.assertEqual(self.save(**wrong), 200)
        self.assertFalse(CancellationTerms.objects.exists())

    def test_only_one_set_of_terms_is_the_default_and_terms_in_use_cannot_be_deleted(self) -> None:
        first = usual()
        with self.assertRaises(ValidationError):
            CancellationTerms(name="Other", is_default=True).full_clean()
        with self.assertRaises(IntegrityError), transaction.atomic():
            CancellationTerms.objects.create(name="Other", is_default=True)
        class_offers.change_class(
            self.ada,
            factories.create_class_offer(self.session, factories.create_subject(version="B")),
            ClassDraft({"cancellation_terms": first}),
        )
        with self.assertRaises(IntegrityError), transaction.atomic():
            first.delete()
