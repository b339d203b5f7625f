"""Everything that a refund plan needs to know about many orders, loaded with a few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing import gateways
from billing.domain.pricing import quotes
from billing.domain.refunds import reservations
from billing.domain.refunds.refund_shares import PricedOrder
from billing.domain.vouchers import eligibility, redemption
from billing.models import Credit, Dispute, Order, OrderLine, Payment
from billing.models.fields import exact_sum
from billing.rules.price_facts import PriceFacts
from common.money import ZERO

State = Order.State


@dataclass(frozen=True)
class OrderSnapshot:
    """An order and its state at this moment. `payments` are those that were captured, the newest first."""

    order: Order
    lines: tuple[OrderLine, ...]
    priced_order: PricedOrder
    payments: tuple[Payment, ...] = ()
    disputed: bool = False
    exchange_conflicts: Mapping[int, str] = field(default_factory=dict)
    """The sentence for each line that is being exchanged at this moment."""

    @property
    def is_open(self) -> bool:
        return self.order.state in (State.PLACED, State.PAID)

    @property
    def available_amount(self) -> Decimal:
        """The amount received that was neither refunded nor turned into credit."""
        return sum((payment.refundable_amount for payment in self.payments), ZERO) - self.order.returned_as_credit

    @property
    def voucher_amount(self) -> Decimal:
        """The part that gift vouchers paid. It always returns to the vouchers."""
        return sum(
            (payment.refundable_amount for payment in self.payments if gateways.keeps_our_own_money(payment)), ZERO
        )

    def cost(self, line: int) -> Decimal:
        return self.priced_order.costs().get(line, ZERO) if self.is_open else ZERO

    def vouchers_without_room(self, priced_order: PricedOrder) -> Mapping[int, Decimal]:
        """Return by payment what gift vouchers paid for lines that are no longer in the order."""
        facts = {item.key: item.price_facts for item in priced_order.price_request.lines}
        lines = eligibility.payable_lines((line for line in self.lines if line.pk in facts), facts)
        voucher_payments = [
            payment for payment in self.payments if payment.refundable_amount and gateways.keeps_our_own_money(payment)
        ]
        return (
            redemption.allocate_earlier_payments(voucher_payments, lines, dict(priced_order.price.lines))
            if voucher_payments
            else {}
        )

    def overpaid(self, priced_order: PricedOrder) -> Decimal:
        """Return how much more was paid already than an order that is not fully paid now costs."""
        freed = sum(self.vouchers_without_room(priced_order).values(), ZERO)
        return freed + max(self.available_amount - freed - priced_order.price.total, ZERO)

    def divide_refund(
        self, amount: Decimal, onto_vouchers: Decimal, priced_order: PricedOrder
    ) -> list[tuple[Payment, Decimal]]:
        """Divide a refund among the payments, starting with the newest.

        What vouchers paid for lines that are gone comes before that, and so does the part of a credit that goes back
        onto vouchers.
        """
        first = dict(self.vouchers_without_room(priced_order))
        missing = max(onto_vouchers - sum(first.values(), ZERO), ZERO)
        for payment in self.payments:
            if gateways.keeps_our_own_money(payment):
                more = min(missing, payment.refundable_amount - first.get(payment.pk, ZERO))
                first[payment.pk] = first.get(payment.pk, ZERO) + more
                missing -= more
        return reservations.divide_among_payments(self.payments, amount, first)

    def blocked_reason(self, money: Decimal) -> str:
        """Return why this amount cannot be refunded now, or an empty string."""
        if money <= 0:
            return ""
        if self.disputed:
            return "The payer disputed a payment. Nothing else can be refunded until the bank decides."
        return "The order has less money left than that. Please check it." if money > self.available_amount else ""


OrderSnapshots = Mapping[int, OrderSnapshot]


def load_order_snapshots(ids: Collection[int], at: datetime, *, lock: bool = False) -> OrderSnapshots:
    """Load these orders and the earlier ones whose lines they replaced.

    With `lock`, the orders are locked from the latest to the earliest, as an exchange does it, and then their payments.
    """
    ids = _with_exchanged_orders(ids)
    orders = Order.objects.filter(pk__in=ids).order_by("-pk")
    payments = Payment.objects.filter(order__in=ids).prefetch_related("voucher_entry__voucher").order_by("pk")
    if lock:
        orders, payments = orders.select_for_update(), payments.select_for_update()
    found = list(orders)
    lines, money, spent = _lines_by_order(ids), _payments_by_order(payments), _spent_credit_by_order(ids)
    disputed, conflicts = set(_disputed_order_ids(ids)), _exchanges_in_progress(ids, at)
    return {
        order.pk: OrderSnapshot(
            order,
            tuple(lines[order.pk]),
            _build_priced_order(order, lines[order.pk], spent.get(order.pk, ZERO), at),
            tuple(money[order.pk]),
            order.pk in disputed,
            {line.pk: conflicts[line.pk] for line in lines[order.pk] if line.pk in conflicts},
        )
        for order in found
    }


def _with_exchanged_orders(ids: Collection[int]) -> set[int]:
    found = fresh = set(ids)
    while fresh:
        behind = OrderLine.objects.filter(order__in=fresh, exchanged_from__exchanged_at__isnull=False).order_by()
        fresh = set(behind.values_list("exchanged_from__order", flat=True)) - found
        found = found | fresh
    return found


def _exchanges_in_progress(ids: Collection[int], at: datetime) -> Mapping[int, str]:
    lines = OrderLine.objects.filter(
        exchanged_from__order__in=ids, exchanged_from__exchanged_at=None, reserves_exchange=True
    )
    found = lines.filter(canceled_at=None).select_related("order", "exchanged_from")
    return {
        line.exchanged_from.pk: f"{line.exchanged_from} is being exchanged for {line} (order {line.order.number})."
        for line in found
        if line.exchanged_from is not None and not line.order.has_expired(at)
    }


def chain_of_exchanged_lines(snapshots: OrderSnapshots, line: OrderLine | None) -> list[OrderLine]:
    """Return the line and those that it has replaced, the newest first."""
    lines = {each.pk: each for snapshot in snapshots.values() for each in snapshot.lines}
    found = []
    while line is not None and line.pk in lines:
        line = lines[line.pk]
        found.append(line)
        before = lines.get(line.exchanged_from_id or 0)
        line = before if before and before.exchanged_at and before.canceled_at is None else None
    return found


def cost_of_exchange_chain(snapshots: OrderSnapshots, line: OrderLine | None) -> Decimal:
    return sum((snapshots[each.order_id].cost(each.pk) for each in chain_of_exchanged_lines(snapshots, line)), ZERO)


def _lines_by_order(ids: Collection[int]) -> Mapping[int, list[OrderLine]]:
    found: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=ids).order_by("pk"):
        found[line.order_id].append(line)
    return found


def _payments_by_order(payments: Iterable[Payment]) -> Mapping[int, list[Payment]]:
    found: dict[int, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.captured_amount:
            found[payment.order_id].insert(0, payment)
    return found


def _spent_credit_by_order(ids: Collection[int]) -> Mapping[int, Decimal]:
    reasons = [Credit.Reason.SPENT, Credit.Reason.RETURNED]
    rows = Credit.objects.filter(order__in=ids, reason__in=reasons).order_by().values("order_id")
    return {row["order_id"]: -exact_sum(row["sum"]) for row in rows.annotate(sum=Sum("amount"))}


def _disputed_order_ids(ids: Collection[int]) -> Collection[int]:
    open_ones = Dispute.objects.filter(payment__order__in=ids, state=Dispute.State.OPEN)
    return open_ones.values_list("payment__order", flat=True)


def _build_priced_order(order: Order, lines: list[OrderLine], spent: Decimal, at: datetime) -> PricedOrder:
    is_paid = order.state == State.PAID
    items = tuple(
        quotes.PriceLine(
            line.pk, line.kind, line.product_id, PriceFacts.from_json(line.price_facts or {"list_price": 0})
        )
        for line in lines
        if line.canceled_at is None
    )
    price_request = quotes.PriceRequest(
        lines=items,
        currency=order.currency,
        discount=quotes.Discount.from_json(order.discount_snapshot),
        credit=max(spent - order.credit_retained, ZERO),
        lost=quotes.lines_past_early_price(items, order.paid_at if is_paid and order.paid_at else at),
        ordered_at=order.placed_at or at,
    )
    amount_charged = order.amount_charged - sum((line.retained for line in lines), ZERO)
    return PricedOrder(
        price_request, is_paid, amount_charged, at_the_door=not is_paid and order.due_kind == Order.Due.DOOR
    )
