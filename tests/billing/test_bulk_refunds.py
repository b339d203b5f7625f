"""Refunds when the school cancels a class: the calculation by itself, and after any sequence of order events."""

from decimal import Decimal

from django.db import transaction
from django.test import SimpleTestCase, tag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.cancellations import school_cancellation
from billing.domain.pricing import balances, credit, quotes
from billing.domain.refunds import order_snapshot, plan_builder
from billing.domain.refunds.plan import RefundOutcome
from billing.domain.refunds.refund_shares import PricedOrder, RefundRequest, apply_refund_requests
from billing.models import Credit, Order, OrderLine, PaymentIssue, Refund
from billing.rules.price_facts import PriceFacts
from tests.billing import exchange_simulation
from tests.billing.base import BillingTestCase
from tests.billing.exchanges import ExchangeTestCase
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.billing.vouchers import VoucherTestCase

D = Decimal
STEPS = [*exchange_simulation.STEPS, *["refund_part", "credit_part", "refund_whole_line", "refund_half"] * 2]
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))
ALL = D(1000)
CENTS = st.integers(0, 9000).map(lambda cents: D(cents) / 100)


@st.composite
def sheets(draw: st.DrawFn) -> PricedOrder:
    facts = [
        PriceFacts(draw(CENTS), early_discount=draw(CENTS) / 10, multi_class_discount=draw(CENTS) / 5, attendee="one")
        for _ in range(draw(st.integers(1, 3)))
    ]
    items = tuple(quotes.PriceLine(number, "toy", number, each) for number, each in enumerate(facts, start=1))
    percent = draw(st.sampled_from(["0", "10", "33"]))
    discount = quotes.Discount("Code", percent=D(percent), amount=draw(CENTS) / 4)
    price_request = quotes.PriceRequest(items, "USD", discount, credit=D(0))
    price_request = quotes.PriceRequest(
        items, "USD", discount, credit=min(draw(CENTS), quotes.compute_price(price_request).total)
    )
    return PricedOrder(price_request, True, quotes.compute_price(price_request).total)


class RefundSharePropertiesTest(SimpleTestCase):
    @settings(max_examples=30, deadline=None)
    @given(sheets(), st.lists(st.tuples(st.integers(1, 4), CENTS, st.booleans()), max_size=5))
    def test_refunded_and_kept_amounts_add_up_to_the_payment(
        self, priced_order: PricedOrder, requests: list[tuple[int, Decimal, bool]]
    ) -> None:
        stages, shares = apply_refund_requests(
            priced_order, [RefundRequest(line, reduction, ends_line) for line, reduction, ends_line in requests]
        )
        after = stages[-1]
        self.assertEqual(
            after.amount_charged + sum(share.money for share in shares),
            priced_order.amount_charged - sum(after.kept.values()),
        )
        credit = sum(share.credit for share in shares) + after.credit_retained
        self.assertEqual(after.price_request.credit + credit, priced_order.price_request.credit)
        self.assertEqual(after.price.total, after.amount_charged)

    @settings(max_examples=30, deadline=None)
    @given(sheets(), st.integers(1, 3), CENTS)
    def test_line_refunds_the_requested_amount_and_other_lines_keep_their_price(
        self, priced_order: PricedOrder, line: int, reduction: Decimal
    ) -> None:
        before = priced_order.costs()
        (_, after), (share,) = apply_refund_requests(priced_order, [RefundRequest(line, reduction)])
        self.assertEqual(share.money + share.credit, min(reduction, before.get(line, D(0))))
        self.assertEqual({**after.costs(), line: 0}, {**before, line: 0})


class BulkRefundSimulation(exchange_simulation.ExchangeSimulation):
    """The exchange simulation, in which the school also cancels lines in full or in part."""

    def refund_part(self, number: int, **how: object) -> None:
        self.request_refund(number, D("7.35"), **how)

    def credit_part(self, number: int) -> None:
        self.refund_part(number, as_credit=True)

    def refund_whole_line(self, number: int, reduction: Decimal = ALL) -> None:
        self.request_refund(number, reduction, ends_line=True)

    def refund_half(self, number: int) -> None:
        self.refund_whole_line(number, D("21.5"))

    @transaction.atomic
    def request_refund(self, number: int, reduction: Decimal, **how: object) -> None:
        open_lines = OrderLine.objects.filter(order__state__in=["placed", "paid"], canceled_at=None, exchanged_at=None)
        lines = [line for line in open_lines.select_related("order").order_by("pk") if not line.order.has_expired()]
        if not lines:
            return
        line = lines[(5 * number) % len(lines)]
        snapshots = order_snapshot.load_order_snapshots([line.order_id], self.now, lock=True)
        plan = plan_builder.plan_refunds(snapshots, [(line, RefundRequest(line.pk, reduction, **how))])  # type: ignore[arg-type]
        before = order_snapshot.cost_of_exchange_chain(snapshots, line)
        school_cancellation.apply_school_refunds(plan, at=self.now, why="Snow", by=self.staff)
        if how.get("ends_line") and not plan.exchange_conflicts:
            ToyKind().release(OrderLine.objects.get(pk=line.pk), "Snow")
        outcome = plan.by_line[line.pk]
        assert outcome.refund + outcome.new_credit + outcome.old_credit + outcome.pending <= before + 1000


@with_toys
@tag("once", "long")
class ClassCancellationPropertiesTest(TestCase):
    @settings(max_examples=12, deadline=None, phases=[Phase.generate])
    @given(st.lists(STEP, min_size=6, max_size=18), st.booleans())
    def test_no_sequence_of_order_events_loses_money_or_refunds_it_twice(
        self, steps: list[tuple[str, int]], logged_in: bool
    ) -> None:
        simulation = BulkRefundSimulation(logged_in)
        for step, number in [("place_order", 0), ("pay_order", 0), *steps]:
            getattr(simulation, step)(number)
            simulation.check_invariants(self)


class ClassCancellationTestCase(BillingTestCase):
    def request_refund(self, line: OrderLine, reduction: str, **how: object) -> RefundOutcome:
        with transaction.atomic():
            snapshots = order_snapshot.load_order_snapshots([line.order_id], self.now, lock=True)
            plan = plan_builder.plan_refunds(snapshots, [(line, RefundRequest(line.pk, D(reduction), **how))])  # type: ignore[arg-type]
            school_cancellation.apply_school_refunds(plan, at=self.now, why="Snow", by=None)
        return plan.by_line[line.pk]


class ClassCancellationVoucherTest(ClassCancellationTestCase, VoucherTestCase):
    def test_voucher_part_is_returned_to_the_voucher_and_the_rest_to_the_original_payment(self) -> None:
        voucher = self.buy_voucher(50)
        order = self.spend_vouchers(voucher)
        self.pay_order(order)
        self.assertEqual(self.request_refund(self.line(order), "70", ends_line=True).refund, 70)
        self.assertEqual((self.balance_of(voucher), Order.objects.get(pk=order.pk).amount_charged), (50, 0))

    def test_voucher_part_is_never_turned_into_account_credit(self) -> None:
        voucher = self.buy_voucher(50)
        order = self.spend_vouchers(voucher, payer=self.alice)
        self.pay_order(order)
        outcome = self.request_refund(self.line(order), "60", as_credit=True)
        self.assertEqual((outcome.refund, outcome.new_credit), (50, 10))
        self.assertEqual((self.balance_of(voucher), credit.credit_balance(self.alice, "USD")), (50, 10))

    def line(self, order: Order) -> OrderLine:
        return order.lines.select_related("order").get()


class FreeLineTest(ClassCancellationTestCase):
    def test_refund_request_for_a_free_line_changes_nothing(self) -> None:
        ToyKind.catalogue[4] = Toy("20", prepay="20", starts=self.time_in_days(2))
        order = self.place_new_order(4, due=Order.Due.DOOR)
        self.request_refund(order.lines.select_related("order").get(), "7.35")
        facts = PriceFacts.from_json(order.lines.get().price_facts or {})
        self.assertEqual((facts.exchange_credit, facts.canceled_by_school), (0, 0))


class ClassCancellationExchangeTest(ClassCancellationTestCase, ExchangeTestCase):
    def exchanged(self) -> tuple[Order, Order]:
        ToyKind.catalogue[4] = Toy("100")
        first = self.place_paid_order(1)
        later = self.exchange_line(self.line_of(first), 4)
        self.pay_order(later)
        return first, later

    def test_exchanged_line_is_refunded_from_every_order_that_paid_for_it(self) -> None:
        first, later = self.exchanged()
        self.assertEqual(self.request_refund(self.line_of(later), "100", ends_line=True).refund, 100)
        self.assertEqual(sorted(refund.amount for refund in Refund.objects.all()), [30, 70])
        self.assertEqual([Order.objects.get(pk=order.pk).amount_charged for order in (first, later)], [0, 0])

    def test_partial_refunds_of_an_exchanged_line_add_up_to_its_price_and_no_more(self) -> None:
        first, later = self.exchanged()
        for _ in range(4):
            self.assertEqual(self.request_refund(self.line_of(later), "25").refund, 25)
        self.assertEqual([Order.objects.get(pk=order.pk).amount_charged for order in (first, later)], [0, 0])
        self.assertEqual(self.request_refund(self.line_of(later), "25").refund, 0)

    def test_refunded_amount_is_charged_again_on_the_next_exchange(self) -> None:
        first = self.place_paid_order(1)
        self.request_refund(self.line_of(first), "10")
        ToyKind.catalogue[4] = Toy("70")
        later = self.exchange_line(self.line_of(first), 4)
        self.assertEqual(balances.open_balance(later, self.now), 10)

    def test_line_with_an_exchange_in_progress_opens_a_payment_issue(self) -> None:
        ToyKind.catalogue[4] = Toy("100")
        first = self.place_paid_order(1)
        self.exchange_line(self.line_of(first), 4)
        self.assertIn(
            "is being exchanged", self.request_refund(self.line_of(first), "70", ends_line=True).blocked_reason
        )
        self.assertFalse(Refund.objects.exists() or Credit.objects.exists())
        self.assertEqual(PaymentIssue.objects.get().kind, PaymentIssue.Kind.HAND_BACK)
