"""The resource library of an account: new, open and upcoming resources."""

from datetime import datetime, timedelta

from django.test import tag
from django.urls import reverse
from django.utils import timezone

from classwork.domain.resources import releases
from classwork.models import Attachment, Resource
from registrations.domain.library import access
from registrations.domain.library import shelves as library
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork import resource_factories


class LibraryTest(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.place = resource_factories.create_registration(self.student, self.class_offer)
        self.now = timezone.now()

    def test_resource_opened_since_the_last_visit_is_new_until_the_visit_ends(self) -> None:
        first = resource_factories.resource("First", self.class_offer, when="class", class_number=1)
        ends = self.class_offer.meetings.first().ends_at

        def new(at: datetime) -> list[str]:
            return [str(item.resource) for item in library.build_library(self.alice, at).new_items]

        self.assertEqual(new(self.now), [])
        self.assertEqual(new(ends + timedelta(minutes=1)), [str(first)])
        self.assertEqual(new(ends + timedelta(minutes=10)), [str(first)])
        self.assertEqual(new(ends + timedelta(hours=5)), [])

    def test_upcoming_resource_shows_its_day_without_a_link(self) -> None:
        third = resource_factories.resource("Third", self.class_offer, when="class", class_number=3)
        expired = resource_factories.resource("Gone", self.class_offer, expires_after=1)
        self.log_in(self.alice)
        page = self.client.get(reverse("library"))
        self.assertContains(page, "After class 3")
        self.assertContains(page, "Opens Tue")
        self.assertNotContains(page, reverse("resource_detail", args=[third.pk]))
        self.assertContains(page, reverse("resource_detail", args=[expired.pk]))
        items = library.build_library(self.alice, self.now + timedelta(weeks=8)).shelves[0].items
        self.assertIn("Expired", next(item.status_text for item in items if item.resource == expired))

    def test_resource_of_two_classes_is_found_once(self) -> None:
        other = factories.create_class_offer(self.session, factories.create_subject("L2", "B"), class_day=4)
        resource_factories.create_registration(self.student, other)
        resource_factories.resource("Turn", self.class_offer, self.class_offer.subject, other)
        self.assertEqual(
            [str(item.resource) for item in library.build_library(self.alice, self.now, "tu").open_items], ["Turn"]
        )
        self.assertEqual(library.build_library(self.alice, self.now, "nothing").open_items, [])
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("library"), {"q": "left turn"}), "Turn")
        self.assertContains(self.client.get(reverse("library"), {"q": "zzz"}), "Nothing found")

    def test_previous_and_next_links_are_the_open_resources_of_the_class(self) -> None:
        one, two, three = (resource_factories.resource(name, self.class_offer) for name in ("One", "Two", "Three"))
        resource_factories.resource("Later", self.class_offer, when="completion")
        at_two, at_three = (access.find_accessible_resource(self.alice, each.pk) for each in (two, three))
        assert at_two and at_three
        neighbors = library.neighbors_of(at_two, self.now)
        self.assertEqual((neighbors.before, neighbors.after), (one, three))
        self.assertEqual(library.neighbors_of(at_three, self.now).after, None)

    @tag("rows")
    def test_forty_classes_and_four_hundred_resources_take_six_queries(self) -> None:
        """Six queries besides session and account: four for the library, one each for permissions and the cart."""

        def classes(count: int) -> None:
            for number in range(count):
                subject = factories.create_subject("L3", num_weeks=1, name=f"Number {number} of {count}")
                class_offer = factories.create_class_offer(self.session, subject, class_day=number % 7)
                resource_factories.create_registration(self.student, class_offer)
                made = [
                    Resource(title=f"A {n}", kind="text", text="x", when="sign_up", manager_approved=True)
                    for n in range(10)
                ]
                resources = Resource.objects.bulk_create(made)
                Attachment.objects.bulk_create(Attachment(resource=each, class_offer=class_offer) for each in resources)
                releases.rebuild_class_releases([class_offer.pk])

        classes(39)
        resource_factories.resource("Loose", audience="student")
        self.alice.get_all_permissions()
        with self.assertNumQueries(5):
            found = library.build_library(self.alice, self.now)
        self.assertEqual(sum(len(items) for shelf in found.shelves for _, items in shelf.weeks), 390)
        self.log_in(self.alice)
        self.assertSameQueries(reverse("library"), lambda count: classes(1 if count == 1 else 2), exactly=8)

    def test_visitor_sees_public_resources(self) -> None:
        self.assertContains(self.client.get(reverse("library")), "Nothing public right now")
        resource_factories.resource("Shoes", audience="public")
        self.assertContains(self.client.get(reverse("library")), "Shoes")

    def test_public_resource_of_two_classes_is_listed_once(self) -> None:
        resource = resource_factories.resource(
            "Song", self.class_offer, self.class_offer.subject, audience="public", when="class", class_number=1
        )
        after = self.class_offer.meetings.first().ends_at
        self.assertEqual(library.build_library(self.sam, after).unattached, [resource])

    def test_current_classes_are_listed_first_and_finished_ones_last(self) -> None:
        resource_factories.resource("Now", self.class_offer)
        later = factories.create_class_offer(
            factories.create_session("Later", factories.upcoming_thursday(10)), factories.create_subject("L2", "B")
        )
        resource_factories.resource("Then", later)
        resource_factories.create_registration(self.student, later)

        def titles(at: datetime) -> list[list[str]]:
            found = library.build_library(self.alice, at)
            return [[str(shelf.items[0].resource) for shelf in shelves] for shelves in (found.current, found.past)]

        ends = self.class_offer.meetings.last().ends_at
        self.assertEqual(titles(self.class_offer.meetings.first().starts_at), [["Now", "Then"], []])
        self.assertEqual(titles(ends + timedelta(weeks=1)), [["Then"], ["Now"]])
