"""Placing an order from a cart: quote it, store the quote, spend credit, and hold every line, in one transaction."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from billing import events
from billing.domain import locks, product_kinds
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, pay_at_door, transitions
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges, terms
from billing.domain.vouchers import redemption as vouchers
from billing.errors import (
    DiscountCodeRefused,
    OrderAlreadyPlaced,
    OrderNotPlaced,
    OrderTransitionRefused,
    ProductUnavailable,
)
from billing.models import Order, OrderLine, PriceAdjustment
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import Terms
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
SeenTotals = tuple[Decimal, Decimal]
"""The payer saw these two totals: the early price and the regular price."""


@dataclass(frozen=True)
class PlacementOptions:
    due_kind: str = Due.NOW
    due_date: date | None = None
    by_staff: User | None = None
    payer: User | None = None
    """The order belongs to this account if the cart has none."""
    is_known: bool = False
    """The payer's email address is confirmed already, so no link has to be clicked."""
    terms_version: str = ""
    by_vouchers: Decimal | None = None
    """The payer saw that gift vouchers pay this amount."""


@dataclass(frozen=True)
class PlacementPlan:
    lines: list[OrderLine]
    facts: dict[int, PriceFacts]
    terms: dict[int, Terms]
    quote: quotes.Quote


@transaction.atomic
def place_order(cart: Order, options: PlacementOptions, *, seen: SeenTotals | None, at: datetime) -> Order:
    order = locks.lock_order(cart.pk)
    if order.state != State.CART:
        raise OrderAlreadyPlaced
    order.payer = order.payer or options.payer
    exchanges.lock_orders_behind(order)
    plan = _plan_placement(order, at)
    if seen is not None and seen != (plan.quote.now.total, plan.quote.door.total):
        raise OrderNotPlaced(
            "The price has changed since you opened this page. Please check it again.", code="price_changed"
        )
    if (
        options.due_kind == Due.DOOR
        and options.by_staff is None
        and not all(facts.at_the_door for facts in plan.facts.values())
    ):
        raise OrderNotPlaced("Not everything in your cart can be paid for at the door.")
    if (
        options.due_kind == Due.DATE
        and options.by_staff is None
        and options.due_date != due_dates.due_date_for(order.payer, at)
    ):
        raise OrderNotPlaced("Please choose again how you’d like to pay.")
    held_until = _hold_until(order, plan.lines, options, at)
    _store_order(order, plan, options, at, held_until)
    try:
        transitions.hold_lines(order, plan.lines, at)
    except ProductUnavailable as unavailable:
        raise OrderNotPlaced(str(unavailable)) from unavailable
    emit(events.ORDER_PLACED, key=f"{order.pk}", order_id=order.pk)
    _use_vouchers(order, options, at)
    if balances.amount_available(order) >= plan.quote.now.total:
        transitions.mark_paid(order, at)
    return order


def _hold_until(order: Order, lines: list[OrderLine], options: PlacementOptions, at: datetime) -> datetime | None:
    if options.due_kind == Due.NOW:
        return at + timedelta(minutes=settings.HOLD_MINUTES)
    if options.due_kind == Due.DATE or options.by_staff or options.is_known or order.payer is not None:
        return None
    try:
        pay_at_door.check_unconfirmed_spots(order, lines, at)
    except OrderTransitionRefused as refused:
        raise OrderNotPlaced(str(refused), code=refused.code) from refused
    return pay_at_door.confirmation_deadline(lines, at)


def _use_vouchers(order: Order, options: PlacementOptions, at: datetime) -> None:
    try:
        paid = vouchers.pay_with_vouchers(order, at)
    except DiscountCodeRefused as refused:
        raise OrderNotPlaced(str(refused)) from refused
    if options.by_vouchers is not None and options.by_vouchers != paid:
        raise OrderNotPlaced(
            "The amount your gift vouchers cover has changed. Please check it again.", code="price_changed"
        )


@transaction.atomic
def place_exchange_order(
    old: OrderLine,
    product_id: int,
    details: dict[str, Any],
    options: PlacementOptions,
    *,
    seen: SeenTotals | None,
    at: datetime,
) -> Order:
    cart = carts.create_second_cart(old.order)
    carts.add_line(cart, old.kind, product_id, details, exchanged_from=old)
    return place_order(cart, replace(options, payer=old.order.payer, is_known=True), seen=seen, at=at)


def _plan_placement(order: Order, at: datetime) -> PlacementPlan:
    lines = locks.live_lines(order)
    if not lines:
        raise OrderNotPlaced("Your cart is empty.")
    facts = {line.pk: _facts_if_available(line, at) for line in lines}
    line_terms = {line.pk: terms.terms_offered(line, at) for line in lines}
    items = carts.to_price_lines((line, facts[line.pk]) for line in lines)
    try:
        discount = discount_codes.claim_code(order, items, at)
    except DiscountCodeRefused as refused:
        raise OrderNotPlaced(str(refused)) from refused
    order.discount_snapshot = discount.as_json() if discount else None
    if order.payer is not None:
        locks.lock_account(order.payer)
    return PlacementPlan(lines, facts, line_terms, carts.quote_cart(order, items, discount, at))


def _facts_if_available(line: OrderLine, at: datetime) -> PriceFacts:
    kind = product_kinds.kind_of_line(line)
    try:
        problems = exchanges.exchange_problems(line, at) or kind.problems(line, at)
        if problems:
            raise OrderNotPlaced(f"{kind.describe(line).title}: {problems[0]}")
        return exchanges.price_facts_of_line(line, at)
    except ProductUnavailable as unavailable:
        raise OrderNotPlaced(str(unavailable) or carts.GONE) from unavailable


def _store_order(
    order: Order, plan: PlacementPlan, options: PlacementOptions, at: datetime, held_until: datetime | None
) -> None:
    quote = plan.quote
    for line in plan.lines:
        about = product_kinds.kind_of_line(line).describe(line)
        line.title, line.detail = about.title[:200], about.detail[:300]
        line.price_facts, line.sold_terms = plan.facts[line.pk].as_json(), plan.terms[line.pk].as_json()
        line.early_total, line.regular_total = quote.now.lines[line.pk], quote.door.lines[line.pk]
        line.save(update_fields=["title", "detail", "price_facts", "sold_terms", "early_total", "regular_total"])
    PriceAdjustment.objects.bulk_create(
        PriceAdjustment(line_id=part.key, total_kind=plan_name, rule=part.step, label=part.label, amount=part.amount)
        for plan_name, price in ((PriceAdjustment.Plan.NOW, quote.now), (PriceAdjustment.Plan.DOOR, quote.door))
        for part in price.adjustments
    )
    order.state, order.placed_at, order.due_kind, order.due_date = State.PLACED, at, options.due_kind, options.due_date
    order.held_until = held_until
    order.early_total, order.regular_total = quote.now.total, quote.door.total
    order.entered_by, order.terms_version = options.by_staff, options.terms_version
    order.save()
    credit.spend_credit(order, quote.now.credit)
