"""What is on a voucher: each movement is an entry, and the balance beside it is what the database guards."""

from decimal import Decimal
from typing import Any

from billing.models import Order, Payment, Refund, Voucher, VoucherEntry
from users.models import User

Reason = VoucherEntry.Reason


class Moved(RuntimeError):
    """Somebody else used the voucher since it was read: it was not locked."""


def lock(pks: list[int]) -> list[Voucher]:
    """After everything else, and always in the same order, so that nobody waits in a circle."""
    return list(Voucher.objects.select_for_update().filter(pk__in=pks).order_by("pk"))


def _write(voucher: Voucher, reason: str, amount: Decimal, **more: Any) -> VoucherEntry:
    """The row is locked by the caller; should it not be, nothing is written twice. SQLite would add as floats."""
    before, after = voucher.balance, voucher.balance + amount
    if not Voucher.objects.filter(pk=voucher.pk, balance=before).update(balance=after):
        raise Moved(f"{voucher} is not what it was.")
    voucher.balance = after
    return VoucherEntry.objects.create(voucher=voucher, reason=reason, amount=amount, **more)


def fill(voucher: Voucher, *, order: Order | None = None, why: str = "", by: User | None = None) -> VoucherEntry:
    reason = Reason.SOLD if order else Reason.GIVEN
    return _write(voucher, reason, voucher.worth, order=order, why=why, by=by)


def use(voucher: Voucher, payment: Payment) -> VoucherEntry:
    return _write(voucher, Reason.USED, -payment.captured_amount, order=payment.order, payment=payment)


def put_back(refund: Refund) -> VoucherEntry:
    """The refund is counted in its payment already; what came off a voucher is never more than fits on it again."""
    used = refund.payment.voucher_entry
    (voucher,) = lock([used.voucher_id])
    return _write(voucher, Reason.BACK, refund.amount, order=refund.payment.order, refund=refund, why=refund.why)


def empty(voucher: Voucher, reason: str, *, order: Order | None = None, why: str, by: User | None = None) -> Decimal:
    """Take off what is left; returns it."""
    left = voucher.balance
    if left:
        _write(voucher, reason, -left, order=order, why=why[:300], by=by)
    return left
