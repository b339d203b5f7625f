"""Paying with gift vouchers. Each use of a voucher is a payment of its own, captured when it is created."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from payments import PaymentStatus

from billing.domain import payment_issues
from billing.domain.pricing import balances, quotes
from billing.domain.vouchers import eligibility, entries
from billing.domain.vouchers.eligibility import VoucherShare
from billing.errors import DiscountCodeRefused
from billing.models import Order, OrderLine, Payment, PaymentIssue, Refund, Voucher
from billing.rules.price_facts import PriceFacts
from common import dates
from common.formats import format_money
from common.money import ZERO

VARIANT = "voucher"


# -- in the cart -------------------------------------------------------------------------------------------------


def choose_voucher(cart: Order, voucher: Voucher, lines: list[OrderLine], at: datetime) -> None:
    problem = eligibility.voucher_refusal(voucher, cart.currency, at) or unfit_reason(voucher, lines)
    if problem:
        raise DiscountCodeRefused(problem)
    cart.vouchers.add(voucher)


def unfit_reason(voucher: Voucher, lines: list[OrderLine]) -> str:
    if any(eligibility.can_pay_for_line(voucher, line) for line in lines):
        return ""
    return eligibility.FITS_NOTHING.format(voucher.title) if voucher.title else eligibility.FITS_NO_VOUCHER


def remove_chosen_voucher(cart: Order, voucher_id: int) -> None:
    if cart.state == Order.State.CART:
        cart.vouchers.remove(voucher_id)


def preview_vouchers(order: Order, lines: list[OrderLine], price: quotes.Price, at: datetime) -> list[VoucherShare]:
    chosen = list(order.vouchers.select_related("line__order"))
    problems = {voucher.pk: eligibility.voucher_refusal(voucher, order.currency, at) for voucher in chosen}
    usable = [voucher for voucher in chosen if not problems[voucher.pk]]
    shares = eligibility.allocate_vouchers(usable, lines, dict(price.lines), price.total)
    return [VoucherShare(*share) for share in shares] + [
        VoucherShare(voucher, ZERO, problems[voucher.pk]) for voucher in chosen if problems[voucher.pk]
    ]


# -- paying ------------------------------------------------------------------------------------------------------


def pay_with_vouchers(order: Order, at: datetime, *, paid_at: datetime | None = None, strict: bool = True) -> Decimal:
    """Pay as much of the open balance as the chosen vouchers can. The caller has locked the order.

    The order costs what it cost at `paid_at`. A voucher that cannot be used raises an error, or is skipped without
    `strict`.
    """
    usable = []
    for voucher in entries.lock_vouchers(list(order.vouchers.values_list("pk", flat=True))):
        problem = eligibility.voucher_refusal(voucher, order.currency, at)
        if problem and strict:
            raise DiscountCodeRefused(f"{problem} ({voucher.mark})")
        if not problem:
            usable.append(voucher)
    if not usable:
        return ZERO
    price = balances.price_at(order, paid_at or at)
    lines, left = voucher_payable_lines(order), dict(price.lines)
    allocate_earlier_payments(_voucher_payments(order), lines, left)
    shares = eligibility.allocate_vouchers(
        usable, lines, left, max(price.total - balances.amount_available(order), ZERO)
    )
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
            entries.charge_voucher(voucher, payment)
    return sum((amount for _, amount in shares), ZERO)


def voucher_payable_lines(order: Order) -> list[OrderLine]:
    lines = [line for line in order.lines.all() if line.canceled_at is None]
    return eligibility.payable_lines(
        lines, {line.pk: PriceFacts.from_json(line.price_facts or {"list_price": 0}) for line in lines}
    )


def allocate_earlier_payments(
    payments: Iterable[Payment], lines: list[OrderLine], left: dict[int, Decimal]
) -> dict[int, Decimal]:
    """Reduce `left` by what vouchers paid before; return the part of each payment that no line can take."""
    return {
        payment.pk: payment.refundable_amount
        - eligibility.allocate_voucher(payment.voucher_entry.voucher, payment.refundable_amount, lines, left)
        for payment in sorted(payments, key=lambda payment: eligibility.spending_order(payment.voucher_entry.voucher))
    }


def _voucher_payments(order: Order) -> Iterable[Payment]:
    return order.payments.filter(variant=VARIANT).select_related("voucher_entry__voucher")


# -- refunds -----------------------------------------------------------------------------------------------------


def return_refund_to_voucher(order: Order, refund: Refund, at: datetime) -> None:
    voucher = entries.credit_refund_to_voucher(refund).voucher
    if voucher.voided_at or voucher.has_expired(dates.to_local_time(at).date()):
        # Only staff can decide whether a void or expired voucher becomes valid again.
        amount = format_money(refund.amount, voucher.currency)
        text = f"{amount} was returned to gift voucher {voucher.mark}, which has expired or is void."
        payment_issues.open_issue(
            PaymentIssue.Kind.OTHER, order, f"{text} Should it be valid again? (refund {refund.pk})"
        )
