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
from billing.domain.cancellations.cancellation_options import By, Way
from billing.domain.orders import transitions
from billing.domain.pricing import balances, quotes
from billing.domain.refunds import exchanges, handovers, terms
from billing.kinds import ZERO, Gives
from billing.models import Credit, Order, OrderLine, Refund
from common.money import rounded
from history.domain import record
from users.models import User

GONE = "This is already canceled."
EARLIER = "Already refunded"
CHANGED = "Something changed since you opened this page. Please check it again; nothing has been canceled yet."


class Changed(Exception):
    """It would do something else by now than what was seen."""


class Gone(transitions.CannotBe):
    """A second click, or another tab: it is cancelled."""


@dataclass(frozen=True)
class Row:
    """One step of how the amount came about."""

    text: str
    amount: Decimal
    picked_up: bool = False
    """At the desk, by the payer."""


@dataclass(frozen=True)
class Part:
    """What becomes of one line, or of an order that is not paid as a whole."""

    title: str
    said: str
    rows: tuple[Row, ...]
    money: tuple[Row, ...]
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
    def worth(self) -> Decimal:
        """By how much less the order costs without it."""
        return sum((row.amount for row in self.rows), ZERO)


@dataclass(frozen=True)
class Quote:
    way: Way
    currency: str
    parts: tuple[Part, ...]
    owed_before: Decimal
    owed: Decimal

    @property
    def money(self) -> list[Row]:
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
    def kept(self) -> Decimal:
        return sum((part.kept for part in self.parts), ZERO)

    @property
    def fingerprint(self) -> str:
        """A signature of the quote for the confirmation form. Participants see it, but must not see the amounts."""
        sums = [(part.title, part.money, part.credit, part.returned, part.kept) for part in self.parts]
        said = repr((str(self.way.by), sums, self.owed))
        return salted_hmac("billing.quoting", said).hexdigest()[:32]


# -- what it would be, and doing it ------------------------------------------------------------------------------


def quote(order: Order, way: Way, at: datetime) -> Quote:
    """Raises CannotBe where it cannot be."""
    with transaction.atomic():
        found = _carry_out(order, way, at, way.by)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def cancel_as_quoted(
    order: Order, way: Way, at: datetime, *, seen: str, why: str = "", by: User | None = None
) -> Quote:
    """Raises Changed when it is not what was seen, Gone when it was done already, CannotBe."""
    found = _carry_out(order, way, at, why or f"{By(way.by).label.capitalize()}.")
    if not constant_time_compare(found.fingerprint, seen):
        raise Changed(CHANGED)
    if way.staff is None:
        sums = {
            "back": str(found.back),
            "credit": str(found.credit),
            "kept": str(found.kept),
            "currency": order.currency,
        }
        record(by, f"billing.cancelled_by_{way.by}", order, lines=list(way.steps), **sums)
    return found


def _carry_out(order: Order, way: Way, at: datetime, why: str) -> Quote:
    order = locks.order(order.pk)
    live = [line for line in locks.live_lines(order) if line.pk in way.steps]
    if len(live) < len(way.steps):
        raise Gone(GONE)
    exchanges.lock(order)
    cancellation_options.check(order, at)
    owed = balances.owed(order, at)
    if order.state == Order.State.PLACED and len(live) == len(locks.live_lines(order)):
        parts = [_whole(order, live, way, at, why)]
    else:
        parts = [_one(order, line, way, at, why) for line in live]
    return Quote(way, order.currency, tuple(parts), _round(owed, order), _round(balances.owed(order, at), order))


def _whole(order: Order, lines: Sequence[OrderLine], way: Way, at: datetime, why: str) -> Part:
    """An order that is not paid goes as one, its lines with it."""
    before = Books.of(cancellation_options.behind(order))
    transitions.cancel(order, at=at, why=why, by=way.staff)
    return _write(order, lines, way, before, at)


def _one(order: Order, line: OrderLine, way: Way, at: datetime, why: str) -> Part:
    before, step = Books.of(cancellation_options.behind(order)), way.steps[line.pk]
    as_credit = step.gives == Gives.CREDIT
    line_cancellation.cancel_line(
        line,
        at=at,
        why=why,
        by=way.staff,
        as_credit=as_credit,
        percent_back=step.percent,
        even_so=way.staff is not None,
    )
    return _write(order, [line], way, before, at)


def _write(order: Order, lines: Sequence[OrderLine], way: Way, before: "Books", at: datetime) -> Part:
    order.refresh_from_db()
    part = _part(order, lines, way, before)
    for number, line in enumerate(lines):
        sums = _sums(part) if number == 0 else dict.fromkeys(_sums(part), "0")
        line.ended = {"by": str(way.by), "at": at.isoformat(), "title": str(line), "said": part.said, **sums}
        line.save(update_fields=["ended"])
    return part


def _sums(part: Part) -> dict[str, str]:
    return {name: str(getattr(part, name)) for name in ("back", "picked_up", "credit", "returned", "kept")}


# -- counting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Books:
    """How an order stands, and those behind it, to see afterwards what has become of them."""

    orders: Sequence[Order]
    prices: Mapping[int, quotes.Price]
    """Of those that are paid."""
    refund: int
    entry: int
    kept: Decimal

    @classmethod
    def of(cls, orders: Sequence[Order]) -> "Books":
        fresh = Order.objects.in_bulk([order.pk for order in orders])
        paid = [order for order in fresh.values() if order.state == Order.State.PAID]
        prices = {order.pk: balances.price_at(order, order.paid_at or order.created_at) for order in paid}
        lines = OrderLine.objects.filter(order__in=fresh)
        kept = [line.kept for line in lines] + [order.credit_kept for order in fresh.values()]
        refund = Refund.objects.filter(payment__order__in=fresh).aggregate(last=Max("pk"))["last"]
        entry = Credit.objects.filter(order__in=fresh).aggregate(last=Max("pk"))["last"]
        return cls(orders, prices, refund or 0, entry or 0, sum(kept, ZERO))


def _part(order: Order, lines: Sequence[OrderLine], way: Way, before: Books) -> Part:
    after = Books.of(before.orders)

    def credit(reason: str) -> Decimal:
        entries = Credit.objects.filter(order__in=before.orders, pk__gt=before.entry, reason=reason)
        return _round(sum((entry.amount for entry in entries), ZERO), order)

    refunds = Refund.objects.filter(payment__order__in=before.orders, pk__gt=before.refund).order_by("pk")
    part = Part(
        title=", ".join(map(str, lines)),
        said=terms.what(step) if before.prices and (step := way.steps[lines[0].pk]).percent else "",
        rows=tuple(_rows(before, after, order.currency)),
        money=tuple(
            Row(gateways.method_of(each.payment), _round(each.amount, order), handovers.is_picked_up(each.payment))
            for each in refunds.select_related("payment")
        ),
        credit=credit(Credit.Reason.INSTEAD),
        returned=credit(Credit.Reason.RETURNED),
        kept=_round(after.kept - before.kept, order),
    )
    missing = part.worth - part.back - part.credit - part.returned - part.kept
    return replace(part, rows=(*part.rows, Row(EARLIER, -missing))) if missing > 0 else part


def _rows(before: Books, after: Books, currency: str) -> Iterator[Row]:
    """What it cost, and which discounts on the rest stood on it; the rest is priced again as if bought without it."""
    names = {line.pk: str(line) for line in OrderLine.objects.filter(order__in=before.prices)}
    for number, price in before.prices.items():
        then, now = _costs(price), _costs(after.prices[number])
        for key, steps in then.items():
            if key not in after.prices[number].lines:
                yield Row(f"Price of {names[key]}", rounded(sum(steps.values(), ZERO), currency))
        for key in after.prices[number].lines:
            steps, anew = then.get(key, {}), now.get(key, {})
            for label in steps | anew:
                if less := steps.get(label, ZERO) - anew.get(label, ZERO):
                    yield Row(_lost(label, names[key], anew.get(label, ZERO)), rounded(less, currency))


def _lost(label: str, title: str, left: Decimal) -> str:
    """Of a discount on what stays, which is smaller without the line that goes."""
    return f"{label} on {title} changes" if left else f"{label} no longer applies"


def _costs(price: quotes.Price) -> dict[int, dict[str, Decimal]]:
    """Before credit, which pays and makes nothing cheaper."""
    costs: dict[int, dict[str, Decimal]] = {}
    for part in price.adjustments:
        if part.step != "credit":
            line = costs.setdefault(part.key, {})
            line[part.label] = line.get(part.label, ZERO) + part.amount
    return costs


def _round(amount: Decimal, order: Order) -> Decimal:
    return rounded(amount, order.currency)
