"""A lost dispute about a payment that was already returned as credit or a voucher puts that credit on hold."""

import random
from decimal import Decimal

from django.db.models import QuerySet, Sum
from django.http import HttpResponse
from django.test import override_settings, tag
from django.urls import reverse

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions, voucher_redemption
from billing.domain.pricing import balances, credit
from billing.domain.refunds import reservations
from billing.errors import OrderNotPlaced, OrderTransitionRefused, RefundRefused
from billing.gateways.facts import DisputeState
from billing.models import Credit, Dispute, Order, Payment, PaymentIssue, Voucher, VoucherEntry
from billing.models.fields import exact_sum
from history.models import Entry
from outbox.testing import run_all
from tests.billing.exchanges import place_exchange_order
from tests.billing.hosted_gateway import FakeGateway, HostedGatewayTestCase
from tests.billing.toys import Toy, ToyKind

ZERO = Decimal(0)


class LostDisputeTestCase(HostedGatewayTestCase):
    def buy(self, *products: int, kind: str = "toy", **details: object) -> Order:
        """Alice places an order and pays by card."""
        cart = self.create_cart(payer=self.alice)
        for product in products:
            carts.add_line(cart, kind, product, {"attendee": "Alice"} | details)
        order = placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)
        if order.state != Order.State.PAID:
            self.process_webhook(FakeGateway.report_capture(self.start_attempt(order)))
            order.refresh_from_db()
        return order

    def cancel_as_credit(self, order: Order, percent: int = 100) -> None:
        line = order.lines.filter(canceled_at=None).earliest("pk")
        line_cancellation.cancel_line(
            line, at=self.now, why="Snow", by=self.ada, as_credit=True, percent_back=Decimal(percent)
        )
        order.refresh_from_db()

    def dispute(self, order: Order, state: str, amount: object = None) -> None:
        payment = order.payments.exclude(captured_at=None).exclude(variant="voucher").earliest("pk")
        fact = DisputeState(f"d-{payment.pk}", Decimal(str(amount or payment.total)), "USD", state, "fraudulent")
        self.process_webhook(FakeGateway.report_fact(payment, fact))
        order.refresh_from_db()

    def assert_credit_cannot_be_spent(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        self.assertEqual((credit.credit_spent_on(order), order.early_total), (0, 70))

    def open_issue_text(self) -> str:
        return PaymentIssue.objects.get(closed_at=None).description


class CreditOnHoldTest(LostDisputeTestCase):
    def test_credit_instead_of_a_refund_is_on_hold_when_the_dispute_is_lost(self) -> None:
        order = self.buy(1)
        self.cancel_as_credit(order)
        for state in ("open", "lost"):
            self.dispute(order, state)
        self.assertIn("$70.00 of account credit is on hold", self.open_issue_text())
        self.assert_credit_cannot_be_spent()

    def test_credit_is_on_hold_while_the_dispute_is_open_and_released_when_the_school_wins(self) -> None:
        order = self.buy(1)
        self.cancel_as_credit(order)
        self.dispute(order, "open")
        self.assert_credit_cannot_be_spent()
        self.dispute(order, "won")
        self.assertEqual(Entry.objects.filter(action="billing.credit_hold_lifted").count(), 1)
        self.assertEqual(credit.credit_spent_on(self.place_new_order(1, payer=self.alice)), 70)

    def test_only_credit_not_covered_by_the_remaining_payment_is_on_hold(self) -> None:
        order = self.buy(1, 2)
        self.cancel_as_credit(order)
        self.dispute(order, "open", 100)
        self.assertEqual(Dispute.objects.get().credit_held, 50)
        self.assertEqual(credit.credit_spent_on(self.place_new_order(1, payer=self.alice)), 20)

    def test_payment_issue_names_the_credit_that_was_already_spent(self) -> None:
        order = self.buy(1)
        self.cancel_as_credit(order)
        spent = self.buy(2)
        self.dispute(order, "lost")
        self.assertIn(f"$50.00 of it was already spent (order {spent.number})", self.open_issue_text())
        self.assert_credit_cannot_be_spent()

    def test_spent_credit_that_is_returned_is_on_hold(self) -> None:
        order = self.buy(1)
        self.cancel_as_credit(order)
        spent = self.buy(2)
        self.dispute(order, "lost")
        self.cancel_as_credit(spent)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 70)
        self.assert_credit_cannot_be_spent()

    def test_credit_for_a_canceled_voucher_is_on_hold_when_its_dispute_is_lost(self) -> None:
        order = self.buy(0, kind="voucher", amount="120")
        self.cancel_as_credit(order, 99)
        self.dispute(order, "lost")
        self.assertIn("$118.80 of account credit is on hold", self.open_issue_text())
        self.assert_credit_cannot_be_spent()

    @override_settings(LATE_PAYMENT="credit")
    def test_credit_for_a_late_payment_is_on_hold_when_its_dispute_is_lost(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        payment = self.start_attempt(order)
        transitions.expire_order(order, self.time_in_days(1))
        ToyKind.catalogue[1] = Toy("70", stock=0)
        self.process_webhook(FakeGateway.report_capture(payment))
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 70)
        self.dispute(order, "lost")
        ToyKind.catalogue[1] = Toy("70")
        self.assertIn("$70.00 of account credit is on hold", self.open_issue_text())
        self.assert_credit_cannot_be_spent()

    def test_hold_is_lifted_when_a_lost_dispute_is_won_later(self) -> None:
        order = self.buy(1)
        self.cancel_as_credit(order)
        self.dispute(order, "lost")
        self.dispute(order, "won")
        run_all()
        self.assertEqual(Entry.objects.filter(action="billing.credit_hold_lifted").count(), 1)
        self.assertEqual(credit.credit_spent_on(self.place_new_order(1, payer=self.alice)), 70)

    def test_voucher_is_voided_when_its_dispute_is_lost_and_the_issue_names_the_used_amount(self) -> None:
        order = self.buy(0, kind="voucher", amount="50")
        voucher = Voucher.objects.get()
        voucher_redemption.redeem_voucher_on_order(self.place_new_order(1, due=Order.Due.DOOR), voucher.code, self.now)
        self.dispute(order, "lost")
        voucher.refresh_from_db()
        self.assertIsNotNone(voucher.voided_at)
        self.assertIn("$50.00 of gift voucher", self.open_issue_text())


class CreditHoldDecisionTest(LostDisputeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.order = self.buy(1)
        self.cancel_as_credit(self.order)
        self.dispute(self.order, "lost")
        self.log_in(self.ada)

    def decide(self, action: str, why: str = "We talked") -> HttpResponse:
        held = Dispute.objects.get()
        return self.client.post(
            reverse("desk_credit_hold", args=[held.pk]), {"action": action, "why": why}, follow=True
        )

    def test_desk_and_payer_see_the_credit_on_hold(self) -> None:
        page = self.client.get(reverse("desk_credit_of", args=[self.alice.pk]))
        self.assertContains(page, "On hold: $70.00")
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("my_credit")), "$70.00 is on hold")

    def test_office_takes_back_held_credit_once(self) -> None:
        for _ in range(2):
            self.assertEqual(self.decide("take_back").status_code, 200)
        self.assertEqual(
            (credit.credit_balance(self.alice, "USD"), Credit.objects.filter(reason="taken").count()), (0, 1)
        )
        self.assertEqual(Entry.objects.get(action="billing.held_credit_taken").actor_id, self.ada.pk)

    def test_office_releases_held_credit_only_with_a_reason(self) -> None:
        self.assertContains(self.decide("release", why=""), "Please enter a reason")
        self.assert_credit_cannot_be_spent()
        self.decide("release")
        self.assertEqual(Entry.objects.get(action="billing.credit_hold_lifted").reason, "We talked")
        self.assertEqual(credit.credit_spent_on(self.place_new_order(1, payer=self.alice)), 70)


@tag("long")
class DisputeBalancePropertiesTest(LostDisputeTestCase):
    """Received − refunded − disputed = price of what is held + what was kept + usable credit and vouchers."""

    STEPS = (
        *("buy", "buy", "buy two", "voucher", "use voucher", "cancel", "credit", "credit", "refund", "exchange"),
        *("open", "lost", "lost", "won"),
    )

    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue = {1: Toy("70", percent_back="80"), 2: Toy("50"), 3: Toy("30", gives="credit")}

    def any_order(self, chance: random.Random) -> Order | None:
        """Return one of the two latest paid orders, so that several steps affect the same order."""
        orders = list(Order.objects.filter(payer=self.alice, state=Order.State.PAID).order_by("-pk")[:2])
        return chance.choice(orders) if orders else None

    def step(self, name: str, chance: random.Random) -> None:
        if name == "buy":
            self.buy(chance.choice((1, 2, 3)))
        elif name == "buy two":
            self.buy(1, 3)
        elif name == "voucher":
            self.buy(0, kind="voucher", amount="60")
        elif name == "use voucher":
            self.use_voucher()
        elif (order := self.any_order(chance)) is not None:
            try:
                self.change(name, order, chance)
            except (OrderTransitionRefused, RefundRefused, OrderNotPlaced):
                return

    def use_voucher(self) -> None:
        voucher = Voucher.objects.filter(voided_at=None, balance__gt=0).first()
        if voucher is not None and self.is_usable(voucher):
            cart = self.create_cart(2, payer=self.alice)
            cart.vouchers.add(voucher)
            order = placement.place_order(cart, placement.PlacementOptions(), seen=None, at=self.now)
            if order.state != Order.State.PAID:
                self.process_webhook(FakeGateway.report_capture(self.start_attempt(order)))

    def is_usable(self, voucher: Voucher) -> bool:
        return not Dispute.objects.filter(payment__order__lines__voucher=voucher).exclude(state="won").exists()

    def change(self, name: str, order: Order, chance: random.Random) -> None:
        lines = list(order.lines.filter(canceled_at=None).order_by("pk"))
        if name in ("open", "lost", "won"):
            if order.payments.exclude(captured_at=None).exclude(variant="voucher").exists():
                self.dispute(order, name)
        elif name == "refund":
            reservations.refund_by_staff(order, Decimal(5), why="Cold", by=self.ada)
        elif lines and name == "exchange" and lines[0].kind == "toy":
            new = place_exchange_order(lines[0], chance.choice((1, 2, 3)), self.now, "Alice")
            if new.state != Order.State.PAID:
                self.process_webhook(FakeGateway.report_capture(self.start_attempt(new)))
        elif lines:
            percent = Decimal(chance.choice((0, 50, 100)))
            line_cancellation.cancel_line(
                lines[0], at=self.now, why="x", by=self.ada, as_credit=name == "credit", percent_back=percent
            )

    def assert_balanced(self) -> None:
        money = Payment.objects.exclude(variant="voucher")
        sums = money.aggregate(came=Sum("captured_amount"), went=Sum("refunded_amount"))
        paid = Order.objects.filter(state=Order.State.PAID)
        held_and_kept = sum((order.amount_charged + credit.credit_spent_on(order) for order in paid), ZERO)
        taken = VoucherEntry.objects.filter(reason="reversed").aggregate(sum=Sum("amount"))["sum"]
        vouchers_sold = exact_sum(Voucher.objects.aggregate(sum=Sum("face_value"))["sum"]) + exact_sum(taken)
        on_vouchers = exact_sum(Voucher.objects.aggregate(sum=Sum("balance"))["sum"])
        on_hold = exact_sum(
            Dispute.objects.filter(hold_ended_at=None, state="lost").aggregate(sum=Sum("credit_held"))["sum"]
        )
        usable = credit.credit_balance(self.alice, "USD") - on_hold
        received = exact_sum(sums["came"]) - exact_sum(sums["went"])
        self.assertEqual(received, held_and_kept - vouchers_sold + usable + on_vouchers + self.unallocated(paid))

    def unallocated(self, paid: QuerySet[Order]) -> Decimal:
        """Return overpaid amounts whose refund the dispute stopped; each has an open payment issue."""
        over = {order: balances.overpaid_amount(order) for order in paid if balances.overpaid_amount(order) > 0}
        for order in over:
            self.assertTrue(order.payment_issues.filter(kind=PaymentIssue.Kind.REFUND_FAILED, closed_at=None).exists())
        return sum(over.values(), ZERO)

    def test_balance_holds_over_any_sequence_of_disputes_exchanges_vouchers_and_credit(self) -> None:
        for number in range(12):
            chance = random.Random(number)
            names = [chance.choice(self.STEPS) for _ in range(12)]
            with self.subTest(number=number, steps=names):
                for name in names:
                    self.step(name, chance)
                    self.assert_balanced()
