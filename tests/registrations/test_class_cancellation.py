"""The school cancels class days and whole classes, and students get refunds, credit or replacement days."""

from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit
from billing.models import Credit, Order, PaymentIssue, Refund
from classwork.domain.schedule import meetings
from classwork.errors import ChangeRefused, PreviewOutdated
from classwork.models import ClassOffer, Meeting
from outbox.testing import run_all
from registrations.domain import schedule_guard
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.plan import CancellationPlan, plan_cancellation
from registrations.domain.cancellations.replacement_dates import replacement_dates_by_class
from registrations.domain.cancellations.request import CancellationRequest
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import (
    ClassCancellation,
    CompensationPolicy,
    Registration,
    StudentCompensation,
    WaitlistEntry,
)
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, line, me, other, pay, place

D = Decimal


class CancellationTestCase(SchoolTestCase):
    def days(self, *numbers: int) -> frozenset[int]:
        return frozenset(self.class_offer.meetings.filter(number__in=numbers).values_list("pk", flat=True))

    def buy(self, name: str = "Ann", **how: object) -> Order:
        return pay(place(cart((self.class_offer, me()), name=name, email=f"{name.lower()}@example.org", **how)))

    def cancel(self, request: CancellationRequest, why: str = "Snow") -> ClassCancellation:
        seen = plan_cancellation(request, timezone.now()).fingerprint
        return cancel_classes(self.ada, request, why, seen=seen)

    def amount_paid(self, order: Order) -> Decimal:
        return sum((payment.captured_amount for payment in order.payments.all()), D(0))

    def assertPaymentsAddUp(self, *orders: Order) -> None:
        for order in orders:
            order.refresh_from_db()
            back = sum((payment.refunded_amount for payment in order.payments.all()), D(0)) + order.returned_as_credit
            self.assertEqual(back + order.amount_charged, self.amount_paid(order))


class ClassDayCancellationTest(CancellationTestCase):
    def test_canceled_day_refunds_its_share_of_the_payment(self) -> None:
        order = self.buy()
        weeks = self.class_offer.meetings.count()
        cancellation = self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(2)))
        refund = Refund.objects.get()
        self.assertEqual(refund.amount, round(self.amount_paid(order) / weeks, 2))
        self.assertPaymentsAddUp(order)
        self.assertEqual(cancellation.compensations.get().amount, refund.amount)
        self.assertTrue(Meeting.objects.get(pk__in=self.days(2)).is_canceled)
        self.assertEqual(Registration.objects.get().state, Registration.State.CONFIRMED)

    def test_canceling_every_day_refunds_the_whole_payment(self) -> None:
        order = self.buy()
        for number in range(1, self.class_offer.meetings.count() + 1):
            self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(number)))
        self.assertPaymentsAddUp(order)
        self.assertEqual(order.amount_charged, 0)

    def test_canceling_the_same_day_twice_is_refused_and_refunds_once(self) -> None:
        self.buy()
        request = CancellationRequest(CompensationPolicy.REFUND, self.days(2))
        self.cancel(request)
        with self.assertRaises(ChangeRefused):
            self.cancel(request)
        self.assertEqual((Refund.objects.count(), ClassCancellation.objects.count()), (1, 1))

    def test_refund_stays_when_a_canceled_day_is_restored(self) -> None:
        self.buy()
        self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(2)))
        day = self.class_offer.meetings.get(number=2)
        self.assertIn(schedule_guard.COMPENSATION_STAYS, meetings.plan_restore(day).warnings)
        meetings.restore_meeting(self.ada, day)
        self.assertEqual(Refund.objects.count(), 1)

    def test_unpaid_order_owes_less_after_a_canceled_day(self) -> None:
        order = place(cart((self.class_offer, me())), Order.Due.DOOR)
        owed = balances.open_balance(order, timezone.now())
        outcome = self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(1))).compensations.get()
        order.refresh_from_db()
        self.assertGreater(outcome.no_longer_due, 0)
        self.assertEqual(balances.open_balance(order, timezone.now()), owed - outcome.no_longer_due)
        self.assertFalse(Refund.objects.exists())

    def test_account_gets_credit_and_a_payer_without_account_gets_a_refund(self) -> None:
        credited_order, refunded_order = self.buy(payer=self.alice), self.buy("Ben")
        self.cancel(CancellationRequest(CompensationPolicy.CREDIT, self.days(1)))
        self.assertEqual(Credit.objects.get().order, credited_order)
        self.assertEqual(Refund.objects.get().payment.order, refunded_order)
        self.assertPaymentsAddUp(credited_order, refunded_order)

    def test_exception_is_refunded_while_the_others_get_an_extension(self) -> None:
        self.buy()
        order = self.buy("Ben")
        spot = line(order).registrations.get()
        request = CancellationRequest(
            CompensationPolicy.EXTENSION,
            self.days(1),
            replacements=self.replacement_dates(1),
            exceptions={f"registration_{spot.pk}": CompensationPolicy.REFUND},
        )
        cancellation = self.cancel(request)
        self.assertEqual(Refund.objects.get().payment.order, order)
        self.assertEqual(cancellation.compensations.filter(policy=CompensationPolicy.EXTENSION, amount=0).count(), 1)

    def replacement_dates(self, *numbers: int) -> dict[int, object]:
        class_offer = ClassOffer.objects.with_timetable().get(pk=self.class_offer.pk)
        canceled_meetings = [meeting for meeting in class_offer.meetings.all() if meeting.pk in self.days(*numbers)]
        return replacement_dates_by_class({class_offer.pk: class_offer}, canceled_meetings)  # type: ignore[return-value]

    def test_extension_adds_one_week_for_each_canceled_day(self) -> None:
        before = self.class_offer.meetings.order_by("starts_at").last()
        self.cancel(
            CancellationRequest(
                CompensationPolicy.EXTENSION, self.days(1, 2), replacements=self.replacement_dates(1, 2)
            )
        )
        last = self.class_offer.meetings.filter(canceled_at=None).order_by("starts_at").last()
        assert before and last
        self.assertEqual((last.local_date - before.local_date).days, 14)
        self.assertEqual(self.class_offer.meetings.exclude(replacement_for=None).count(), 2)

    def test_drop_in_on_the_canceled_day_is_refunded_even_if_the_class_is_extended(self) -> None:
        ClassOffer.objects.update(drop_in_price=D(20))
        order = cart(name="Dot", email="dot@example.org")
        for number in (1, 2):
            day = self.class_offer.meetings.get(number=number)
            details = AttendeeDetails(other(f"Dot{number}", f"dot{number}@example.org")).as_json()
            carts.add_line(order, "class", day.class_offer_id, details, part_id=day.pk)
        order = pay(place(order))
        self.cancel(
            CancellationRequest(CompensationPolicy.EXTENSION, self.days(1), replacements=self.replacement_dates(1))
        )
        self.assertEqual(Refund.objects.get().amount, 20)
        self.assertEqual(
            list(Registration.objects.single_meeting().order_by("meeting").values_list("state", flat=True)),
            ["canceled", "confirmed"],
        )
        self.assertPaymentsAddUp(order)

    def test_preview_warns_when_the_replacement_day_is_double_booked(self) -> None:
        factories.create_class_offer(self.session, factories.create_subject("Beg", "B"), location=self.hall)
        draft = next(iter(self.replacement_dates(1).values()))
        rival = ClassOffer.objects.latest("pk")
        Meeting.objects.filter(class_offer=rival).delete()
        slot = draft.slot(60)  # type: ignore[attr-defined]
        Meeting.objects.create(class_offer=rival, starts_at=slot.starts_at, ends_at=slot.ends_at)
        plan = plan_cancellation(
            CancellationRequest(CompensationPolicy.EXTENSION, self.days(1), replacements=self.replacement_dates(1)),
            timezone.now(),
        )
        self.assertIn("Grange Hall is double-booked", plan.calendar.warnings[0])

    def test_registration_after_the_preview_makes_it_outdated(self) -> None:
        request = CancellationRequest(CompensationPolicy.REFUND, self.days(1))
        seen = plan_cancellation(request, timezone.now()).fingerprint
        self.buy()
        with self.assertRaises(PreviewOutdated):
            cancel_classes(self.ada, request, "Snow", seen=seen)
        self.assertFalse(ClassCancellation.objects.exists())

    def test_refund_of_a_disputed_payment_waits_for_the_office(self) -> None:
        order = self.buy()
        order.payments.get().disputes.create(reference="d1", amount=D(5), reason="?")
        self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(1)))
        self.assertFalse(Refund.objects.exists())
        self.assertEqual(PaymentIssue.objects.get().kind, PaymentIssue.Kind.HAND_BACK)
        self.assertNotEqual(StudentCompensation.objects.get().pending_reason, "")

    def test_cancellation_runs_the_same_queries_for_nine_registrations_as_for_three(self) -> None:
        counted = []
        for number, people in enumerate((3, 9), start=1):
            for each in range(people):
                self.buy(f"N{number}{each}")
            request = CancellationRequest(CompensationPolicy.REFUND, self.days(number))
            with CaptureQueriesContext(connection) as queries:
                cancel_classes(self.ada, request, "Snow", seen=plan_cancellation(request, timezone.now()).fingerprint)
            counted.append(len(queries))
        self.assertEqual(*counted)

    def test_failure_midway_rolls_back_the_whole_cancellation(self) -> None:
        self.buy()
        with (
            self.settings(WORKFLOWS="tests.registrations.test_class_cancellation.DYING"),
            self.assertRaises(ZeroDivisionError),
        ):
            self.cancel(CancellationRequest(CompensationPolicy.REFUND, self.days(1)))
        self.assertFalse(ClassCancellation.objects.exists() or Refund.objects.exists())
        self.assertFalse(self.class_offer.meetings.exclude(canceled_at=None).exists())


class WholeClassCancellationTest(CancellationTestCase):
    def whole_class(self, policy: str = CompensationPolicy.REFUND, **more: object) -> CancellationRequest:
        return CancellationRequest(policy, class_offer=self.class_offer.pk, **more)  # type: ignore[arg-type]

    def test_all_payments_are_refunded_and_the_class_leaves_the_lists(self) -> None:
        order = self.buy()
        self.cancel(self.whole_class())
        self.assertPaymentsAddUp(order)
        self.assertEqual((order.amount_charged, Registration.objects.get().state), (0, Registration.State.CANCELED))
        self.assertFalse(PaymentIssue.objects.exists())
        self.assertFalse(self.class_offer.meetings.filter(canceled_at=None).exists())
        listing = self.client.get("/classes/")
        self.assertNotContains(listing, self.class_offer.get_absolute_url())
        self.assertContains(self.client.get(self.class_offer.get_absolute_url()), "This class is canceled.")
        self.assertContains(self.client.get("/classes/calendar.ics"), "STATUS:CANCELLED")

    def test_page_of_a_canceled_class_shows_no_dates(self) -> None:
        self.cancel(self.whole_class())
        page = self.client.get(self.class_offer.get_absolute_url())
        self.assertContains(page, '<span class="badge bad">Canceled</span>', count=5)
        for wrong in ("to be announced", "0 classes", "No class on", "Add to calendar", "EventScheduled"):
            self.assertNotContains(page, wrong)

    def test_desk_and_students_see_canceled_instead_of_dates(self) -> None:
        self.buy(payer=self.alice)
        self.cancel(self.whole_class())
        pages = ((self.ada, reverse("desk_class", args=[self.class_offer.pk])), (self.alice, reverse("my_classes")))
        for reader, page in pages:
            self.log_in(reader)
            answer = self.client.get(page)
            self.assertContains(answer, "Canceled")
            for wrong in ("to be announced", "0 classes", "0 of "):
                self.assertNotContains(answer, wrong)

    def test_days_of_a_canceled_class_cannot_be_restored(self) -> None:
        self.cancel(self.whole_class())
        with self.assertRaises(ChangeRefused):
            meetings.restore_meeting(self.ada, self.class_offer.meetings.get(number=2))

    def test_spent_credit_is_returned_as_credit(self) -> None:
        credit.adjust_credit(self.alice, D(30), "USD", why="x", by=self.ada)
        order = self.buy(payer=self.alice)
        self.cancel(self.whole_class())
        self.assertEqual(credit.credit_balance(self.alice, "USD"), D(30))
        self.assertPaymentsAddUp(order)

    def test_remaining_days_of_a_class_that_has_begun_are_refunded(self) -> None:
        order = self.buy()
        Registration.objects.update(created_at=timezone.now() - timedelta(days=30))
        first = self.class_offer.meetings.get(number=1)
        past = timezone.now() - timedelta(days=1)
        Meeting.objects.filter(pk=first.pk).update(starts_at=past, ends_at=past + timedelta(hours=1))
        weeks = self.class_offer.meetings.count()
        self.cancel(self.whole_class())
        paid = self.amount_paid(order)
        self.assertEqual(Refund.objects.get().amount, round(paid / weeks, 2) * (weeks - 1))
        self.assertPaymentsAddUp(order)

    def test_unpaid_order_is_canceled_and_owes_nothing(self) -> None:
        order = place(cart((self.class_offer, me()), (self.class_offer, other("Kim"))), Order.Due.DOOR)
        self.cancel(self.whole_class())
        order.refresh_from_db()
        self.assertEqual((order.state, balances.open_balance(order, timezone.now())), (Order.State.CANCELED, 0))

    def test_other_class_of_the_order_keeps_its_price(self) -> None:
        second = factories.create_class_offer(self.session, factories.create_subject("Beg", "B"), class_day=2)
        ClassOffer.objects.update(price=D(60))
        order = pay(place(cart((self.class_offer, me()), (second, me()))))
        costs = {each.line.product_id: each.cost for each in balances.itemized_lines(order, timezone.now())}
        self.cancel(self.whole_class())
        self.assertEqual(Refund.objects.get().amount, costs[self.class_offer.pk])
        self.assertPaymentsAddUp(order)
        self.assertEqual(order.amount_charged, costs[second.pk])

    def test_waitlist_is_closed(self) -> None:
        ClassOffer.objects.update(capacity=1)
        self.buy()
        entries.join_waitlist(
            self.class_offer, [WaitlistRequest(other("Will", "will@example.org"))], Contact("Will", "will@example.org")
        )
        self.cancel(self.whole_class())
        run_all()
        self.assertEqual(WaitlistEntry.objects.get().state, WaitlistEntry.State.CLOSED)

    def test_late_payment_of_an_expired_order_is_refunded(self) -> None:
        late = place(cart((self.class_offer, me()), name="Lee", email="lee@example.org"))
        payment = attempts.start_attempt(late, "practice", timezone.now())
        past = timezone.now() - timedelta(hours=1)
        Order.objects.filter(pk=late.pk).update(held_until=past, placed_at=past - timedelta(hours=1))
        self.cancel(self.whole_class())
        attempts.confirm_payment(payment, attempts.PaymentCaptured(D(payment.total), payment.currency))
        late.refresh_from_db()
        self.assertEqual((late.state, Refund.objects.get().amount), (Order.State.EXPIRED, self.amount_paid(late)))

    def test_cancellation_carries_out_exactly_what_the_preview_showed(self) -> None:
        self.buy()
        self.buy("Ben", payer=self.alice)
        place(cart((self.class_offer, me()), name="Cas", email="cas@example.org"), Order.Due.DOOR)
        plan: CancellationPlan = plan_cancellation(self.whole_class(), timezone.now())
        cancellation = cancel_classes(self.ada, self.whole_class(), "No teacher", seen=plan.fingerprint)
        booked = {
            one.registration_id: (one.amount, one.credit_returned, one.no_longer_due)
            for one in cancellation.compensations.all()
        }
        previewed = {
            one.spot.pk: (one.money, one.refund_outcome.old_credit, one.refund_outcome.waived)
            for one in plan.compensations
        }
        self.assertEqual(booked, previewed)
        self.assertEqual(plan.totals[0].refund, sum(refund.amount for refund in Refund.objects.all()))


def die(event: object) -> None:
    raise ZeroDivisionError


DYING = {"billing.refund_reserved": {"now": ["tests.registrations.test_class_cancellation.die"]}}
