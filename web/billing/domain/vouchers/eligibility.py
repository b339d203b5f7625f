"""Rules for gift vouchers: whether one can be used, and which order lines it can pay for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing.domain import product_kinds
from billing.errors import ProductUnavailable
from billing.models import Dispute, Order, OrderLine, Voucher
from billing.models.fields import exact_sum
from billing.rules.price_facts import PriceFacts
from common import dates
from common.formats import format_date
from common.money import ZERO

VOID = "This gift voucher is no longer valid. Please contact us."
EXPIRED = "This gift voucher expired on {}. Please contact us."
EMPTY = "This gift voucher has no balance left."
WAITS = "This gift voucher can’t be used right now. Please contact us."
CURRENCY = "This gift voucher is in {}."
FITS_NOTHING = "This gift voucher is for {}. Add it to your cart to use the voucher."
FITS_NO_VOUCHER = "Gift vouchers can’t be used to buy gift vouchers."


@dataclass(frozen=True)
class VoucherShare:
    voucher: Voucher
    amount: Decimal
    problem: str = ""


def voucher_refusal(voucher: Voucher, currency: str, at: datetime) -> str:
    if voucher.voided_at is not None:
        return VOID
    if voucher.expires_on and voucher.has_expired(dates.to_local_time(at).date()):
        return EXPIRED.format(format_date(voucher.expires_on))
    if not voucher.balance:
        return EMPTY
    if voucher.currency != currency:
        return CURRENCY.format(voucher.currency)
    return "" if is_voucher_paid_for(voucher) else WAITS


def is_voucher_paid_for(voucher: Voucher) -> bool:
    # The school must still have the payment, so it may be neither disputed nor refunded.
    if voucher.line is None:
        return True
    order = voucher.line.order
    if Dispute.objects.filter(payment__order=order).exclude(state=Dispute.State.WON).exists():
        return False
    return order.state == Order.State.PAID and order.amount_charged >= value_of_vouchers_sold(order)


def value_of_vouchers_sold(order: Order) -> Decimal:
    sold = Voucher.objects.filter(line__order=order, voided_at=None)
    return exact_sum(sold.aggregate(sum=Sum("face_value"))["sum"])


# -- allocation -------------------------------------------------------------------------------------------------


def can_pay_for_line(voucher: Voucher, line: OrderLine) -> bool:
    if not voucher.kind:
        return True
    if voucher.kind != line.kind:
        return False
    try:
        return product_kinds.kind_of_line(line).matches_gift(line, voucher.gift_reference)
    except (product_kinds.UnknownProductKind, ProductUnavailable):
        return False


def payable_lines(lines: Iterable[OrderLine], facts: Mapping[int, PriceFacts | None]) -> list[OrderLine]:
    # A gift voucher cannot pay for another gift voucher.
    return [line for line in lines if (line_facts := facts.get(line.pk)) and not line_facts.is_money]


def spending_order(voucher: Voucher) -> tuple[bool, date, int]:
    # Vouchers for one class come first, then those that expire soonest.
    return not voucher.kind, voucher.expires_on or date.max, voucher.pk


def allocate_voucher(voucher: Voucher, amount: Decimal, lines: list[OrderLine], left: dict[int, Decimal]) -> Decimal:
    """Return how much of the amount the lines can take, and reduce `left` by it."""
    allocated = ZERO
    for line in lines:
        if can_pay_for_line(voucher, line):
            share = min(amount - allocated, left[line.pk])
            left[line.pk] -= share
            allocated += share
    return allocated


def allocate_vouchers(
    vouchers: Iterable[Voucher], lines: list[OrderLine], left: dict[int, Decimal], limit: Decimal
) -> list[tuple[Voucher, Decimal]]:
    """Return what each voucher pays, at most `limit` in total, and reduce `left` by it."""
    allocations = []
    for voucher in sorted(vouchers, key=spending_order):
        amount = allocate_voucher(voucher, min(voucher.balance, limit), lines, left)
        limit -= amount
        allocations.append((voucher, amount))
    return allocations
