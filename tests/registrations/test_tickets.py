"""Tickets for single classes: drop-ins and trials."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.template import Context
from django.template.loader import get_template
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import attempts
from billing.errors import OrderNotPlaced
from billing.models import Order, Payment, PaymentIssue
from classwork.domain.catalog import subjects
from classwork.domain.schedule import meetings
from classwork.errors import ChangeRefused
from classwork.models import ClassRole
from common.errors import MergeConflict
from common.personal import PersonRecords
from history.models import Entry
from mailroom.models import Message
from outbox.testing import run_all
from registrations import personal
from registrations.domain import capacity, notifications, roster
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.mail_contexts.tickets import ticket_context
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.classwork import resource_factories
from tests.registrations.purchases import cart, line, me, of, other, pay, place
from tests.registrations.started_classes import reload_class, start_class, ticket_cart
from tests.registrations.tickets import TicketTestCase
from users.domain import privacy
from users.models import Student

State = Registration.State


class TicketPurchaseTest(TicketTestCase):
    def test_stranger_buys_a_drop_in_at_the_drop_in_price(self) -> None:
        order = pay(self.buy(1))
        ticket = self.ticket(order)
        self.assertEqual(
            (order.amount_charged, ticket.state, ticket.meeting, ticket.kind_text),
            (15, "confirmed", self.days[1], "drop-in"),
        )
        self.assertEqual(line(order).title, f"{self.class_offer.subject.title}, drop-in")
        self.assertFalse(Registration.objects.whole_class().exists())

    def test_free_trial_needs_no_payment(self) -> None:
        order = self.buy(0, trial=True)
        self.assertEqual((order.state, self.ticket(order).kind_text), ("paid", "trial"))
        self.assertNotIn("off the price", self.mail_of(order))

    def test_drop_in_mail_says_that_the_ticket_counts_toward_the_price(self) -> None:
        self.assertIn("off the price", self.mail_of(pay(self.buy(0))))

    def mail_of(self, order: Order) -> str:
        context = ticket_context(Message(data={"registration_id": self.ticket(order).pk}))
        return get_template("mail/registrations/ticket.md").template.render(Context(context))

    def test_sales_close_before_the_class_begins_and_when_it_is_canceled_or_sells_no_tickets(self) -> None:
        start_class(self.class_offer, 1)
        with self.assertRaisesMessage(OrderNotPlaced, "too late to book"):
            self.buy(0)
        with override_settings(TICKETS_UNTIL_MINUTES=120), self.assertRaisesMessage(OrderNotPlaced, "too late to book"):
            self.buy(1)
        meetings.cancel_meeting(None, self.days[2], "Snow")
        with self.assertRaisesMessage(OrderNotPlaced, "is canceled"):
            self.buy(2)
        self.change(drop_in_price=None, trial_price=None)
        for trial in (True, False):
            with self.assertRaises(OrderNotPlaced):
                self.buy(1, trial=trial)

    def test_ticket_does_not_count_for_the_multi_class_discount(self) -> None:
        basket = ticket_cart(self.days[0], me())
        basket = cart(
            (factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3), me()),
            payer=self.alice,
        )
        ticket_cart(self.days[0], me(), basket)
        order = place(basket)
        self.assertEqual(
            {one.account_name: one.early_total for one in order.lines.all()}, {"class": 65, "class-part": 15}
        )

    def test_ticket_can_be_paid_at_the_door_if_the_class_allows_it(self) -> None:
        order = place(ticket_cart(self.days[0], me()), Order.Due.DOOR)
        self.assertEqual(self.ticket(order).state, State.CONFIRMED)
        self.change(pay_at_door=False)
        with self.assertRaises(OrderNotPlaced):
            place(ticket_cart(self.days[1], me()), Order.Due.DOOR)

    def test_expired_ticket_is_confirmed_by_a_late_payment_only_if_a_spot_is_left(self) -> None:
        self.change(capacity=1)
        order, payment = self.expire_during_payment(self.buy(0))
        self.assertEqual(self.ticket(order).state, State.EXPIRED)
        self.assertEqual(self.left(), 1)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(15), "USD"))
        self.assertEqual(self.ticket(order).state, State.CONFIRMED)
        late, payment = self.expire_during_payment(self.buy(1))
        pay(self.buy(1, other("Bo", "bo@example.org")))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(15), "USD"))
        self.assertEqual(self.ticket(late).state, State.EXPIRED)
        self.assertEqual(Order.objects.get(pk=late.pk).state, Order.State.EXPIRED)

    def expire_during_payment(self, order: Order) -> tuple[Order, Payment]:
        """Start a payment and let the order expire before it is confirmed."""
        payment = attempts.start_attempt(order, "practice", timezone.now())
        expired = timezone.now() - timedelta(minutes=1)
        Order.objects.filter(pk=order.pk).update(held_until=expired)
        transitions.expire_overdue_holds()
        order.refresh_from_db()
        return order, payment

    def test_ticket_canceled_before_the_class_is_refunded_and_releases_its_spot(self) -> None:
        self.change(capacity=1)
        order = pay(self.buy(0))
        back = line_cancellation.cancel_line(line(order), at=timezone.now(), why="Ill")
        self.assertEqual((back, self.ticket(order).state, self.left()), (15, State.CANCELED, 1))

    def test_ticket_holders_of_a_class_are_listed_by_day(self) -> None:
        orders = [pay(self.buy(2)), pay(self.buy(1))]
        found = roster.tickets_for_class(self.class_offer, timezone.now())
        self.assertEqual(list(found), [self.ticket(order) for order in reversed(orders)])


class TicketCapacityTest(TicketTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.change(capacity=2)

    def test_ticket_takes_a_spot_on_its_day_and_a_registration_on_every_remaining_day(self) -> None:
        pay(self.buy(1))
        self.assertEqual(self.left(), 1)
        pay(self.buy(3))
        self.assertEqual(self.left(), 1)
        pay(self.buy(1, other("Bo", "bo@example.org")))
        self.assertEqual(self.left(), 0)
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(cart((self.class_offer, me())))
        with self.assertRaisesMessage(OrderNotPlaced, "There is no spot left on that day."):
            self.buy(1, other("Cy", "cy@example.org"))
        self.buy(2, other("Cy", "cy@example.org"))

    def test_tickets_for_a_canceled_day_do_not_take_a_spot_in_the_class(self) -> None:
        for name in ("Bo", "Cy"):
            pay(self.buy(1, other(name, f"{name.lower()}@example.org")))
        self.assertEqual(self.left(), 0)
        meetings.cancel_meeting(None, self.days[1], "Snow")
        self.assertEqual(self.left(), 2)

    def test_two_tickets_in_one_order_need_two_spots(self) -> None:
        pay(self.buy(1))
        basket = ticket_cart(self.days[1], other("Bo", "bo@example.org"))
        ticket_cart(self.days[1], other("Cy", "cy@example.org"), basket)
        with self.assertRaisesMessage(OrderNotPlaced, "You need two spots on that day and one is left."):
            place(basket)
        self.assertEqual(Registration.objects.single_meeting().count(), 1)

    def test_waitlist_has_priority_over_ticket_buyers(self) -> None:
        pay(place(cart((self.class_offer, me()))))
        pay(self.buy(2, other("Bo", "bo@example.org")))
        waiting = entries.join_waitlist(
            self.class_offer, [WaitlistRequest(other("Wim", "wim@example.org"))], Contact("Wim", "wim@example.org")
        )
        self.assertEqual(waiting.state, WaitlistEntry.State.WAITING)
        with self.assertRaisesMessage(OrderNotPlaced, "for the people on the waitlist"):
            self.buy(1, other("Cy", "cy@example.org"))

    def test_canceled_ticket_releases_a_spot_for_the_waitlist(self) -> None:
        pay(place(cart((self.class_offer, me()))))
        order = pay(self.buy(2, other("Bo", "bo@example.org")))
        waiting = entries.join_waitlist(
            self.class_offer, [WaitlistRequest(other("Wim", "wim@example.org"))], Contact("Wim", "wim@example.org")
        )
        line_cancellation.cancel_line(line(order), at=timezone.now(), why="Ill")
        run_all()
        waiting.refresh_from_db()
        self.assertEqual(waiting.state, WaitlistEntry.State.OFFERED)

    def test_role_capacity_applies_to_tickets_but_the_role_balance_does_not(self) -> None:
        self.change(capacity=9)
        ClassRole.objects.create(class_offer=self.class_offer, name="lead", capacity=1)
        ClassRole.objects.create(class_offer=self.class_offer, name="follow")
        with self.assertRaisesMessage(OrderNotPlaced, "Please choose a role."):
            self.buy(1)
        pay(self.buy(1, role="lead"))
        with self.assertRaisesMessage(OrderNotPlaced, "no lead spot left on that day"):
            self.buy(1, other("Bo", "bo@example.org"), role="lead")
        here = capacity.availability_of(reload_class(self.class_offer), timezone.now())
        self.assertEqual((here.closed_roles, here.counts), (["lead"], {}))

    def test_desk_sees_how_many_drop_ins_are_expected(self) -> None:
        pay(self.buy(1))
        self.assertEqual(
            str(capacity.availability_of(reload_class(self.class_offer), timezone.now())),
            "0 of 2 taken, plus up to 1 for a drop-in or trial",
        )


class TrialTest(TicketTestCase):
    def test_second_trial_of_the_same_subject_is_refused(self) -> None:
        self.buy(0, payer=self.alice, trial=True)
        with self.assertRaisesMessage(OrderNotPlaced, "Alice Arden has already had a trial of this class."):
            self.buy(1, payer=self.alice, trial=True)
        twin_class = factories.create_class_offer(self.session, self.class_offer.subject, class_day=4, trial_price=0)
        with self.assertRaisesMessage(OrderNotPlaced, "has already had a trial"):
            place(ticket_cart(twin_class.meetings.all()[0], me(), payer=self.alice, trial=True))

    def test_canceled_trial_can_be_booked_again(self) -> None:
        order = self.buy(0, payer=self.alice, trial=True)
        line_cancellation.cancel_line(line(order), at=timezone.now(), why="Ill")
        self.assertEqual(self.ticket(self.buy(1, payer=self.alice, trial=True)).state, State.CONFIRMED)

    def test_trial_eligibility_is_per_subject_or_per_school(self) -> None:
        elsewhere = factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3)
        pay(place(cart((elsewhere, me()), payer=self.alice)))
        with (
            override_settings(TRIALS_FOR="school"),
            self.assertRaisesMessage(OrderNotPlaced, "Trials are for people new to the school."),
        ):
            self.buy(0, payer=self.alice, trial=True)
        self.buy(0, payer=self.alice, trial=True)

    def test_stranger_is_not_told_about_an_earlier_trial_and_the_office_gets_a_case(self) -> None:
        self.buy(0, payer=self.alice, trial=True)
        stranger = {"name": "Alice Arden", "email": "alice@example.org"}
        order = self.buy(1, trial=True, **stranger)
        notifications.report_conflicts()
        self.assertEqual(order.state, Order.State.PAID)
        self.assertIn("has already had a trial of this class", PaymentIssue.objects.get().description)
        self.assertNotEqual(self.ticket(order).student, self.student)

    def test_stranger_is_not_told_about_a_registration_and_the_office_gets_a_case(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        order = self.buy(1, trial=True, name="Alice Arden", email="alice@example.org")
        notifications.report_conflicts()
        self.assertEqual(self.ticket(order).student, self.student)
        self.assertIn("already has a spot in this class", PaymentIssue.objects.get().description)

    def test_student_cannot_have_two_tickets_for_one_day(self) -> None:
        self.buy(0, payer=self.alice)
        with self.assertRaisesMessage(OrderNotPlaced, "already has a ticket for that day"):
            self.buy(0, payer=self.alice)


class TicketPersonalDataTest(TicketTestCase):
    def test_merge_moves_tickets_unless_both_records_have_the_same_one(self) -> None:
        order = self.buy(0, payer=self.alice, trial=True)
        twin = Student.objects.create(first_name="Alice", last_name="Arden")
        Registration.objects.single_meeting().update(student=twin)
        self.assertIn(
            "One drop-in or trial moves over.", privacy.merge_people(self.ada, twin, self.student, "One person")
        )
        self.assertEqual(
            (self.ticket(order).student, line(order).student),
            (self.student, self.student),
        )
        again = Student.objects.create(first_name="Alice", last_name="Arden")
        resource_factories.ticket(again, self.days[0])
        with self.assertRaisesMessage(MergeConflict, "Both have a trial ticket"):
            privacy.merge_people(self.ada, again, self.student, "One person")

    def test_personal_data_export_lists_tickets(self) -> None:
        self.buy(0, payer=self.alice, trial=True)
        exported = personal.export(PersonRecords(self.alice.pk, (self.student.pk,)))
        self.assertEqual([one["what"] for one in exported["drop-ins and trials"]], ["trial"])  # type: ignore[attr-defined]


class ScheduleTest(TicketTestCase):
    def test_day_with_a_ticket_is_not_removed_when_the_class_is_shortened(self) -> None:
        pay(self.buy(4))
        with self.assertRaisesMessage(ChangeRefused, "someone has registered for"):
            subjects.change_subject(self.ada, self.class_offer.subject, {"num_weeks": 3})
        self.assertEqual(self.class_offer.meetings.count(), 5)


class TicketPagesTest(TicketTestCase):
    def test_ticket_mail_goes_to_the_attendee(self) -> None:
        pay(self.buy(0, other("Bo", "bo@example.org")))
        run_all()
        self.assertEqual(Message.objects.get(template="registrations.ticket").to, "bo@example.org")

    def test_teacher_sees_drop_ins_in_the_participant_list(self) -> None:
        pay(self.buy(1, of(self.kit), payer=self.gus))
        self.log_in(self.tess)
        page = self.client.get(reverse("participants", args=[self.class_offer.pk]))
        self.assertContains(page, "Drop-ins and trials")
        self.assertContains(page, "Kit Gray")
        self.assertEqual(self.client.get(reverse("taught_student", args=[self.kit.pk])).status_code, 200)

    def test_ticket_is_listed_in_my_classes(self) -> None:
        pay(self.buy(1, of(self.kit), payer=self.log_in(self.gus)))
        page = self.client.get(reverse("my_classes"))
        self.assertContains(page, "Drop-ins and trials")
        self.assertContains(page, "Confirmed")

    @tag("rows")
    def test_my_classes_runs_the_same_queries_with_many_tickets(self) -> None:
        self.log_in(self.gus)
        self.assertSameQueries(reverse("my_classes"), self.many)

    @tag("rows")
    def test_participant_list_runs_the_same_queries_with_many_tickets(self) -> None:
        self.log_in(self.tess)
        self.assertSameQueries(reverse("participants", args=[self.class_offer.pk]), self.many)

    def many(self, count: int) -> None:
        student = Student.objects.filter(guardian=self.gus)
        for number in range(count):
            child = factories.create_child(self.gus, f"Child{student.count()}of{number}")
            pay(self.buy(1, of(child), payer=self.gus))


class DeskTicketTest(TicketTestCase):
    def sell(self, **values: Any) -> Any:
        self.log_in(self.ada)
        usual = {"what": "drop_in", "meeting": self.days[0].pk, "first_name": "Bo", "email": "bo@example.org"}
        return self.client.post(reverse("desk_sell_ticket", args=[self.class_offer.pk]), usual | values)

    def test_desk_sells_tickets_after_online_sales_have_closed(self) -> None:
        with override_settings(TICKETS_UNTIL_MINUTES=120):
            answer = self.sell()
        order = Order.objects.get()
        self.assertRedirects(answer, reverse("desk_order", args=[order.pk]))
        self.assertEqual((self.ticket(order).state, order.regular_total), (State.CONFIRMED, 15))
        self.assertTrue(Entry.objects.filter(action="registrations.ticket_sold_at_desk").exists())

    def test_desk_is_told_that_the_student_already_had_a_trial(self) -> None:
        self.sell(what="trial")
        self.assertContains(
            self.sell(what="trial", meeting=self.days[1].pk), "Bo has already had a trial of this class."
        )

    def test_class_page_at_the_desk_counts_tickets_sold(self) -> None:
        self.sell()
        self.assertContains(
            self.client.get(reverse("desk_tickets", args=[self.class_offer.pk])), "Sell a drop-in or trial"
        )
        self.assertContains(
            self.client.get(reverse("desk_class", args=[self.class_offer.pk])), "plus up to 1 for a drop-in or trial"
        )


class TicketFormTest(TicketTestCase):
    def url(self) -> str:
        return reverse("buy_ticket", args=[self.class_offer.pk])

    def post(self, **values: Any) -> Any:
        usual = {"what": "drop_in", "meeting": self.days[1].pk, "who": ["me"]}
        return self.client.post(self.url(), usual | values, follow=True)

    def basket(self) -> Order:
        return Order.objects.get(state=Order.State.CART)

    def test_visitor_chooses_a_day_and_continues_to_checkout(self) -> None:
        self.assertContains(self.client.get(self.class_offer.get_absolute_url()), "Try one class, free")
        self.assertContains(self.client.get(self.url()), "Drop-in, $15.00")
        self.assertRedirects(self.post(), reverse("checkout"))
        chosen = self.basket().lines.get()
        self.assertEqual(
            (chosen.product, AttendeeDetails.from_line(chosen)),
            (("class", self.class_offer.pk, self.days[1].pk), AttendeeDetails(me())),
        )

    def test_friend_is_added_to_the_cart(self) -> None:
        self.post(what="trial", **{"other-0-first_name": "Bo", "other-0-email": "bo@example.org"})
        self.assertEqual([one.is_trial for one in self.basket().lines.all()], [True, True])

    def test_at_least_one_attendee_is_required(self) -> None:
        self.assertContains(self.post(who=[]), "Please choose who’s coming.")

    def test_refused_form_is_shown_again_after_a_redirect(self) -> None:
        page = self.post(who=[], **{"other-0-first_name": "Bo", "other-0-email": "not an address"})
        self.assertRedirects(page, self.url())
        self.assertContains(page, "not an address")
        self.assertNotContains(self.client.get(self.url()), "not an address")

    def test_full_days_are_listed_and_cannot_be_chosen(self) -> None:
        self.change(capacity=1)
        pay(self.buy(1))
        self.assertContains(self.client.get(self.url()), "Full: ")
        self.assertContains(self.post(), "Select a valid choice")

    def test_class_without_tickets_redirects_to_the_class_page(self) -> None:
        self.change(drop_in_price=None, trial_price=None)
        self.assertRedirects(self.client.get(self.url()), self.class_offer.get_absolute_url())
