"""A drop-in is a registration for one meeting, and nowhere counts as one for the whole class."""

from collections.abc import Sequence

from django.db import IntegrityError, connection, transaction
from django.db.models import prefetch_related_objects
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import cart as carts
from classwork.models import ClassOffer, Meeting
from common.errors import MergeConflict
from mailroom.models import Message
from outbox.testing import run_all
from registrations.domain import (
    calendar_feeds,
    capacity,
    cart,
    desk_registrations,
    eligibility,
    level_progress,
    minimum_enrollment,
    my_classes,
    referral_sources,
    roster,
    spots,
)
from registrations.domain.cart import RegistrationChoice
from registrations.domain.desk_registrations import RegistrationSearch
from registrations.domain.library import access
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.mail_contexts.registrations import registered_context
from registrations.models import Registration
from tests.classwork import resource_factories
from tests.registrations.purchases import cart as fill_cart
from tests.registrations.purchases import line, me, other, pay, place
from tests.registrations.started_classes import reload_class, ticket_cart
from tests.registrations.tickets import TicketTestCase
from users.domain import privacy
from users.models import Student


class SingleMeetingTest(TicketTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.drop_in = self.ticket(pay(self.buy(1, payer=self.alice)))
        self.now = timezone.now()

    def whole_class(self) -> Registration:
        order = pay(place(fill_cart((self.class_offer, me()), payer=self.alice)))
        return Registration.objects.get(line=line(order))

    def test_drop_in_is_confirmed_for_its_day_alone(self) -> None:
        self.assertEqual((self.drop_in.state, self.drop_in.meeting), ("confirmed", self.days[1]))
        self.assertEqual(list(Registration.objects.single_meeting()), [self.drop_in])
        self.assertFalse(Registration.objects.whole_class().exists())

    def test_student_with_a_drop_in_can_register_for_the_class(self) -> None:
        basket = fill_cart((self.class_offer, me()), payer=self.alice)
        (row,) = carts.load_lines(basket.lines.all(), self.now)
        self.assertEqual(row.problems, [])
        basket.delete()
        self.assertEqual(self.whole_class().state, "confirmed")
        (row,) = carts.load_lines(ticket_cart(self.days[1], me(), payer=self.alice).lines.all(), self.now)
        self.assertEqual(row.problems, ["Alice Arden already has a ticket for that day."])

    def test_cart_and_order_of_many_lines_need_hardly_more_statements_than_of_few(self) -> None:
        def statements_for(meetings: Sequence[Meeting]) -> tuple[int, int]:
            order = fill_cart((self.class_offer, other("Bo", "bo@example.org")), payer=self.alice)
            for meeting in meetings:
                ticket_cart(meeting, other("Bo", "bo@example.org"), order)
            prefetch_related_objects([order], "lines")
            with CaptureQueriesContext(connection) as loading:
                carts.load_lines(order.lines.all(), self.now)
            with transaction.atomic(), CaptureQueriesContext(connection) as holding:
                spots.hold_spots(list(order.lines.all()))
                transaction.set_rollback(True)
            order.delete()
            return len(loading), len(holding)

        load_two, hold_two = statements_for(self.days[2:3])
        load_four, hold_four = statements_for(self.days[2:5])
        self.assertEqual(load_two, load_four)
        # Each student's record is written once for each line, so that a known one takes as long as a new one.
        self.assertEqual(hold_four - hold_two, 2)

    def test_drop_in_counts_for_no_level(self) -> None:
        ends = self.days[-1].ends_at
        [progress] = level_progress.progress_of_students([self.student], ends).values()
        self.assertEqual((progress.taken, progress.number), ([], 0))
        self.assertEqual(level_progress.advise_next_session(self.class_offer.session, self.now).attending, 0)

    def test_drop_in_does_not_count_toward_the_minimum_enrollment(self) -> None:
        self.change(minimum_enrollment=1, decision_date=self.now.date())
        class_offer = reload_class(self.class_offer)
        self.assertEqual(minimum_enrollment.registered_count(class_offer), 0)
        self.assertEqual(minimum_enrollment.registered_count_by_class([class_offer]), {class_offer.pk: 0})
        annotated = minimum_enrollment.annotate_registered(ClassOffer.objects.filter(pk=class_offer.pk))
        self.assertEqual(annotated.values_list("registered", flat=True).get(), 0)

    def test_drop_in_is_a_guest_on_the_roster(self) -> None:
        self.assertEqual(list(roster.registrations_of_class(self.class_offer, self.now)), [])
        self.assertEqual(list(roster.tickets_for_class(self.class_offer, self.now)), [self.drop_in])
        annotated = capacity.annotate_taken(ClassOffer.objects.filter(pk=self.class_offer.pk), self.now)
        self.assertEqual(annotated.values_list("taken", flat=True).get(), 0)

    def test_drop_in_is_listed_apart_in_my_classes(self) -> None:
        classes = my_classes.classes_of_student(self.student, self.now)
        self.assertEqual((classes.all, [each.ticket for each in classes.tickets]), ([], [self.drop_in]))
        [of_account], _ = my_classes.classes_of_account(self.alice, self.now)
        self.assertEqual((of_account.all, [each.ticket for each in of_account.tickets]), ([], [self.drop_in]))

    def test_registration_for_the_class_is_listed_beside_the_drop_in(self) -> None:
        registration = self.whole_class()
        classes = my_classes.classes_of_student(self.student, self.now)
        self.assertEqual([each.registration for each in classes.all], [registration])
        self.assertEqual([each.ticket for each in classes.tickets], [self.drop_in])
        self.assertEqual(list(roster.registrations_of_class(self.class_offer, self.now)), [registration])

    def test_drop_in_does_not_keep_its_student_from_the_class(self) -> None:
        self.assertFalse(eligibility.is_in_class(self.student, self.class_offer.pk))
        choice = RegistrationChoice([self.class_offer], [me()])
        self.assertEqual(cart.already_registered_messages(choice, self.alice), [])
        contact = Contact("Alice", "alice@example.org", self.alice)
        self.assertTrue(entries.join_waitlist(self.class_offer, [WaitlistRequest(me())], contact).is_live)

    def test_desk_lists_registrations_for_whole_classes(self) -> None:
        Registration.objects.update(state="on_hold", referral_source="A friend")
        self.assertFalse(desk_registrations.search_registrations(RegistrationSearch()).exists())
        self.assertFalse(desk_registrations.registrations_on_hold().exists())
        self.assertEqual(referral_sources.answer_counts().get()["count"], 1)

    def test_pages_about_a_registration_for_a_class_are_not_found_for_a_drop_in(self) -> None:
        self.log_in(self.alice)
        for name in ("cancel_registration", "choose_transfer", "transfer_to_person"):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name, args=[self.drop_in.pk])).status_code, 404)
        self.log_in(self.ada)
        for name in ("desk_registration", "desk_transfer", "desk_transfer_to_person"):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name, args=[self.drop_in.pk])).status_code, 404)
        self.assertEqual(self.client.get(reverse("desk_ticket", args=[self.drop_in.pk])).status_code, 200)

    def test_page_of_a_drop_in_is_not_found_for_a_registration(self) -> None:
        self.log_in(self.ada)
        self.assertEqual(self.client.get(reverse("desk_ticket", args=[self.whole_class().pk])).status_code, 404)

    def test_drop_in_puts_only_its_day_into_the_calendar(self) -> None:
        calendar = calendar_feeds.student_calendar(self.student).decode()
        self.assertEqual(calendar.count("BEGIN:VEVENT"), 1)
        self.whole_class()
        self.assertEqual(calendar_feeds.student_calendar(self.student).decode().count("BEGIN:VEVENT"), len(self.days))

    def test_drop_in_opens_no_library_for_students(self) -> None:
        self.assertFalse(access.registrations_of_students([self.student.pk]).exists())
        self.assertEqual(list(access.tickets_of_students([self.student.pk])), [self.drop_in])

    def test_database_allows_one_live_spot_per_class_and_one_per_meeting(self) -> None:
        self.whole_class()
        at = self.now
        for meeting in (None, self.days[1]):
            with self.subTest(meeting), self.assertRaises(IntegrityError), transaction.atomic():
                Registration.objects.create(
                    student=self.student,
                    class_offer=self.class_offer,
                    meeting=meeting,
                    line=self.drop_in.ordered_line.order.lines.create(kind="class", product_id=1, part_id=1),
                    state="confirmed",
                    confirmed_at=at,
                )

    def test_database_refuses_a_drop_in_without_an_order_and_a_trial_of_a_whole_class(self) -> None:
        for values in ({"meeting": self.days[2]}, {"trial_of": self.class_offer.subject}):
            with self.subTest(values), self.assertRaises(IntegrityError), transaction.atomic():
                Registration.objects.create(
                    student=self.student,
                    class_offer=self.class_offer,
                    state="confirmed",
                    confirmed_at=self.now,
                    **values,
                )

    def test_mail_about_an_order_names_the_class_and_the_drop_in_apart(self) -> None:
        order = ticket_cart(self.days[2], me(), fill_cart((self.class_offer, me()), email="bo@example.org"))
        pay(place(order))
        run_all()
        mails = Message.objects.filter(to="bo@example.org", template__startswith="registrations.")
        self.assertEqual(
            sorted(mails.values_list("template", flat=True)), ["registrations.registered", "registrations.ticket"]
        )
        context = registered_context(mails.get(template="registrations.registered"))
        self.assertEqual([each["title"] for each in context["classes"]], [self.class_offer.subject.title])

    def test_records_are_joined_although_one_has_a_drop_in_for_the_class_of_the_other(self) -> None:
        twin = Student.objects.create(first_name="Alice", last_name="Arden")
        resource_factories.create_registration(twin, self.class_offer)
        moved = privacy.merge_people(self.ada, twin, self.student, "One person")
        self.assertIn("One spot in a class moves over.", moved)

    def test_records_with_a_drop_in_for_the_same_day_are_not_joined(self) -> None:
        twin = Student.objects.create(first_name="Alice", last_name="Arden")
        resource_factories.ticket(twin, self.days[1])
        with self.assertRaisesMessage(MergeConflict, "Both have a drop-in ticket"):
            privacy.merge_people(self.ada, twin, self.student, "One person")
