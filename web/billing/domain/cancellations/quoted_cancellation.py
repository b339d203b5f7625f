"""Cancellations that are quoted first and carried out only as quoted.

A quote carries out the cancellation and rolls it back, so the quote and the result cannot differ.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max
from django.utils.crypto import constant_time_compare, salted_hmac

from billing import gateways
from billing.domain import locks
from billing.domain.cancellations import cancellation_options, line_cancellation
from billing.domain.cancellations.cancellation_options import CanceledBy, CancellationOption
from billing.domain.orders import transitions
from billing.domain.pricing import balances, quotes
from billing.domain.refunds import exchanges, handovers, terms
from billing.errors import AlreadyCanceled, CancellationChanged
from billing.models import Credit, Order, OrderLine, Refund
from billing.rules.terms import RefundMethod
from common.money import ZERO, round_amount
from history.domain import record_action
from users.models import User

GONE = "This is already canceled."
EARLIER = "Already refunded"
CHANGED = "Something changed since you opened this page. Please check it again; nothing has been canceled yet."


@dataclass(frozen=True)
class QuoteRow:
    """One step of how the amount came about."""

    text: str
    amount: Decimal
    picked_up: bool = False
    """At the desk, by the payer."""


@dataclass(frozen=True)
class LineCancellationQuote:
    """What becomes of one line, or of an order that is not paid as a whole."""

    title: str
    said: str
    rows: tuple[QuoteRow, ...]
    money: tuple[QuoteRow, ...]
    """The way it was paid, payment by payment."""
    credit: Decimal
    """In place of money."""
    returned: Decimal
    """Credit that it was paid with."""
    kept: Decimal

    @property
    def back(self) -> Decimal:
        return sum((row.amount for row in self.money), ZERO)

    @property
    def picked_up(self) -> Decimal:
        """What of it waits at the desk."""
        return sum((row.amount for row in self.money if row.picked_up), ZERO)

    @property
    def kept_off(self) -> Decimal:
        return -self.kept

    @property
    def has_price(self) -> bool:
        return bool(self.rows or self.kept)

    @property
    def has_amounts(self) -> bool:
        return bool(self.has_price or self.money or self.credit or self.returned)

    @property
    def worth(self) -> Decimal:
        """By how much less the order costs without it."""
        return sum((row.amount for row in self.rows), ZERO)


@dataclass(frozen=True)
class CancellationQuote:
    way: CancellationOption
    currency: str
    parts: tuple[LineCancellationQuote, ...]
    owed_before: Decimal
    owed: Decimal

    @property
    def money(self) -> list[QuoteRow]:
        return [row for part in self.parts for row in part.money]

    @property
    def back(self) -> Decimal:
        return sum((part.back for part in self.parts), ZERO)

    @property
    def picked_up(self) -> Decimal:
        return sum((part.picked_up for part in self.parts), ZERO)

    @property
    def sent_back(self) -> Decimal:
        return self.back - self.picked_up

    @property
    def credit(self) -> Decimal:
        return sum((part.credit + part.returned for part in self.parts), ZERO)

    @property
    def has_refund(self) -> bool:
        return bool(self.back or self.credit)

    @property
    def kept(self) -> Decimal:
        return sum((part.kept for part in self.parts), ZERO)

    @property
    def fingerprint(self) -> str:
        """A signature of the quote for the confirmation form. Participants see it, but must not see the amounts."""
        sums = [(part.title, part.money, part.credit, part.returned, part.kept) for part in self.parts]
        said = repr((str(self.way.by), sums, self.owed))
        return salted_hmac("billing.quoting", said).hexdigest()[:32]


# -- what it would be, and doing it ------------------------------------------------------------------------------


def quote_cancellation(order: Order, way: CancellationOption, at: datetime) -> CancellationQuote:
    """Raises OrderTransitionRefused if the lines cannot be canceled."""
    with transaction.atomic():
        found = _cancel_and_quote(order, way, at, way.by)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def cancel_as_quoted(
    order: Order, way: CancellationOption, at: datetime, *, seen: str, why: str = "", by: User | None = None
) -> CancellationQuote:
    """Raises CancellationChanged if the result is not the one that was `seen`, and OrderTransitionRefused."""
    found = _cancel_and_quote(order, way, at, why or f"{CanceledBy(way.by).label.capitalize()}.")
    if not constant_time_compare(found.fingerprint, seen):
        raise CancellationChanged(CHANGED)
    if way.staff is None:
        sums = {
            "back": str(found.back),
            "credit": str(found.credit),
            "kept": str(found.kept),
            "currency": order.currency,
        }
        record_action(by, f"billing.canceled_by_{way.by}", order, lines=list(way.steps), **sums)
    return found


def _cancel_and_quote(order: Order, way: CancellationOption, at: datetime, why: str) -> CancellationQuote:
    order = locks.lock_order(order.pk)
    live = [line for line in locks.live_lines(order) if line.pk in way.steps]
    if len(live) < len(way.steps):
        raise AlreadyCanceled(GONE)
    exchanges.lock_orders_behind(order)
    cancellation_options.check_can_be_canceled(order, at)
    owed = balances.open_balance(order, at)
    if order.state == Order.State.PLACED and len(live) == len(locks.live_lines(order)):
        parts = [_cancel_whole_order(order, live, way, at, why)]
    else:
        parts = [_cancel_single_line(order, line, way, at, why) for line in live]
    return CancellationQuote(
        way,
        order.currency,
        tuple(parts),
        _round_for_order(owed, order),
        _round_for_order(balances.open_balance(order, at), order),
    )


def _cancel_whole_order(
    order: Order, lines: Sequence[OrderLine], way: CancellationOption, at: datetime, why: str
) -> LineCancellationQuote:
    """An order that is not paid goes as one, its lines with it."""
    before = BalanceSnapshot.of(cancellation_options.orders_behind(order))
    transitions.cancel_unpaid_order(order, at=at, why=why, by=way.staff)
    return _store_line_quote(order, lines, way, before, at)


def _cancel_single_line(
    order: Order, line: OrderLine, way: CancellationOption, at: datetime, why: str
) -> LineCancellationQuote:
    before, step = BalanceSnapshot.of(cancellation_options.orders_behind(order)), way.steps[line.pk]
    as_credit = step.gives == RefundMethod.CREDIT
    line_cancellation.cancel_line(
        line,
        at=at,
        why=why,
        by=way.staff,
        as_credit=as_credit,
        percent_back=step.percent,
        even_so=way.staff is not None,
    )
    return _store_line_quote(order, [line], way, before, at)


def _store_line_quote(
    order: Order, lines: Sequence[OrderLine], way: CancellationOption, before: "BalanceSnapshot", at: datetime
) -> LineCancellationQuote:
    order.refresh_from_db()
    part = _line_quote(order, lines, way, before)
    for number, line in enumerate(lines):
        sums = _amounts_as_text(part) if number == 0 else dict.fromkeys(_amounts_as_text(part), "0")
        line.cancellation = {"by": str(way.by), "at": at.isoformat(), "title": str(line), "said": part.said, **sums}
        line.save(update_fields=["cancellation"])
    return part


def _amounts_as_text(part: LineCancellationQuote) -> dict[str, str]:
    return {name: str(getattr(part, name)) for name in ("back", "picked_up", "credit", "returned", "kept")}


# -- counting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BalanceSnapshot:
    """How an order stands, and those behind it, to see afterwards what has become of them."""

    orders: Sequence[Order]
    prices: Mapping[int, quotes.Price]
    """Of those that are paid."""
    refund: int
    entry: int
    kept: Decimal

    @classmethod
    def of(cls, orders: Sequence[Order]) -> "BalanceSnapshot":
        fresh = Order.objects.in_bulk([order.pk for order in orders])
        paid = [order for order in fresh.values() if order.state == Order.State.PAID]
        prices = {order.pk: balances.price_at(order, order.paid_at or order.created_at) for order in paid}
        lines = OrderLine.objects.filter(order__in=fresh)
        kept = [line.retained for line in lines] + [order.credit_retained for order in fresh.values()]
        refund = Refund.objects.filter(payment__order__in=fresh).aggregate(last=Max("pk"))["last"]
        entry = Credit.objects.filter(order__in=fresh).aggregate(last=Max("pk"))["last"]
        return cls(orders, prices, refund or 0, entry or 0, sum(kept, ZERO))


def _line_quote(
    order: Order, lines: Sequence[OrderLine], way: CancellationOption, before: BalanceSnapshot
) -> LineCancellationQuote:
    after = BalanceSnapshot.of(before.orders)

    def credit(reason: str) -> Decimal:
        entries = Credit.objects.filter(order__in=before.orders, pk__gt=before.entry, reason=reason)
        return _round_for_order(sum((entry.amount for entry in entries), ZERO), order)

    refunds = Refund.objects.filter(payment__order__in=before.orders, pk__gt=before.refund).order_by("pk")
    part = LineCancellationQuote(
        title=", ".join(map(str, lines)),
        said=terms.refund_text(step) if before.prices and (step := way.steps[lines[0].pk]).percent else "",
        rows=tuple(_quote_rows(before, after, order.currency)),
        money=tuple(
            QuoteRow(
                gateways.method_of(each.payment),
                _round_for_order(each.amount, order),
                handovers.is_refund_picked_up(each.payment),
            )
            for each in refunds.select_related("payment")
        ),
        credit=credit(Credit.Reason.INSTEAD),
        returned=credit(Credit.Reason.RETURNED),
        kept=_round_for_order(after.kept - before.kept, order),
    )
    missing = part.worth - part.back - part.credit - part.returned - part.kept
    return replace(part, rows=(*part.rows, QuoteRow(EARLIER, -missing))) if missing > 0 else part


def _quote_rows(before: BalanceSnapshot, after: BalanceSnapshot, currency: str) -> Iterator[QuoteRow]:
    """What it cost, and which discounts on the rest stood on it; the rest is priced again as if bought without it."""
    names = {line.pk: str(line) for line in OrderLine.objects.filter(order__in=before.prices)}
    for number, price in before.prices.items():
        then, now = _costs_by_label(price), _costs_by_label(after.prices[number])
        for key, steps in then.items():
            if key not in after.prices[number].lines:
                yield QuoteRow(f"Price of {names[key]}", round_amount(sum(steps.values(), ZERO), currency))
        for key in after.prices[number].lines:
            steps, new_steps = then.get(key, {}), now.get(key, {})
            for label in steps | new_steps:
                if less := steps.get(label, ZERO) - new_steps.get(label, ZERO):
                    yield QuoteRow(
                        _changed_discount_text(label, names[key], new_steps.get(label, ZERO)),
                        round_amount(less, currency),
                    )


def _changed_discount_text(label: str, title: str, left: Decimal) -> str:
    """Of a discount on what stays, which is smaller without the line that goes."""
    return f"{label} on {title} changes" if left else f"{label} no longer applies"


def _costs_by_label(price: quotes.Price) -> dict[int, dict[str, Decimal]]:
    """Before credit, which pays and makes nothing cheaper."""
    costs: dict[int, dict[str, Decimal]] = {}
    for part in price.adjustments:
        if part.step != "credit":
            line = costs.setdefault(part.key, {})
            line[part.label] = line.get(part.label, ZERO) + part.amount
    return costs


def _round_for_order(amount: Decimal, order: Order) -> Decimal:
    return round_amount(amount, order.currency)
