"""Placing an order from a cart: quote it, store the quote, spend credit, and hold every line, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.db.models import prefetch_related_objects

from billing.domain import locks
from billing.domain.order_mails import draft_order_received
from billing.domain.orders import cart as carts
from billing.domain.orders import due_dates, pay_at_door, transitions
from billing.domain.pricing import credit, discount_codes
from billing.domain.refunds import exchanges
from billing.domain.vouchers import redemption as vouchers
from billing.errors import (
    DiscountCodeRefused,
    OrderAlreadyPlaced,
    OrderNotPlaced,
    OrderTransitionRefused,
    ProductUnavailable,
)
from billing.models import Order, OrderLine
from users.models import User

State, Due = Order.State, Order.Due
NOT_AT_THE_DOOR = "Not everything in your cart can be paid for at the door."
SeenTotals = tuple[Decimal, Decimal]
"""The payer saw these two totals: the early price and the regular price."""


@dataclass(frozen=True)
class PlacementOptions:
    due_kind: str = Due.NOW
    due_date: date | None = None
    by_staff: User | None = None
    payer: User | None = None
    """The order belongs to this account if the cart has none."""
    payer_details: Mapping[str, str] = field(default_factory=dict)
    """What the payer typed: name, email address and billing address, by the fields of the order."""
    is_known: bool = False
    """The payer's email address is confirmed already, so no link has to be clicked."""
    terms_version: str = ""
    keeps_due_date: bool = False
    """The due date is that of an order that this one replaces."""
    by_vouchers: Decimal | None = None
    """The payer saw that gift vouchers pay this amount."""


@transaction.atomic
def place_order(cart: Order, options: PlacementOptions, *, seen: SeenTotals | None, at: datetime) -> Order:
    order = _lock_cart(cart, options)
    lines = locks.live_lines(order)
    if any(line.exchanged_from_id for line in lines):
        exchanges.lock_orders_behind(order)
    plan = _plan_placement(order, lines, at)
    if seen is not None and seen != (plan.quote.now.total, plan.quote.door.total):
        raise OrderNotPlaced(
            "The price has changed since you opened this page. Please check it again.", code="price_changed"
        )
    if options.by_staff is None:
        _check_due_kind(order, plan, options, at)
    held_until = _hold_until(order, plan, options, at)
    _store_order(order, plan, options, at, held_until)
    try:
        transitions.hold_lines(order, lines, at)
    except ProductUnavailable as unavailable:
        raise OrderNotPlaced(str(unavailable)) from unavailable
    if _use_vouchers(order, options, at) >= plan.quote.now.total:
        transitions.mark_paid(order, at)
    draft_order_received(order)
    order.refresh_from_db(fields=["lines"])  # Drops the lines in memory: who changes the order next reads them anew.
    return order


def _lock_cart(cart: Order, options: PlacementOptions) -> Order:
    order = locks.lock_order(cart.pk)
    if order.state != State.CART:
        raise OrderAlreadyPlaced
    order.payer = order.payer or options.payer
    for name, value in options.payer_details.items():
        setattr(order, name, value)
    prefetch_related_objects([order], "lines")
    return order


def _check_due_kind(order: Order, plan: carts.CartSnapshot, options: PlacementOptions, at: datetime) -> None:
    if options.due_kind == Due.DOOR and not plan.at_the_door:
        raise OrderNotPlaced(NOT_AT_THE_DOOR)
    if (
        options.due_kind == Due.DATE
        and not options.keeps_due_date
        and options.due_date != due_dates.due_date_for(order.payer, at)
    ):
        raise OrderNotPlaced("Please choose again how you’d like to pay.")


def _hold_until(order: Order, plan: carts.CartSnapshot, options: PlacementOptions, at: datetime) -> datetime | None:
    if options.due_kind == Due.NOW:
        return at + timedelta(minutes=settings.HOLD_MINUTES)
    if options.due_kind == Due.DATE or options.by_staff or options.is_known or order.payer is not None:
        return None
    try:
        pay_at_door.check_unconfirmed_spots(order, [row.line for row in plan.lines], at)
    except OrderTransitionRefused as refused:
        raise OrderNotPlaced(str(refused), code=refused.code) from refused
    next_starts = [row.kind.next_start(row.line, at) for row in plan.lines if row.kind]
    return pay_at_door.confirmation_deadline(next_starts, at)


def _use_vouchers(order: Order, options: PlacementOptions, at: datetime) -> Decimal:
    try:
        paid = vouchers.pay_with_vouchers(order, at)
    except DiscountCodeRefused as refused:
        raise OrderNotPlaced(str(refused)) from refused
    if options.by_vouchers is not None and options.by_vouchers != paid:
        raise OrderNotPlaced(
            "The amount your gift vouchers cover has changed. Please check it again.", code="price_changed"
        )
    return paid


@transaction.atomic
def place_second_order(line: OrderLine, options: PlacementOptions, *, seen: SeenTotals | None, at: datetime) -> Order:
    """Place an order of its own for a line that is not saved, for the payer of the order that the line names."""
    order, cart = line.order, carts.create_second_cart(line.order)
    carts.add_lines(cart, [line])
    return place_order(cart, replace(options, payer=order.payer, is_known=True), seen=seen, at=at)


def _plan_placement(order: Order, lines: list[OrderLine], at: datetime) -> carts.CartSnapshot:
    if not lines:
        raise OrderNotPlaced("Your cart is empty.")
    try:
        code = discount_codes.claim_code(order, at)
        if order.payer is not None:
            locks.lock_account(order.payer)
        cart_lines = carts.load_lines(lines, at)
        for cart_line in cart_lines:
            if cart_line.problems:
                raise OrderNotPlaced(f"{cart_line.description.title}: {cart_line.problems[0]}")
        items = carts.to_price_lines(cart_lines)
        if code is not None:
            discount_codes.check_code_fits(code, items)
    except DiscountCodeRefused as refused:
        raise OrderNotPlaced(str(refused)) from refused
    discount = discount_codes.discount_terms(code) if code else None
    order.discount_snapshot = discount.as_json() if discount else None
    return carts.CartSnapshot(cart_lines, carts.quote_cart(order, items, discount, at))


def _store_order(
    order: Order, plan: carts.CartSnapshot, options: PlacementOptions, at: datetime, held_until: datetime | None
) -> None:
    quote = plan.quote
    for row in plan.lines:
        line = row.line
        line.price_facts, line.sold_terms = row.price_facts.as_json() if row.price_facts else None, row.terms.as_json()
        line.early_total, line.regular_total = quote.now.lines[line.pk], quote.door.lines[line.pk]
        line.price_steps = quote.steps_as_json(line.pk)
    OrderLine.objects.bulk_update(
        [row.line for row in plan.lines],
        ["title", "detail", "price_facts", "price_steps", "sold_terms", "early_total", "regular_total"],
    )
    order.state, order.placed_at, order.due_kind, order.due_date = State.PLACED, at, options.due_kind, options.due_date
    order.held_until = held_until
    order.early_total, order.regular_total = quote.now.total, quote.door.total
    order.entered_by, order.terms_version = options.by_staff, options.terms_version
    order.save()
    credit.spend_credit(order, quote.now.credit)
