"""The teaching page: tonight's class first, then the next ones, with the participants and their roles."""

from datetime import datetime, time, timedelta

from django.test import tag
from django.urls import reverse

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.domain.schedule import meetings
from classwork.models import ClassOffer, ClassRole, Meeting
from common import dates
from registrations.domain import teaching_agenda
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, other, pay, place

TEACHING = reverse("teaching")
PAST_PER_PAGE = 20


class TeachingTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.first_day = self.class_offer.meetings.order_by("starts_at")[0]
        self.evening = dates.local_moment(self.first_day.local_date, time(17, 30))
        self.log_in(self.tess)

    def roles(self) -> None:
        ClassRole.objects.create(class_offer=self.class_offer, name="lead")
        ClassRole.objects.create(class_offer=self.class_offer, name="follow")

    def order(self, name: str, role: str = "") -> Order:
        order = cart(name=name, email=f"{name.lower()}@example.org")
        carts.add_line(order, "class", self.class_offer.pk, AttendeeDetails(me()).as_json(), role=role)
        return place(order)

    def register(self, name: str, role: str = "") -> None:
        pay(self.order(name, role))

    def move(self, class_offer: ClassOffer, start: datetime) -> None:
        """Move the first meeting of the class to this start."""
        first = class_offer.meetings.order_by("starts_at")[0]
        Meeting.objects.filter(pk=first.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))

    def end(self, class_offer: ClassOffer) -> None:
        for number, meeting in enumerate(class_offer.meetings.all()):
            start = self.evening - timedelta(weeks=30 - number)
            Meeting.objects.filter(pk=meeting.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))


class TeachingAgendaTest(TeachingTestCase):
    def test_tonights_class_comes_first_and_then_the_next_ones_of_any_session(self) -> None:
        later_session = factories.create_session("Next", self.session.key_day_date + timedelta(weeks=8))
        in_spring = factories.create_class_offer(later_session, factories.create_subject("L3"), self.tess.staff)
        tomorrow = factories.create_class_offer(
            self.session, factories.create_subject("L2"), self.tess.staff, class_day=2, start_time=time(9)
        )
        agenda = teaching_agenda.agenda_of(self.tess.staff, self.evening)
        self.assertEqual([one.class_offer for one in agenda.today], [self.class_offer])
        self.assertEqual(agenda.heading, "Tonight")
        self.assertEqual([one.class_offer for one in agenda.upcoming], [tomorrow, in_spring])

    def test_morning_class_is_listed_under_today_until_it_has_ended(self) -> None:
        ClassOffer.objects.update(start_time=time(9))
        start = dates.local_moment(self.first_day.local_date, time(9))
        self.move(self.class_offer, start)
        during, after = start + timedelta(minutes=30), start + timedelta(minutes=60)
        self.assertEqual(teaching_agenda.agenda_of(self.tess.staff, during).heading, "Today")
        self.assertEqual(len(teaching_agenda.agenda_of(self.tess.staff, during).today), 1)
        self.assertEqual(teaching_agenda.agenda_of(self.tess.staff, after).today, [])

    def test_tonight_shows_time_location_and_the_number_of_each_role(self) -> None:
        self.roles()
        for name, role in (("Ann", "lead"), ("Ben", "lead"), ("Cas", "follow")):
            self.register(name, role)
        (tonight,) = teaching_agenda.agenda_of(self.tess.staff, self.evening).today
        self.assertEqual(tonight.people, "3 people: 2 lead, 1 follow")
        self.assertEqual(
            (str(tonight.location), str(tonight.next_meeting.slot)), ("Grange Hall", str(self.first_day.slot))
        )

    def test_drop_in_counts_only_on_its_own_evening(self) -> None:
        self.register("Ann")
        ClassOffer.objects.update(drop_in_price=20)
        order = cart(name="Dot", email="dot@example.org")
        details = AttendeeDetails(other("Dot", "dot@example.org")).as_json()
        carts.add_line(order, "class", self.first_day.class_offer_id, details, part_id=self.first_day.pk)
        pay(place(order))
        (tonight,) = teaching_agenda.agenda_of(self.tess.staff, self.evening).today
        self.assertEqual(tonight.people, "2 people")
        (next_week,) = teaching_agenda.agenda_of(self.tess.staff, self.evening + timedelta(weeks=1)).today
        self.assertEqual(next_week.people, "1 person")

    def test_substitute_sees_the_class_on_their_evening_and_the_teacher_the_one_after(self) -> None:
        meetings.set_substitutes(self.ada, self.first_day, [self.ash.staff])
        (stepping_in,) = teaching_agenda.agenda_of(self.ash.staff, self.evening).today
        self.assertTrue(stepping_in.is_substitute)
        own = teaching_agenda.agenda_of(self.tess.staff, self.evening)
        self.assertEqual(
            (own.today, own.upcoming[0].next_meeting.local_date), ([], self.first_day.local_date + timedelta(weeks=1))
        )

    def test_page_of_a_substitute_links_to_the_participants(self) -> None:
        meetings.set_substitutes(self.ada, self.first_day, [self.ash.staff])
        self.log_in(self.ash)
        self.assertContains(self.client.get(TEACHING), reverse("participants", args=[self.class_offer.pk]))

    def test_past_classes_are_behind_a_link_and_paginated(self) -> None:
        self.end(self.class_offer)
        for number in range(PAST_PER_PAGE):
            self.end(
                factories.create_class_offer(
                    self.session, factories.create_subject("L2", f"V{number}"), self.tess.staff
                )
            )
        link = reverse("participants", args=[self.class_offer.pk])
        page = self.client.get(TEACHING)
        self.assertNotContains(page, link)
        self.assertContains(page, "?show=past")
        past = self.client.get(TEACHING, {"show": "past"})
        self.assertContains(past, "Page 1 of 2")
        self.assertEqual(len(past.context["page"]), PAST_PER_PAGE)

    @tag("rows")
    def test_teaching_page_runs_the_same_queries_for_thirty_classes(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                class_offer = factories.create_class_offer(self.session, self.class_offer.subject, self.tess.staff)
                ClassRole.objects.create(class_offer=class_offer, name="lead")

        self.assertSameQueries(TEACHING, rows, exactly=12)


class RosterTest(TeachingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.roster = reverse("participants", args=[self.class_offer.pk])

    def test_roster_shows_each_role_and_their_totals(self) -> None:
        self.roles()
        for name, role in (("Ann", "lead"), ("Ben", "lead"), ("Cas", "follow")):
            self.register(name, role)
        page = self.client.get(self.roster)
        self.assertContains(page, "3 people: 2 lead, 1 follow")
        self.assertContains(page, '<td class="role">follow</td>', html=True)
        self.assertNotContains(page, "Registered</td>")

    def test_roster_marks_only_unconfirmed_spots(self) -> None:
        self.register("Ann")
        self.assertNotContains(self.client.get(self.roster), "Not confirmed")
        self.order("Ben")
        self.assertContains(self.client.get(self.roster), "Not confirmed", count=1)

    @tag("rows")
    def test_roster_runs_the_same_queries_for_thirty_students(self) -> None:
        self.roles()

        def rows(count: int) -> None:
            for _ in range(count):
                self.register(f"N{Registration.objects.count()}", "lead")

        self.assertSameQueries(self.roster, rows, exactly=11)
