"""Who has access to which resource, and how the office creates and approves resources."""

from datetime import datetime, timedelta
from typing import Any

from django.test import override_settings, tag
from django.urls import reverse

from classwork.domain.schedule import class_offers, meetings
from classwork.models import Resource
from history.models import Entry
from registrations.domain.library import access, openings, shelves
from registrations.models import Registration
from tests.base import SchoolTestCase
from tests.classwork import resource_factories
from tests.registrations import purchases


@tag("once")
class ResourceAccessTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.words = resource_factories.resource("Words", self.class_offer)

    def has_access(self, user: Any, resource: Resource | None = None, at: datetime | None = None) -> bool:
        return access.find_accessible_resource(user, (resource or self.words).pk, at) is not None

    def test_only_a_confirmed_registration_opens_a_resource(self) -> None:
        for state, may in (("confirmed", True), ("on_hold", False), ("canceled", False), ("transferred", False)):
            with self.subTest(state):
                Registration.objects.all().delete()
                resource_factories.create_registration(self.student, self.class_offer, state)
                self.assertEqual(self.has_access(self.alice), may)
        Registration.objects.all().delete()
        Registration.objects.create(student=self.student, class_offer=self.class_offer, state="held")
        self.assertFalse(self.has_access(self.alice))

    def test_guardian_has_access_for_their_child_and_the_payer_of_others_has_none(self) -> None:
        order = purchases.pay(
            purchases.place(purchases.cart((self.class_offer, purchases.of(self.kit)), payer=self.gus))
        )
        found = access.find_accessible_resource(self.gus, self.words.pk)
        assert found and found.registration
        self.assertEqual((found.registration.student, found.registration.class_offer), (self.kit, self.class_offer))
        self.assertEqual(order.state, "paid")
        purchases.pay(
            purchases.place(
                purchases.cart((self.class_offer, purchases.other("Lee", "lee@example.org")), payer=self.sam)
            )
        )
        self.assertFalse(self.has_access(self.sam))

    def test_unpaid_registration_has_access_if_the_school_allows_it(self) -> None:
        order = purchases.place(purchases.cart((self.class_offer, purchases.me()), payer=self.alice), "door")
        self.assertTrue(self.has_access(self.alice))
        with override_settings(OPEN_BEFORE_PAID=False):
            self.assertFalse(self.has_access(self.alice))
            purchases.pay(order)
            self.assertTrue(self.has_access(self.alice))

    def test_full_refund_ends_access_and_a_partial_refund_does_not(self) -> None:
        order = purchases.pay(purchases.place(purchases.cart((self.class_offer, purchases.me()), payer=self.alice)))
        order.amount_charged -= 1
        order.save()
        self.assertTrue(self.has_access(self.alice))
        order.amount_charged = 0
        order.save()
        self.assertFalse(self.has_access(self.alice))

    def test_finished_class_stays_accessible(self) -> None:
        resource_factories.create_registration(self.student, self.class_offer)
        last = resource_factories.resource("Last", self.class_offer, when="completion")
        at = self.class_offer.meetings.last().ends_at
        self.assertFalse(self.has_access(self.alice, last, at - timedelta(seconds=1)))
        self.assertTrue(self.has_access(self.alice, last, at))
        self.assertTrue(self.has_access(self.alice, last, at + timedelta(days=2000)))

    def test_late_joiners_see_earlier_resources_if_the_school_allows_it(self) -> None:
        first = resource_factories.resource("First", self.class_offer, when="class", class_number=1)
        later = self.class_offer.meetings.all()[1].starts_at
        registration = resource_factories.create_registration(self.student, self.class_offer, at=later)
        self.assertTrue(self.has_access(self.alice, first, later))
        with override_settings(LATE_JOINERS_SEE_EARLIER=False):
            self.assertFalse(self.has_access(self.alice, first, later))
            self.assertTrue(self.has_access(self.alice, self.words, later))
            openings.add_opening(self.tess, first, registration)
            self.assertTrue(self.has_access(self.alice, first, later))
            openings.remove_opening(self.tess, first, registration)
            self.assertFalse(self.has_access(self.alice, first, later))

    def test_ticket_opens_only_the_resources_of_its_class_day(self) -> None:
        days = list(self.class_offer.meetings.all())
        after = [
            resource_factories.resource(f"After {n}", self.class_offer, when="class", class_number=n) for n in (1, 2, 3)
        ]
        more = [
            resource_factories.resource("End", self.class_offer, when="completion"),
            resource_factories.resource("Loose", audience="student"),
        ]
        ticket = resource_factories.ticket(self.student, days[1])
        at = days[4].ends_at
        self.assertFalse(self.has_access(self.alice, after[1], days[1].starts_at))
        seen = [self.has_access(self.alice, each, at) for each in (*after, *more, self.words)]
        self.assertEqual(seen, [False, True, False, False, False, False])
        self.assertEqual([item.resource for item in shelves.build_library(self.alice, at).open_items], [after[1]])
        for state in ("on_hold", "transferred", "canceled"):
            Registration.objects.single_meeting().filter(pk=ticket.pk).update(
                state=state, ended_at=None if state == "on_hold" else at
            )
            self.assertFalse(self.has_access(self.alice, after[1], at), state)

    def test_ticket_follows_its_class_day_when_days_are_canceled(self) -> None:
        days = list(self.class_offer.meetings.all())
        first, second = (
            resource_factories.resource(f"{n}", self.class_offer, when="class", class_number=n) for n in (1, 2)
        )
        resource_factories.ticket(self.student, days[1])
        meetings.cancel_meeting(None, days[0], "Snow")
        at = days[4].ends_at
        self.assertEqual([self.has_access(self.alice, each, at) for each in (first, second)], [True, False])
        meetings.cancel_meeting(None, days[1], "Snow")
        self.assertEqual([self.has_access(self.alice, each, at) for each in (first, second)], [False, False])

    def test_teachers_see_everything_at_once_and_substitutes_once_assigned(self) -> None:
        last = resource_factories.resource("Last", self.class_offer, when="completion", audience="teacher")
        for person, may in ((self.tess, True), (self.ada, True), (self.ash, False), (self.alice, False)):
            self.assertEqual(self.has_access(person, last), may, person)
        meetings.set_substitutes(None, self.class_offer.meetings.last(), [self.ash.staff])
        self.assertTrue(self.has_access(self.ash, last))
        office = resource_factories.resource("Office", self.class_offer, audience="admin")
        self.assertEqual([self.has_access(each, office) for each in (self.tess, self.ada)], [False, True])

    def test_unattached_resources_are_for_their_audience_and_need_approval(self) -> None:
        resource_factories.create_registration(self.student, self.class_offer)
        people = (self.alice, self.sam, self.tess, self.ada)
        for audience, expected in (
            ("public", [True, True, True, True]),
            ("student", [True, False, False, True]),
            ("teacher", [False, False, True, True]),
            ("admin", [False, False, False, True]),
        ):
            loose = resource_factories.resource(f"For {audience}", audience=audience)
            self.assertEqual([self.has_access(each, loose) for each in people], expected, audience)
        waiting = resource_factories.resource("Waiting", audience="public", manager_approved=False)
        self.assertFalse(self.has_access(self.alice, waiting))

    def test_mail_texts_and_unapproved_resources_have_no_page(self) -> None:
        resource_factories.create_registration(self.student, self.class_offer)
        self.assertFalse(
            self.has_access(self.alice, resource_factories.resource("Mail", self.class_offer, kind="email"))
        )
        self.assertFalse(
            self.has_access(self.alice, resource_factories.resource("Idea", self.class_offer, manager_approved=False))
        )

    def test_public_resource_follows_its_class_unless_the_class_is_hidden(self) -> None:
        public = resource_factories.resource(
            "Public", self.class_offer, audience="public", when="class", class_number=1
        )
        at = self.class_offer.meetings.first().ends_at
        self.assertEqual(
            [self.has_access(self.sam, public, moment) for moment in (at - timedelta(1), at)], [False, True]
        )
        class_offers.set_class_approved(None, self.class_offer, False)
        self.assertFalse(self.has_access(self.sam, public, at))


@tag("once")
class ResourceAdminTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def save(self, **changed: Any) -> Any:
        usual = {"title": "Steps", "kind": "text", "audience": "student", "text": "Left", "when": "sign_up"}
        rows = {
            "attachments-TOTAL_FORMS": "1",
            "attachments-INITIAL_FORMS": "0",
            "attachments-0-class_offer": self.class_offer.pk,
        }
        data = usual | rows | {"attachments-0-position": "0"} | changed
        return self.client.post(reverse("admin:classwork_resource_add"), data)

    def test_resource_created_in_the_admin_is_released_with_the_class(self) -> None:
        self.assertEqual(self.save().status_code, 302)
        self.assertEqual(self.class_offer.releases.get().resource.title, "Steps")

    def test_content_must_match_the_resource_kind(self) -> None:
        for message, changed in (
            ("Please enter the text", {"text": ""}),
            ("Please choose the file", {"kind": "video"}),
            ("Please enter the link", {"kind": "link"}),
            ("Links begin with http", {"kind": "link", "link": "javascript:alert(1)"}),
            ("Please enter the class number", {"when": "class"}),
        ):
            with self.subTest(message):
                self.assertContains(self.save(**changed), message)
        self.assertEqual(Resource.objects.count(), 0)

    def test_resource_is_approved_from_the_admin_list(self) -> None:
        waiting = resource_factories.resource("Waiting", audience="public", manager_approved=False)
        url = reverse("admin:classwork_resource_changelist")
        self.assertContains(self.client.get(url, {"hangs": "nothing"}), "Waiting")
        self.client.post(url, {"action": "approve", "_selected_action": [waiting.pk]})
        waiting.refresh_from_db()
        self.assertTrue(waiting.manager_approved)
        self.assertTrue(Entry.objects.filter(action="classwork.resource_approved").exists())
