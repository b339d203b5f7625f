"""Everything that a refund plan needs to know about many orders, loaded with a few queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from billing import gateways
from billing.domain.pricing import quotes
from billing.domain.refunds.refund_shares import PricedOrder
from billing.domain.vouchers import eligibility, redemption
from billing.models import Credit, Dispute, Order, OrderLine, Payment
from billing.models.fields import exact_sum
from billing.rules.price_facts import PriceFacts
from common.money import ZERO

State = Order.State
DISPUTED = "The payer disputed a payment. Nothing else can be refunded until the bank decides."


@dataclass(frozen=True)
class OrderSnapshot:
    """An order and its state at this moment. `payments` are those that were captured, the newest first."""

    order: Order
    lines: tuple[OrderLine, ...]
    priced_order: PricedOrder
    payments: tuple[Payment, ...] = ()
    disputed: bool = False
    given_away: Mapping[int, str] = field(default_factory=dict)
    """The sentence for each line that was exchanged, or is being exchanged at this moment."""

    @property
    def live_lines(self) -> list[OrderLine]:
        return in_spot_sequence(line for line in self.lines if line.canceled_at is None)

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
        return _divide_among_payments(self.payments, amount, first)

    def open_balance(self, priced_order: PricedOrder, refunded: Decimal = ZERO) -> Decimal:
        if self.order.state != State.PLACED:
            return ZERO
        return max(priced_order.price.total - (self.available_amount - refunded), ZERO)

    def blocked_reason(self, money: Decimal) -> str:
        if money <= 0:
            return ""
        if self.disputed:
            return DISPUTED
        return "The order has less money left than that. Please check it." if money > self.available_amount else ""


def in_spot_sequence(lines: Iterable[OrderLine]) -> list[OrderLine]:
    """Return the lines in the sequence in which spots are always requested and released."""
    return sorted(lines, key=lambda line: (line.kind, line.product_id, line.pk))


def _divide_among_payments(
    payments: Sequence[Payment], amount: Decimal, first: Mapping[int, Decimal]
) -> list[tuple[Payment, Decimal]]:
    """Split the amount among the payments in the given order.

    The amounts in `first`, by payment id, are taken before all others.
    """
    parts = {payment.pk: min(first.get(payment.pk, ZERO), payment.refundable_amount) for payment in payments}
    for payment in payments:
        parts[payment.pk] = min(parts[payment.pk], amount)
        amount -= parts[payment.pk]
    for payment in payments:
        more = min(amount, payment.refundable_amount - parts[payment.pk])
        parts[payment.pk] += more
        amount -= more
    return [(payment, parts[payment.pk]) for payment in payments if parts[payment.pk] > 0]


OrderSnapshots = Mapping[int, OrderSnapshot]


def load_order_snapshots(
    ids: Collection[int], at: datetime, *, lock: bool = False, locked: Iterable[Order] = ()
) -> OrderSnapshots:
    """Load these orders and the earlier ones whose lines they replaced.

    With `lock`, the orders are locked from the latest to the earliest, as an exchange does it, and then their payments.
    The caller may have `locked` some of them already: these objects are used and changed.
    """
    ids, known = _with_exchanged_orders(ids), {order.pk: order for order in locked}
    orders = Order.objects.filter(pk__in=ids - known.keys()).select_related("payer").order_by("-pk")
    open_disputes = Dispute.objects.filter(payment=OuterRef("pk"), state=Dispute.State.OPEN)
    payments = Payment.objects.filter(order__in=ids).annotate(is_disputed=Exists(open_disputes)).order_by("pk")
    payments = payments.select_related("voucher_entry__voucher")
    if lock:
        orders, payments = orders.select_for_update(of=("self",)), payments.select_for_update(of=("self",))
    found = known | {order.pk: order for order in (orders if ids - known.keys() else ())}
    lines, money = _lines_by_order(found), _payments_by_order(found, payments)
    entries = Credit.objects.filter(order__in=ids, reason__in=[Credit.Reason.SPENT, Credit.Reason.RETURNED]).order_by()
    spent = {row["order"]: -exact_sum(row["sum"]) for row in entries.values("order").annotate(sum=Sum("amount"))}
    disputed, given_away = {each.order_id for each in payments if each.is_disputed}, _given_away_lines(ids, at)
    return {
        pk: OrderSnapshot(
            order,
            tuple(lines[pk]),
            _build_priced_order(order, lines[pk], spent.get(pk, ZERO), at),
            tuple(money.get(pk, ())),
            pk in disputed,
            {line.pk: given_away[line.pk] for line in lines[pk] if line.pk in given_away},
        )
        for pk, order in sorted(found.items(), reverse=True)
    }


def _with_exchanged_orders(ids: Collection[int]) -> set[int]:
    found = fresh = set(ids)
    while fresh:
        behind = OrderLine.objects.filter(order__in=fresh, exchanged_from__exchanged_at__isnull=False).order_by()
        fresh = set(behind.values_list("exchanged_from__order", flat=True)) - found
        found = found | fresh
    return found


def _given_away_lines(ids: Collection[int], at: datetime) -> Mapping[int, str]:
    successors = OrderLine.objects.filter(exchanged_from__order__in=ids, reserves_exchange=True, canceled_at=None)
    return {
        line.exchanged_from.pk: line.exchanged_from.given_away_to(line)
        for line in successors.select_related("order", "exchanged_from")
        if line.exchanged_from is not None and not line.order.has_expired(at)
    }


def chain_of_exchanged_lines(snapshots: OrderSnapshots, line: OrderLine | None) -> list[OrderLine]:
    lines = {each.pk: each for snapshot in snapshots.values() for each in snapshot.lines}
    found = []
    while line is not None and line.pk in lines:
        line = lines[line.pk]
        found.append(line)
        before = lines.get(line.exchanged_from_id or 0) if line.reserves_exchange else None
        line = before if before and before.exchanged_at and before.canceled_at is None else None
    return found


def cost_of_exchange_chain(snapshots: OrderSnapshots, line: OrderLine | None) -> Decimal:
    return sum((snapshots[each.order_id].cost(each.pk) for each in chain_of_exchanged_lines(snapshots, line)), ZERO)


def _lines_by_order(orders: Mapping[int, Order]) -> Mapping[int, list[OrderLine]]:
    found: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=orders).order_by("pk"):
        line.order = orders[line.order_id]
        found[line.order_id].append(line)
    return found


def _payments_by_order(orders: Mapping[int, Order], payments: Iterable[Payment]) -> Mapping[int, list[Payment]]:
    found: dict[int, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.captured_amount:
            payment.order = orders[payment.order_id]
            found[payment.order_id].insert(0, payment)
    return found


def has_open_dispute(order: Order) -> bool:
    """Return whether a payment of the order, or of one that paid for the lines it replaced, is disputed."""
    orders = _with_exchanged_orders([order.pk])
    return Dispute.objects.filter(payment__order__in=orders, state=Dispute.State.OPEN).exists()


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
