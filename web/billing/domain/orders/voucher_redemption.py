"""Gift vouchers that pay for an order after it was placed."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.domain import locks
from billing.domain.orders import transitions
from billing.domain.orders.payments_in_progress import refuse_payment_in_progress
from billing.domain.pricing import balances, discount_codes
from billing.domain.vouchers import redemption, voucher_codes
from billing.models import Order
from history.domain import record
from users.models import User

NOTHING_FITS = "This order has nothing left that the voucher can pay for."


@transaction.atomic
def use(order: Order, text: str, at: datetime, *, by: User | None = None) -> Decimal:
    """Returns the amount paid. Raises OrderTransitionRefused or DiscountCodeRefused."""
    order = locks.order(order.pk)
    if not order.can_be_paid(at) or not balances.owed(order, at):
        raise transitions.CannotBe("Nothing is due on this order.")
    refuse_payment_in_progress(order, at)
    voucher = voucher_codes.find(text)
    if voucher is None:
        raise discount_codes.Refused(discount_codes.UNKNOWN)
    redemption.choose(order, voucher, redemption.payable(order), at)
    paid = redemption.pay(order, at, strict=False)
    if not paid:
        raise discount_codes.Refused(NOTHING_FITS)
    if by is not None:
        record(by, "billing.voucher_used", order, voucher=voucher.mark, amount=str(paid), currency=order.currency)
    if not balances.owed(order, at):
        transitions.pay_off(order, at)
    return paid
