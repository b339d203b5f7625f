"""Vouchers for orders that are placed already and wait for money."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.domain import codes, ledger, locks, orders
from billing.domain.payments_in_progress import refuse_payment_in_progress
from billing.domain.vouchers import using, writing
from billing.models import Order
from history.domain import record
from users.models import User

NOTHING_FITS = "This order has nothing left that the voucher can pay for."


@transaction.atomic
def use(order: Order, text: str, at: datetime, *, by: User | None = None) -> Decimal:
    """It pays what is owed, or some of it. Raises CannotBe or Refused."""
    order = locks.order(order.pk)
    if not order.can_be_paid(at) or not ledger.owed(order, at):
        raise orders.CannotBe("Nothing is due on this order.")
    refuse_payment_in_progress(order, at)
    voucher = writing.find(text)
    if voucher is None:
        raise codes.Refused(codes.UNKNOWN)
    using.choose(order, voucher, using.payable(order), at)
    paid = using.pay(order, at, strict=False)
    if not paid:
        raise codes.Refused(NOTHING_FITS)
    if by is not None:
        record(by, "billing.voucher_used", order, voucher=voucher.mark, amount=str(paid), currency=order.currency)
    if not ledger.owed(order, at):
        orders.pay_off(order, at)
    return paid
