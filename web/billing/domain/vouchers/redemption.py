"""Paying with gift vouchers. Each use of a voucher is a payment of its own, captured when it is created."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from payments import PaymentStatus

from billing.domain import payment_issues
from billing.domain.pricing import balances, quotes
from billing.domain.pricing.discount_codes import Refused
from billing.domain.vouchers import eligibility, entries
from billing.domain.vouchers.eligibility import Part
from billing.kinds import ZERO, Facts
from billing.models import Case, Order, OrderLine, Payment, Refund, Voucher
from common import dates
from common.formats import format_money

VARIANT = "voucher"


# -- in the cart -------------------------------------------------------------------------------------------------


def choose(cart: Order, voucher: Voucher, lines: list[OrderLine], at: datetime) -> None:
    problem = eligibility.why_not(voucher, cart.currency, at) or unfit(voucher, lines)
    if problem:
        raise Refused(problem)
    cart.vouchers.add(voucher)


def unfit(voucher: Voucher, lines: list[OrderLine]) -> str:
    if any(eligibility.fits(voucher, line) for line in lines):
        return ""
    return eligibility.FITS_NOTHING.format(voucher.title) if voucher.title else eligibility.FITS_NO_VOUCHER


def put_aside(cart: Order, voucher_id: int) -> None:
    if cart.state == Order.State.CART:
        cart.vouchers.remove(voucher_id)


def seen(order: Order, lines: list[OrderLine], price: quotes.Price, at: datetime) -> list[Part]:
    chosen = list(order.vouchers.select_related("line__order"))
    problems = {voucher.pk: eligibility.why_not(voucher, order.currency, at) for voucher in chosen}
    usable = [voucher for voucher in chosen if not problems[voucher.pk]]
    shares = eligibility.divide(usable, lines, dict(price.lines), price.total)
    return [Part(*share) for share in shares] + [
        Part(voucher, ZERO, problems[voucher.pk]) for voucher in chosen if problems[voucher.pk]
    ]


# -- paying ------------------------------------------------------------------------------------------------------


def pay(order: Order, at: datetime, *, paid_at: datetime | None = None, strict: bool = True) -> Decimal:
    """Pay as much of the open balance as the chosen vouchers can. The caller has locked the order.

    The order costs what it cost at `paid_at`. A voucher that cannot be used raises an error, or is skipped without
    `strict`.
    """
    usable = []
    for voucher in entries.lock(list(order.vouchers.values_list("pk", flat=True))):
        problem = eligibility.why_not(voucher, order.currency, at)
        if problem and strict:
            raise Refused(f"{problem} ({voucher.mark})")
        if not problem:
            usable.append(voucher)
    if not usable:
        return ZERO
    price = balances.price_at(order, paid_at or at)
    lines, left = payable(order), dict(price.lines)
    without_room(_by_voucher(order), lines, left)
    shares = eligibility.divide(usable, lines, left, max(price.total - balances.in_hand(order), ZERO))
    for voucher, amount in shares:
        if amount:
            # No gateway takes part, so the payment is captured at once. The caller checks whether the order is paid.
            payment = Payment.objects.create(
                order=order,
                variant=VARIANT,
                status=PaymentStatus.CONFIRMED,
                total=amount,
                captured_amount=amount,
                captured_at=at,
                currency=order.currency,
                transaction_id=voucher.mark,
                description=f"Order {order.number}",
            )
            entries.use(voucher, payment)
    return sum((amount for _, amount in shares), ZERO)


def payable(order: Order) -> list[OrderLine]:
    lines = [line for line in order.lines.all() if line.cancelled_at is None]
    return eligibility.payable(lines, {line.pk: Facts.from_json(line.facts or {"full": 0}) for line in lines})


def without_room(payments: Iterable[Payment], lines: list[OrderLine], left: dict[int, Decimal]) -> dict[int, Decimal]:
    """Reduce `left` by what vouchers paid before; return the part of each payment that no line can take."""
    return {
        payment.pk: payment.refundable_amount
        - eligibility.spread(payment.voucher_entry.voucher, payment.refundable_amount, lines, left)
        for payment in sorted(payments, key=lambda payment: eligibility.turn(payment.voucher_entry.voucher))
    }


def _by_voucher(order: Order) -> Iterable[Payment]:
    return order.payments.filter(variant=VARIANT).select_related("voucher_entry__voucher")


# -- refunds -----------------------------------------------------------------------------------------------------


def put_back(order: Order, refund: Refund, at: datetime) -> None:
    voucher = entries.put_back(refund).voucher
    if voucher.voided_at or voucher.has_expired(dates.local(at).date()):
        # Only staff can decide whether a void or expired voucher becomes valid again.
        amount = format_money(refund.amount, voucher.currency)
        text = f"{amount} was returned to gift voucher {voucher.mark}, which has expired or is void."
        payment_issues.open_case(Case.Kind.OTHER, order, f"{text} Should it be valid again? (refund {refund.pk})")


def homeless(order: Order, at: datetime) -> dict[int, Decimal]:
    """Return what vouchers paid for lines that have been canceled, by payment. This part is refunded first.

    Otherwise a voucher for one class would go on paying for another, while ordinary money is refunded.
    """
    price = balances.price_at(order, order.paid_at or at)
    unallocated = without_room(_by_voucher(order), payable(order), dict(price.lines))
    return {pk: amount for pk, amount in unallocated.items() if amount > 0}
