"""Gift vouchers that pay for an order after it was placed."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.domain import locks
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import check_no_payment_in_progress
from billing.domain.pricing import balances, discount_codes
from billing.domain.vouchers import redemption, voucher_codes
from billing.errors import DiscountCodeRefused, OrderTransitionRefused
from billing.models import Order
from history.domain import record_action
from users.models import User

NOTHING_FITS = "This order has nothing left that the voucher can pay for."


@transaction.atomic
def redeem_voucher_on_order(order: Order, text: str, at: datetime, *, by: User | None = None) -> Decimal:
    """Returns the amount paid. Raises OrderTransitionRefused or DiscountCodeRefused."""
    order = locks.lock_order(order.pk)
    if not order.can_be_paid(at) or not balances.open_balance(order, at):
        raise OrderTransitionRefused("Nothing is due on this order.")
    check_no_payment_in_progress(order, at)
    voucher = voucher_codes.find_voucher(text)
    if voucher is None:
        raise DiscountCodeRefused(discount_codes.UNKNOWN)
    redemption.choose_voucher(order, voucher, redemption.voucher_payable_lines(order), at)
    paid = redemption.pay_with_vouchers(order, at, strict=False)
    if not paid:
        raise DiscountCodeRefused(NOTHING_FITS)
    if by is not None:
        record_action(
            by, "billing.voucher_used", order, voucher=voucher.mark, amount=str(paid), currency=order.currency
        )
    if not balances.open_balance(order, at):
        transitions.mark_paid(order, at)
    return paid
