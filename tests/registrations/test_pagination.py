"""Long lists are split into pages, and each page links to the next."""

import re
from datetime import timedelta
from html import unescape

from django.test import tag
from django.urls import reverse
from django.utils import timezone

from classwork.models import Session
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork import resource_factories
from users.models import Student


class PaginationTest(SchoolTestCase):
    def parts(self, path: str, pattern: str) -> list[list[str]]:
        """Return the matches on each page of a list, following the links to the next page."""
        found, query = [], ""
        for _ in range(30):
            response = self.client.get(query or path)
            self.assertEqual(response.status_code, 200)
            page = response.content.decode()
            found.append(re.findall(pattern, page))
            following = re.search(r'rel="next" href="(\?[^"]*page=\d+)"', page)
            if not following:
                return found
            query = path.partition("?")[0] + unescape(following[1])
        self.fail(f"{path} has no end.")

    @tag("rows")
    def test_all_sessions_are_listed_four_per_page(self) -> None:
        for number in range(9):
            session = past(f"Past_{number}", 12 * (number + 2))
            factories.create_class_offer(session, factories.create_subject("L2", name=f"Class of {number}"))
        parts = self.parts("/classes/sess/all", r"Class of (\d)</a></h3>")
        self.assertEqual(sorted(number for part in parts for number in part), [str(number) for number in range(9)])
        self.assertLessEqual(max(len(part) for part in parts), 4)
        self.assertSameQueries("/classes/sess/all", self.more_sessions, exactly=6)

    def more_sessions(self, count: int) -> None:
        for _ in range(count):
            self.number = getattr(self, "number", 20) + 1
            session = past(f"Long_ago_{self.number}", 12 * self.number)
            factories.create_class_offer(session, factories.create_subject("L3", name=f"Old {self.number}"))

    def test_my_classes_lists_fifty_per_page_with_the_latest_first(self) -> None:
        session = past("Long_ago", 60)
        for number in range(60):
            class_offer = factories.create_class_offer(
                session, factories.create_subject("L2", name=f"Class of {number:02}"), class_day=number % 7
            )
            resource_factories.create_registration(self.student, class_offer)
        resource_factories.create_registration(self.student, self.class_offer)
        self.log_in(self.alice)
        first, second = self.parts(reverse("my_classes"), r"Class of (\d\d)</a>")
        self.assertEqual((len(first), len(second)), (49, 11))
        self.assertEqual(sorted(first + second), [f"{number:02}" for number in range(60)])
        self.assertIn(self.class_offer.subject.title, self.client.get(reverse("my_classes")).content.decode())

    def test_library_lists_forty_classes_per_page(self) -> None:
        session = past("Long_ago", 60)
        for number in range(45):
            class_offer = factories.create_class_offer(
                session, factories.create_subject("L2", name=f"Class of {number:02}"), class_day=number % 7
            )
            resource_factories.create_registration(self.student, class_offer)
            resource_factories.resource(f"Steps {number:02}", class_offer, when="sign_up")
        self.log_in(self.alice)
        parts = self.parts(reverse("library"), r">Steps (\d\d)<")
        self.assertEqual([len(set(part)) for part in parts], [40, 5])
        found = self.client.get(reverse("library") + "?q=Steps+03").content.decode()
        self.assertIn("Steps 03", found)

    @tag("rows")
    def test_past_sessions_are_paginated(self) -> None:
        for number in range(30):
            past(f"Past_{number:02}", 12 * (number + 2))
        parts = self.parts(reverse("past_sessions"), r">Past (\d\d)</a></h2>")
        self.assertEqual([len(part) for part in parts], [24, 6])
        self.assertEqual(sorted(parts[0] + parts[1]), [f"{number:02}" for number in range(30)])
        self.assertSameQueries(reverse("past_sessions"), self.more_past, exactly=2)

    def more_past(self, count: int) -> None:
        for _ in range(count):
            self.number = getattr(self, "number", 40) + 1
            past(f"Long_ago_{self.number}", 12 * self.number)

    def test_unattached_resources_are_paginated(self) -> None:
        for number in range(250):
            resource_factories.resource(f"Loose {number:03}", audience="public")
        for query in ("", "?q=loose"):
            with self.subTest(query):
                parts = self.parts(reverse("library") + query, r">Loose (\d\d\d)<")
                self.assertEqual([len(part) for part in parts], [100, 100, 50])
                self.assertEqual(len({title for part in parts for title in part}), 250)

    def test_library_search_covers_every_class(self) -> None:
        session = past("Long_ago", 60)
        for number in range(50):
            class_offer = factories.create_class_offer(
                session, factories.create_subject("L2", name=f"Class of {number:02}"), class_day=number % 7
            )
            resource_factories.create_registration(self.student, class_offer)
            resource_factories.resource(
                f"{'Steps' if number >= 5 else 'Turns'} {number:02}", class_offer, when="sign_up"
            )
        self.log_in(self.alice)
        parts = self.parts(reverse("library") + "?q=steps", r">Steps (\d\d)<")
        self.assertEqual([len(part) for part in parts], [40, 5])

    def test_roster_lists_one_hundred_drop_ins_per_page_beside_the_students(self) -> None:
        self.fill(20)
        self.invite(120)
        self.log_in(self.tess)
        path = reverse("participants", args=[self.class_offer.pk])
        self.assertEqual([len(part) for part in self.parts(path, r">(Guest \d\d\d)</a>")], [100, 20])
        self.assertEqual([len(part) for part in self.parts(path, r">(Dancer \d\d\d)</a>")], [20, 0])
        self.assertContains(self.client.get(path + "?page=2"), "20 people")

    def invite(self, count: int) -> None:
        made = [Student(first_name="Guest", last_name=f"{n:03}", name_key=f"guest {n:03}") for n in range(count)]
        meeting = self.class_offer.meetings.get(number=2)
        for student in Student.objects.bulk_create(made):
            resource_factories.ticket(student, meeting)

    def test_roster_lists_one_hundred_students_per_page(self) -> None:
        self.fill(120)
        self.log_in(self.tess)
        parts = self.parts(reverse("participants", args=[self.class_offer.pk]), r"Dancer (\d\d\d)</a>")
        self.assertEqual([len(part) for part in parts], [100, 20])

    def fill(self, count: int) -> None:
        made = [Student(first_name="Dancer", last_name=f"{n:03}", name_key=f"dancer {n:03}") for n in range(count)]
        students = Student.objects.bulk_create(made)
        confirmed = {"class_offer": self.class_offer, "state": "confirmed", "confirmed_at": timezone.now()}
        Registration.objects.bulk_create(Registration(student=one, **confirmed) for one in students)

    def test_waitlists_are_listed_fifty_per_page(self) -> None:
        self.wait(self.class_offer, 60)
        self.log_in(self.ada)
        parts = self.parts(reverse("desk_waitlist", args=[self.class_offer.pk]), r"Waiter (\d\d)<br>")
        self.assertEqual([len(part) for part in parts], [50, 10])
        session = factories.create_session("Far", factories.upcoming_thursday(20))
        for number in range(55):
            self.wait(
                factories.create_class_offer(
                    session, factories.create_subject("L2", name=f"Class of {number:02}"), class_day=number % 7
                ),
                1,
            )
        parts = self.parts(reverse("desk_waitlists"), r"/waiting/\">([^<]+)</a>")
        self.assertEqual([len(part) for part in parts], [50, 6])

    def wait(self, class_offer: object, count: int) -> None:
        at = timezone.now() - timedelta(hours=1)
        WaitlistEntry.objects.bulk_create(
            WaitlistEntry(
                class_offer=class_offer, state="waiting", position=number + 1, person_key=f"w{number}",
                size=1, requested_roles=[""], joined_at=at,
                contact_name=f"Waiter {number:02}", contact_email=f"w{number}@example.org",
                people=[{"first_name": "Waiter", "last_name": f"{number:02}"}],
            )
            for number in range(count)
        )  # fmt: skip


def past(name: str, weeks: int) -> Session:
    day = factories.upcoming_thursday(-weeks)
    return factories.create_session(name, day, publish_date=day - timedelta(weeks=4))
