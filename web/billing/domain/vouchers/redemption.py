"""Paying with vouchers. Each use is a payment of its own, captured in the transaction that makes it."""

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
    """Lay it beside the cart. `lines` are those that vouchers may pay for; raises Refused, saying why not."""
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
    """What the chosen vouchers would pay of that price; one that cannot be used pays nothing and says why."""
    chosen = list(order.vouchers.select_related("line__order"))
    problems = {voucher.pk: eligibility.why_not(voucher, order.currency, at) for voucher in chosen}
    usable = [voucher for voucher in chosen if not problems[voucher.pk]]
    paid = eligibility.divide(usable, lines, dict(price.lines), price.total)
    return [Part(*each) for each in paid] + [
        Part(voucher, ZERO, problems[voucher.pk]) for voucher in chosen if problems[voucher.pk]
    ]


# -- paying ------------------------------------------------------------------------------------------------------


def pay(order: Order, at: datetime, *, paid_at: datetime | None = None, strict: bool = True) -> Decimal:
    """The chosen vouchers pay what they can of what is owed. The order is locked; the vouchers are locked here.

    `paid_at`, where that was earlier, says what the order costs. Raises Refused for one that cannot be used; without
    `strict` it is left out.
    """
    usable = []
    for voucher in entries.lock(list(order.vouchers.values_list("pk", flat=True))):
        problem = eligibility.why_not(voucher, order.currency, at)
        if problem and strict:
            raise Refused(f"{problem} ({voucher.mark})")
        if not problem:
            usable.append(voucher)
    return _pay(order, usable, at, balances.price_at(order, paid_at or at)) if usable else ZERO


def _pay(order: Order, vouchers: list[Voucher], at: datetime, price: quotes.Price) -> Decimal:
    lines, left = payable(order), dict(price.lines)
    without_room(_by_voucher(order), lines, left)
    parts = eligibility.divide(vouchers, lines, left, max(price.total - balances.in_hand(order), ZERO))
    for voucher, amount in parts:
        if amount:
            entries.use(voucher, _payment(order, voucher, amount, at))
    return sum((amount for _, amount in parts), ZERO)


def payable(order: Order) -> list[OrderLine]:
    lines = [line for line in order.lines.all() if line.cancelled_at is None]
    return eligibility.payable(lines, {line.pk: Facts.from_json(line.facts or {"full": 0}) for line in lines})


def without_room(payments: Iterable[Payment], lines: list[OrderLine], left: dict[int, Decimal]) -> dict[int, Decimal]:
    """Lay what vouchers have paid before on the lines; returns what of each payment found no room."""
    return {
        payment.pk: payment.refundable_amount
        - eligibility.spread(payment.voucher_entry.voucher, payment.refundable_amount, lines, left)
        for payment in sorted(payments, key=lambda payment: eligibility.turn(payment.voucher_entry.voucher))
    }


def _by_voucher(order: Order) -> Iterable[Payment]:
    return order.payments.filter(variant=VARIANT).select_related("voucher_entry__voucher")


def _payment(order: Order, voucher: Voucher, amount: Decimal, at: datetime) -> Payment:
    """Written as captured, without the detour of a gateway: whoever calls looks whether all is paid now."""
    return Payment.objects.create(
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


# -- going back --------------------------------------------------------------------------------------------------


def put_back(order: Order, refund: Refund, at: datetime) -> None:
    """Onto the voucher it came from. Whether one that ended meanwhile may be used again is for a person to say."""
    voucher = entries.put_back(refund).voucher
    if voucher.voided_at or voucher.has_expired(dates.local(at).date()):
        amount = format_money(refund.amount, voucher.currency)
        text = f"{amount} was returned to gift voucher {voucher.mark}, which has expired or is void."
        payment_issues.open_case(Case.Kind.OTHER, order, f"{text} Should it be valid again? (refund {refund.pk})")


def homeless(order: Order, at: datetime) -> dict[int, Decimal]:
    """What vouchers paid for lines that are no more, by payment: it goes back before anything else does.

    Else a voucher for one class would be paid out, while what stands is paid with money that was never for it.
    """
    price = balances.price_at(order, order.paid_at or at)
    found = without_room(_by_voucher(order), payable(order), dict(price.lines))
    return {pk: over for pk, over in found.items() if over > 0}
