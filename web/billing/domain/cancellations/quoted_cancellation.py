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

ALREADY_CANCELED = "This is already canceled."
ALREADY_REFUNDED = "Already refunded"
CHANGED = "Something changed since you opened this page. Please check it again; nothing has been canceled yet."


@dataclass(frozen=True)
class QuoteRow:
    """One step of the calculation."""

    text: str
    amount: Decimal
    picked_up: bool = False
    """The payer picks the amount up at the desk."""


@dataclass(frozen=True)
class LineCancellationQuote:
    """The result for one line, or for an unpaid order that is canceled as a whole."""

    title: str
    terms_text: str
    rows: tuple[QuoteRow, ...]
    money: tuple[QuoteRow, ...]
    """The refund of each payment."""
    credit: Decimal
    """The part that becomes account credit instead of a refund."""
    returned: Decimal
    """The spent credit that is returned."""
    kept: Decimal

    @property
    def refunded(self) -> Decimal:
        return sum((row.amount for row in self.money), ZERO)

    @property
    def picked_up(self) -> Decimal:
        return sum((row.amount for row in self.money if row.picked_up), ZERO)

    @property
    def kept_as_deduction(self) -> Decimal:
        return -self.kept

    @property
    def has_price(self) -> bool:
        return bool(self.rows or self.kept)

    @property
    def has_amounts(self) -> bool:
        return bool(self.has_price or self.money or self.credit or self.returned)

    @property
    def worth(self) -> Decimal:
        """How much less the order costs without the line."""
        return sum((row.amount for row in self.rows), ZERO)


@dataclass(frozen=True)
class CancellationQuote:
    option: CancellationOption
    currency: str
    parts: tuple[LineCancellationQuote, ...]
    due_before: Decimal
    due: Decimal

    @property
    def money(self) -> list[QuoteRow]:
        return [row for part in self.parts for row in part.money]

    @property
    def refunded(self) -> Decimal:
        return sum((part.refunded for part in self.parts), ZERO)

    @property
    def picked_up(self) -> Decimal:
        return sum((part.picked_up for part in self.parts), ZERO)

    @property
    def refunded_to_payment(self) -> Decimal:
        return self.refunded - self.picked_up

    @property
    def credit(self) -> Decimal:
        return sum((part.credit + part.returned for part in self.parts), ZERO)

    @property
    def has_refund(self) -> bool:
        return bool(self.refunded or self.credit)

    @property
    def kept(self) -> Decimal:
        return sum((part.kept for part in self.parts), ZERO)

    @property
    def fingerprint(self) -> str:
        """A signature of the quote for the confirmation form. Participants see it, but must not see the amounts."""
        sums = [(part.title, part.money, part.credit, part.returned, part.kept) for part in self.parts]
        terms_text = repr((str(self.option.by), sums, self.due))
        return salted_hmac("billing.quoting", terms_text).hexdigest()[:32]


# -- quote and cancellation --------------------------------------------------------------------------------------


def quote_cancellation(order: Order, option: CancellationOption, at: datetime) -> CancellationQuote:
    """Raises OrderTransitionRefused if the lines cannot be canceled."""
    with transaction.atomic():
        quote = _cancel_and_quote(order, option, at, option.by)
        transaction.set_rollback(True)
    return quote


@transaction.atomic
def cancel_as_quoted(
    order: Order, option: CancellationOption, at: datetime, *, seen: str, why: str = "", by: User | None = None
) -> CancellationQuote:
    """Raises CancellationChanged if the result is not the one that was `seen`, and OrderTransitionRefused."""
    quote = _cancel_and_quote(order, option, at, why or f"{CanceledBy(option.by).label.capitalize()}.")
    if not constant_time_compare(quote.fingerprint, seen):
        raise CancellationChanged(CHANGED)
    if option.staff is None:
        sums = {
            "back": str(quote.refunded),
            "credit": str(quote.credit),
            "kept": str(quote.kept),
            "currency": order.currency,
        }
        record_action(by, f"billing.canceled_by_{option.by}", order, lines=list(option.steps), **sums)
    return quote


def _cancel_and_quote(order: Order, option: CancellationOption, at: datetime, why: str) -> CancellationQuote:
    order = locks.lock_order(order.pk)
    live = [line for line in locks.live_lines(order) if line.pk in option.steps]
    if len(live) < len(option.steps):
        raise AlreadyCanceled(ALREADY_CANCELED)
    exchanges.lock_orders_behind(order)
    cancellation_options.check_can_be_canceled(order, at)
    due = balances.open_balance(order, at)
    if order.state == Order.State.PLACED and len(live) == len(locks.live_lines(order)):
        parts = [_cancel_whole_order(order, live, option, at, why)]
    else:
        parts = [_cancel_single_line(order, line, option, at, why) for line in live]
    return CancellationQuote(
        option,
        order.currency,
        tuple(parts),
        _round_for_order(due, order),
        _round_for_order(balances.open_balance(order, at), order),
    )


def _cancel_whole_order(
    order: Order, lines: Sequence[OrderLine], option: CancellationOption, at: datetime, why: str
) -> LineCancellationQuote:
    before = BalanceSnapshot.of(cancellation_options.orders_behind(order))
    transitions.cancel_unpaid_order(order, at=at, why=why, by=option.staff)
    return _store_line_quote(order, lines, option, before, at)


def _cancel_single_line(
    order: Order, line: OrderLine, option: CancellationOption, at: datetime, why: str
) -> LineCancellationQuote:
    before, step = BalanceSnapshot.of(cancellation_options.orders_behind(order)), option.steps[line.pk]
    as_credit = step.gives == RefundMethod.CREDIT
    line_cancellation.cancel_line(
        line,
        at=at,
        why=why,
        by=option.staff,
        as_credit=as_credit,
        percent_back=step.percent,
        override_terms=option.staff is not None,
    )
    return _store_line_quote(order, [line], option, before, at)


def _store_line_quote(
    order: Order, lines: Sequence[OrderLine], option: CancellationOption, before: "BalanceSnapshot", at: datetime
) -> LineCancellationQuote:
    order.refresh_from_db()
    part = _line_quote(order, lines, option, before)
    for number, line in enumerate(lines):
        sums = _amounts_as_text(part) if number == 0 else dict.fromkeys(_amounts_as_text(part), "0")
        ended = {"by": str(option.by), "at": at.isoformat(), "title": str(line), "said": part.terms_text}
        line.cancellation = ended | sums
        line.save(update_fields=["cancellation"])
    return part


def _amounts_as_text(part: LineCancellationQuote) -> dict[str, str]:
    amounts = {name: str(getattr(part, name)) for name in ("picked_up", "credit", "returned", "kept")}
    return {"back": str(part.refunded), **amounts}


# -- the amounts before and after --------------------------------------------------------------------------------


@dataclass(frozen=True)
class BalanceSnapshot:
    """The state of an order and of the earlier orders of its exchanged lines, to compare with the state afterwards."""

    orders: Sequence[Order]
    prices: Mapping[int, quotes.Price]
    """The prices of the paid orders."""
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
    order: Order, lines: Sequence[OrderLine], option: CancellationOption, before: BalanceSnapshot
) -> LineCancellationQuote:
    after = BalanceSnapshot.of(before.orders)

    def credit(reason: str) -> Decimal:
        entries = Credit.objects.filter(order__in=before.orders, pk__gt=before.entry, reason=reason)
        return _round_for_order(sum((entry.amount for entry in entries), ZERO), order)

    refunds = Refund.objects.filter(payment__order__in=before.orders, pk__gt=before.refund).order_by("pk")
    part = LineCancellationQuote(
        title=", ".join(map(str, lines)),
        terms_text=terms.refund_text(step) if before.prices and (step := option.steps[lines[0].pk]).percent else "",
        rows=tuple(_quote_rows(before, after, order.currency)),
        money=tuple(
            QuoteRow(
                gateways.method_of(refund.payment),
                _round_for_order(refund.amount, order),
                handovers.is_refund_picked_up(refund.payment),
            )
            for refund in refunds.select_related("payment")
        ),
        credit=credit(Credit.Reason.INSTEAD),
        returned=credit(Credit.Reason.RETURNED),
        kept=_round_for_order(after.kept - before.kept, order),
    )
    missing = part.worth - part.refunded - part.credit - part.returned - part.kept
    return replace(part, rows=(*part.rows, QuoteRow(ALREADY_REFUNDED, -missing))) if missing > 0 else part


def _quote_rows(before: BalanceSnapshot, after: BalanceSnapshot, currency: str) -> Iterator[QuoteRow]:
    """The price of the canceled line, and the discounts of other lines that depended on it."""
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
    return f"{label} on {title} changes" if left else f"{label} no longer applies"


def _costs_by_label(price: quotes.Price) -> dict[int, dict[str, Decimal]]:
    # Credit is a payment, so it does not lower the cost.
    costs: dict[int, dict[str, Decimal]] = {}
    for part in price.adjustments:
        if part.step != "credit":
            line = costs.setdefault(part.key, {})
            line[part.label] = line.get(part.label, ZERO) + part.amount
    return costs


def _round_for_order(amount: Decimal, order: Order) -> Decimal:
    return round_amount(amount, order.currency)
