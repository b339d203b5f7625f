"""Placing an order from a cart: quote it, store the quote, spend credit, and hold every line, in one transaction."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from billing import events, kinds
from billing.domain import locks
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, pay_at_door, transitions
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges, terms
from billing.domain.vouchers import redemption as vouchers
from billing.models import Adjustment, Order, OrderLine
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
SeenTotals = tuple[Decimal, Decimal]
"""The payer saw these two totals: the early price and the regular price."""


class NotPlaced(Exception):
    """The text tells the payer why the order was not placed."""


class PriceChanged(NotPlaced):
    """The totals differ from those that the payer saw."""


class AlreadyPlaced(Exception):
    """The payer clicked twice. The first click placed the order."""


@dataclass(frozen=True)
class How:
    due: str = Due.NOW
    on: date | None = None
    by_staff: User | None = None
    payer: User | None = None
    """The order belongs to this account if the cart has none."""
    is_known: bool = False
    """The payer's email address is confirmed already, so no link has to be clicked."""
    terms_version: str = ""
    by_vouchers: Decimal | None = None
    """The payer saw that gift vouchers pay this amount."""


@dataclass(frozen=True)
class Plan:
    lines: list[OrderLine]
    facts: dict[int, kinds.Facts]
    terms: dict[int, kinds.Terms]
    quote: quotes.Quote


@transaction.atomic
def place(cart: Order, options: How, *, seen: SeenTotals | None, at: datetime) -> Order:
    order = locks.order(cart.pk)
    if order.state != State.CART:
        raise AlreadyPlaced
    order.payer = order.payer or options.payer
    exchanges.lock(order)
    plan = _plan(order, at)
    if seen is not None and seen != (plan.quote.now.total, plan.quote.door.total):
        raise PriceChanged("The price has changed since you opened this page. Please check it again.")
    if (
        options.due == Due.DOOR
        and options.by_staff is None
        and not all(facts.at_the_door for facts in plan.facts.values())
    ):
        raise NotPlaced("Not everything in your cart can be paid for at the door.")
    if options.due == Due.DATE and options.by_staff is None and options.on != due_dates.day_for(order.payer, at):
        raise NotPlaced("Please choose again how you’d like to pay.")
    held_until = _hold_until(order, plan.lines, options, at)
    _store(order, plan, options, at, held_until)
    try:
        transitions.hold(order, plan.lines, at)
    except kinds.Unavailable as unavailable:
        raise NotPlaced(str(unavailable)) from unavailable
    emit(events.ORDER_PLACED, key=f"{order.pk}", order_id=order.pk)
    _use_vouchers(order, options, at)
    if balances.in_hand(order) >= plan.quote.now.total:
        transitions.pay_off(order, at)
    return order


def _hold_until(order: Order, lines: list[OrderLine], options: How, at: datetime) -> datetime | None:
    if options.due == Due.NOW:
        return at + timedelta(minutes=settings.HOLD_MINUTES)
    if options.due == Due.DATE or options.by_staff or options.is_known or order.payer is not None:
        return None
    try:
        pay_at_door.check_open_spots(order, lines, at)
    except pay_at_door.TooManyOpenSpots as refused:
        raise NotPlaced(str(refused)) from refused
    return pay_at_door.hold_deadline(lines, at)


def _use_vouchers(order: Order, options: How, at: datetime) -> None:
    try:
        paid = vouchers.pay(order, at)
    except discount_codes.Refused as refused:
        raise NotPlaced(str(refused)) from refused
    if options.by_vouchers is not None and options.by_vouchers != paid:
        raise PriceChanged("The amount your gift vouchers cover has changed. Please check it again.")


@transaction.atomic
def exchange(
    old: OrderLine, product_id: int, details: dict[str, Any], options: How, *, seen: SeenTotals | None, at: datetime
) -> Order:
    cart = carts.beside(old.order)
    carts.add(cart, old.kind, product_id, details, replaces=old)
    return place(cart, replace(options, payer=old.order.payer, is_known=True), seen=seen, at=at)


def _plan(order: Order, at: datetime) -> Plan:
    lines = locks.live_lines(order)
    if not lines:
        raise NotPlaced("Your cart is empty.")
    facts = {line.pk: _facts(line, at) for line in lines}
    line_terms = {line.pk: terms.offered(line, at) for line in lines}
    items = carts.items_of((line, facts[line.pk]) for line in lines)
    try:
        discount = discount_codes.take(order, items, at)
    except discount_codes.Refused as refused:
        raise NotPlaced(str(refused)) from refused
    order.discount = discount.as_json() if discount else None
    if order.payer is not None:
        locks.account(order.payer)
    return Plan(lines, facts, line_terms, carts.quote_of(order, items, discount, at))


def _facts(line: OrderLine, at: datetime) -> kinds.Facts:
    kind = kinds.of(line)
    try:
        problems = exchanges.problems(line, at) or kind.problems(line, at)
        if problems:
            raise NotPlaced(f"{kind.describe(line).title}: {problems[0]}")
        return exchanges.facts_of(line, at)
    except kinds.Unavailable as unavailable:
        raise NotPlaced(str(unavailable) or carts.GONE) from unavailable


def _store(order: Order, plan: Plan, options: How, at: datetime, held_until: datetime | None) -> None:
    quote = plan.quote
    for line in plan.lines:
        about = kinds.of(line).describe(line)
        line.title, line.detail = about.title[:200], about.detail[:300]
        line.facts, line.terms = plan.facts[line.pk].as_json(), plan.terms[line.pk].as_json()
        line.now_total, line.door_total = quote.now.lines[line.pk], quote.door.lines[line.pk]
        line.save(update_fields=["title", "detail", "facts", "terms", "now_total", "door_total"])
    Adjustment.objects.bulk_create(
        Adjustment(line_id=part.key, plan=plan_name, step=part.step, label=part.label, amount=part.amount)
        for plan_name, price in ((Adjustment.Plan.NOW, quote.now), (Adjustment.Plan.DOOR, quote.door))
        for part in price.adjustments
    )
    order.state, order.placed_at, order.due, order.due_on = State.PLACED, at, options.due, options.on
    order.held_until = held_until
    order.now_total, order.door_total = quote.now.total, quote.door.total
    order.entered_by, order.terms_version = options.by_staff, options.terms_version
    order.save()
    credit.spend(order, quote.now.credit)
