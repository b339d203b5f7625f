"""Whether a voucher can be used, and on what: vouchers pay last, and each only for what it is for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum

from billing import kinds
from billing.kinds import ZERO, Facts
from billing.models import Dispute, Order, OrderLine, Voucher
from billing.models.fields import exact
from common import dates
from common.formats import format_date

VOID = "This gift voucher is no longer valid. Please contact us."
EXPIRED = "This gift voucher expired on {}. Please contact us."
EMPTY = "This gift voucher has no balance left."
WAITS = "This gift voucher can’t be used right now. Please contact us."
CURRENCY = "This gift voucher is in {}."
FITS_NOTHING = "This gift voucher is for {}. Add it to your cart to use the voucher."
FITS_NO_VOUCHER = "Gift vouchers can’t be used to buy gift vouchers."


@dataclass(frozen=True)
class Part:
    """What one voucher pays of an order."""

    voucher: Voucher
    amount: Decimal
    problem: str = ""


def why_not(voucher: Voucher, currency: str, at: datetime) -> str:
    """'' while it can be used."""
    if voucher.voided_at is not None:
        return VOID
    if voucher.expires_on and voucher.has_expired(dates.local(at).date()):
        return EXPIRED.format(format_date(voucher.expires_on))
    if not voucher.balance:
        return EMPTY
    if voucher.currency != currency:
        return CURRENCY.format(voucher.currency)
    return "" if is_paid_for(voucher) else WAITS


def is_paid_for(voucher: Voucher) -> bool:
    """The money that it was bought with is still ours: not asked back, and not given back elsewhere."""
    if voucher.line is None:
        return True
    order = voucher.line.order
    if Dispute.objects.filter(payment__order=order).exclude(state=Dispute.State.WON).exists():
        return False
    return order.state == Order.State.PAID and order.charged >= pledged(order)


def pledged(order: Order) -> Decimal:
    """What the vouchers bought in this order were worth: so much of its money has to stay."""
    mine = Voucher.objects.filter(line__order=order, voided_at=None)
    return exact(mine.aggregate(sum=Sum("worth"))["sum"])


# -- what fits where ---------------------------------------------------------------------------------------------


def fits(voucher: Voucher, line: OrderLine) -> bool:
    if not voucher.kind:
        return True
    if voucher.kind != line.kind:
        return False
    try:
        return kinds.of(line).matches_gift(line, voucher.what)
    except (kinds.UnknownKind, kinds.Unavailable):
        return False


def payable(lines: Iterable[OrderLine], facts: Mapping[int, Facts | None]) -> list[OrderLine]:
    """Money does not buy money."""
    return [line for line in lines if (known := facts.get(line.pk)) and not known.is_money]


def turn(voucher: Voucher) -> tuple[bool, date, int]:
    """First those that fit little, then those that end soon."""
    return not voucher.kind, voucher.expires_on or date.max, voucher.pk


def spread(voucher: Voucher, amount: Decimal, lines: list[OrderLine], left: dict[int, Decimal]) -> Decimal:
    """Lay that much of the voucher on the lines it fits, and say how much found room; `left` goes down with it."""
    laid = ZERO
    for line in lines:
        if fits(voucher, line):
            part = min(amount - laid, left[line.pk])
            left[line.pk] -= part
            laid += part
    return laid


def divide(
    vouchers: Iterable[Voucher], lines: list[OrderLine], left: dict[int, Decimal], room: Decimal
) -> list[tuple[Voucher, Decimal]]:
    """What each voucher pays of what is left of each line, together no more than `room`."""
    found = []
    for voucher in sorted(vouchers, key=turn):
        amount = spread(voucher, min(voucher.balance, room), lines, left)
        room -= amount
        found.append((voucher, amount))
    return found
