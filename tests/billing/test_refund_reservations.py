from decimal import Decimal

from billing import gateways
from billing.domain import payment_issues
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import attempts, gateway_polling
from billing.domain.pricing import balances, credit
from billing.domain.refunds import handovers, reservations
from billing.errors import OrderTransitionRefused, RefundExceedsPaid
from billing.models import Credit, Order, PaymentIssue, Refund
from history.models import Entry
from outbox.testing import delivery_problems, run_all
from tests.billing.base import BillingTestCase, create_second_attempt
from tests.billing.toys import Toy, ToyKind, toy_states

State = Refund.State


class RefundTest(BillingTestCase):
    def paid(self, *products: int, **more: object) -> Order:
        order = self.place_new_order(*products, **more)  # type: ignore[arg-type]
        self.pay_order(order)
        return order

    def test_refund_is_reserved_first_and_sent_by_the_background_job(self) -> None:
        order = self.paid(1)
        reservations.refund_by_staff(order, Decimal(30), why="A cold room", by=self.sam)
        refund = Refund.objects.get()
        self.assertEqual((refund.state, refund.payment.refundable_amount), (State.RESERVED, 40))
        run_all()
        refund.refresh_from_db()
        self.assertEqual((refund.state, refund.transaction_id), (State.DONE, f"practice-{refund.idempotency_key}"))
        self.assertEqual((self.events_of(order)[-1], self.mails_of(order)[-1]), ("refund_reserved", "refund_completed"))
        order.refresh_from_db()
        self.assertEqual((order.amount_charged, balances.overpaid_amount(order)), (40, 0))
        self.assertEqual(Entry.objects.get(action="billing.refunded").reason, "A cold room")

    def test_refund_above_the_amount_paid_or_invalid_amount_is_refused(self) -> None:
        order = self.paid(1)
        reservations.refund_by_staff(order, Decimal(40), why="x", by=self.sam)
        for amount in ("30.01", "0", "-5", "0.001", "NaN"):
            with self.subTest(amount), self.assertRaises(RefundExceedsPaid):
                reservations.refund_by_staff(order, Decimal(amount), why="x", by=self.sam)

    def test_overpayment_can_be_refunded_in_parts_without_changing_the_price(self) -> None:
        order = self.place_new_order(1)
        for payment in [create_second_attempt(order, variant) for variant in ("practice", "cash")]:
            payment.change_status("confirmed")
        for amount, left in ((30, 40), (40, 0)):
            reservations.refund_by_staff(order, Decimal(amount), why="Paid twice", by=self.sam)
            order.refresh_from_db()
            self.assertEqual((order.amount_charged, balances.overpaid_amount(order)), (70, left))

    def test_sending_a_refund_twice_refunds_once(self) -> None:
        order = self.paid(1)
        [refund] = reservations.refund_by_staff(order, Decimal(70), why="x", by=self.sam)
        for _ in range(2):
            gateway_polling.send_reserved_refund(refund.pk)
            reservations.record_gateway_answer(refund.pk, gateways.RefundAnswer(State.DONE))
        self.assertEqual(self.mails_of(order).count("refund_completed"), 1)
        self.assertEqual(order.payments.get().status, "refunded")

    def test_failed_refund_frees_its_amount_and_opens_a_payment_issue(self) -> None:
        order = self.paid(1)
        [refund] = reservations.refund_by_staff(order, Decimal(70), why="x", by=self.sam)
        reservations.record_gateway_answer(refund.pk, gateways.RefundAnswer(State.FAILED, message="card closed"))
        self.assertEqual(
            (order.payments.get().refundable_amount, PaymentIssue.objects.get().kind),
            (70, PaymentIssue.Kind.REFUND_FAILED),
        )
        order.refresh_from_db()
        self.assertEqual(balances.overpaid_amount(order), 70)

    def test_cash_refund_opens_a_payment_issue_until_the_handover_is_recorded(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        attempts.record_desk_payment(order, "cash", Decimal(70), by=self.sam, received_on=self.date_in_days())
        [refund] = reservations.refund_by_staff(order, Decimal(70), why="x", by=self.sam)
        run_all()
        self.assertEqual(PaymentIssue.objects.get().kind, PaymentIssue.Kind.HAND_BACK)
        handovers.record_handover(refund.pk, self.sam)
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())
        self.assertEqual((Refund.objects.get().state, delivery_problems()), (State.DONE, []))


class LineCancellationTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue = {1: Toy("70", multi="10"), 2: Toy("60", multi="10"), 4: Toy("20", multi="10")}

    def cancel(self, order: Order, number: int, **more: object) -> Decimal:
        line = order.lines.order_by("pk")[number]
        back = line_cancellation.cancel_line(line, at=self.now, why="Illness", **more)  # type: ignore[arg-type]
        order.refresh_from_db()
        return back

    def paid(self, *products: int, **more: object) -> Order:
        order = self.place_new_order(*products, **more)  # type: ignore[arg-type]
        self.pay_order(order)
        return order

    def test_canceling_a_line_reprices_the_rest_and_refunds_the_difference(self) -> None:
        order = self.paid(1, 2)  # 60 and 60
        self.assertEqual(self.cancel(order, 0), 60)  # the other alone costs its full 60
        self.assertEqual(
            (order.amount_charged, balances.overpaid_amount(order), toy_states(order)),
            (60, 0, ["released", "confirmed"]),
        )
        self.assertEqual(self.cancel(order, 0), 0)

    def test_refund_of_a_canceled_line_is_never_negative(self) -> None:
        order = self.paid(4, 2)  # 10 and 60
        self.assertEqual(self.cancel(order, 0), 10)
        cheap = self.paid(2, 4)
        ToyKind.catalogue[4].price = "20"
        self.assertEqual(self.cancel(cheap, 1), 10)

    def test_amount_kept_under_the_terms_is_not_refunded_later(self) -> None:
        ToyKind.catalogue[1].percent_back = "50"
        order = self.paid(1, 2)
        self.assertEqual(self.cancel(order, 0), 30)
        self.assertEqual(self.cancel(order, 1), 60)
        self.assertEqual((order.amount_charged, balances.overpaid_amount(order)), (30, 0))

    def test_school_can_refund_more_than_its_terms(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        self.assertEqual(self.cancel(self.paid(1), 0, percent_back=Decimal(100)), 70)

    def test_canceled_lines_refund_money_first_and_then_return_spent_credit(self) -> None:
        credit.adjust_credit(self.alice, Decimal(50), "USD", why="x", by=self.sam)
        order = self.paid(1, 2, payer=self.alice)  # 120, 50 of it in credit
        self.assertEqual(self.cancel(order, 0), 60)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 0)
        self.assertEqual(self.cancel(order, 1), 10)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 50)

    def test_credit_kept_under_the_terms_does_not_pay_for_the_remaining_line(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        credit.adjust_credit(self.alice, Decimal(120), "USD", why="x", by=self.sam)
        order = self.place_new_order(1, 2, payer=self.alice)
        self.cancel(order, 0)
        self.cancel(order, 1)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 60)

    def test_canceled_line_can_be_refunded_as_account_credit(self) -> None:
        order = self.paid(1, payer=self.alice)
        self.cancel(order, 0, as_credit=True)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), balances.overpaid_amount(order)), (70, 0))
        self.assertEqual(self.alice.credit_entries.get().reason, Credit.Reason.INSTEAD)
        with self.assertRaises(RefundExceedsPaid):
            reservations.refund_by_staff(order, Decimal(1), why="x", by=self.sam)

    def test_unpaid_order_is_repriced_and_canceled_with_its_last_line(self) -> None:
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        self.cancel(order, 0)
        self.assertEqual(
            (order.state, order.early_total, balances.open_balance(order, self.now)), (Order.State.PLACED, 60, 60)
        )
        self.cancel(order, 1)
        self.assertEqual((order.state, self.mails_of(order)[-1]), (Order.State.CANCELED, "order_canceled"))

    def test_canceling_a_line_of_a_partially_paid_order_can_complete_its_payment(self) -> None:
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        attempts.record_desk_payment(order, "cash", Decimal(65), by=self.sam, received_on=self.date_in_days())
        self.assertEqual(self.cancel(order, 0), 5)
        self.assertEqual(
            (order.state, order.amount_charged, balances.overpaid_amount(order)), (Order.State.PAID, 60, 0)
        )

    def test_paid_order_cannot_be_canceled_as_a_whole(self) -> None:
        with self.assertRaises(OrderTransitionRefused):
            transitions.cancel_unpaid_order(self.paid(1), at=self.now)

    def test_payment_issue_is_closed_once_with_a_resolution(self) -> None:
        order = self.paid(1)
        case = payment_issues.open_issue(PaymentIssue.Kind.OTHER, order, "Look")
        self.assertEqual(payment_issues.open_issue(PaymentIssue.Kind.OTHER, order, "Look"), case)
        payment_issues.close_issue(case, answer="Seen", by=self.sam)
        payment_issues.close_issue(case, answer="Seen again", by=self.sam)
        self.assertEqual(
            (
                PaymentIssue.objects.get().resolution,
                Entry.objects.filter(action="billing.payment_issue_closed").count(),
            ),
            ("Seen", 1),
        )
