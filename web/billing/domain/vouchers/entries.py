"""The entries of a gift voucher. Its stored balance is the sum of its entries."""

from decimal import Decimal
from typing import Any

from billing.models import Order, Payment, Refund, Voucher, VoucherEntry
from users.models import User

Reason = VoucherEntry.Reason


class VoucherChanged(RuntimeError):
    """The voucher was changed after it was read, because the caller did not lock it."""


def lock_vouchers(pks: list[int]) -> list[Voucher]:
    """Lock vouchers after all other rows and in the order of their ids, so that no deadlock can occur."""
    return list(Voucher.objects.select_for_update().filter(pk__in=pks).order_by("pk"))


def _add_voucher_entry(voucher: Voucher, reason: str, amount: Decimal, **fields: Any) -> VoucherEntry:
    # The caller has locked the row. The comparison with the old balance catches a caller that forgot to, and the sum is
    # calculated here because SQLite would add decimals as floats.
    before, after = voucher.balance, voucher.balance + amount
    if not Voucher.objects.filter(pk=voucher.pk, balance=before).update(balance=after):
        raise VoucherChanged(f"The balance of {voucher} changed in the meantime.")
    voucher.balance = after
    return VoucherEntry.objects.create(voucher=voucher, reason=reason, amount=amount, **fields)


def load_voucher(
    voucher: Voucher, *, order: Order | None = None, why: str = "", by: User | None = None
) -> VoucherEntry:
    reason = Reason.SOLD if order else Reason.GIVEN
    return _add_voucher_entry(voucher, reason, voucher.face_value, order=order, note=why, created_by=by)


def charge_voucher(voucher: Voucher, payment: Payment) -> VoucherEntry:
    return _add_voucher_entry(voucher, Reason.USED, -payment.captured_amount, order=payment.order, payment=payment)


def credit_refund_to_voucher(refund: Refund) -> VoucherEntry:
    # The refund is already counted in its payment, so it never exceeds what the voucher paid.
    entry = refund.payment.voucher_entry
    (voucher,) = lock_vouchers([entry.voucher_id])
    return _add_voucher_entry(
        voucher, Reason.BACK, refund.amount, order=refund.payment.order, refund=refund, note=refund.note
    )


def empty_voucher(
    voucher: Voucher, reason: str, *, order: Order | None = None, why: str, by: User | None = None
) -> Decimal:
    left = voucher.balance
    if left:
        _add_voucher_entry(voucher, reason, -left, order=order, note=why[:300], created_by=by)
    return left
