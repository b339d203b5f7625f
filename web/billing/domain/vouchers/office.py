"""What the office does with gift vouchers: sell, give, extend, void and search them."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.vouchers import entries, sales, voucher_codes
from billing.kinds import Gift
from billing.models import Order, Voucher, VoucherEntry
from billing.models.fields import exact
from billing.models.vouchers import GROUP
from common import dates
from history.domain import record
from users.models import User


class Refused(Exception):
    """The voucher does not allow this action. The message is shown to staff."""


def _locked(voucher: Voucher) -> Voucher:
    (locked,) = entries.lock([voucher.pk])
    if locked.voided_at is not None:
        raise Refused("This voucher is already void.")
    return locked


@transaction.atomic
def sell(details: dict[str, str], variant: str, *, payer_name: str, payer_email: str, by: User) -> Voucher:
    # The sale is an ordinary order that is paid at the desk.
    at = timezone.now()
    order = carts.new()
    Order.objects.filter(pk=order.pk).update(payer_name=payer_name, payer_email=payer_email)
    carts.add(order, "voucher", 0, details)
    order = placement.place(order, placement.How(by_staff=by), seen=None, at=at)
    attempts.record_by_hand(order, variant, order.now_total, by=by, received_on=dates.local(at).date())
    voucher = Voucher.objects.get(line__order=order)
    Voucher.objects.filter(pk=voucher.pk).update(issued_by=by)
    record(by, "billing.voucher_issued", voucher, worth=str(voucher.worth), currency=voucher.currency)
    return voucher


@transaction.atomic
def give(worth: Decimal, gift: tuple[str, Gift] | None, words: dict[str, Any], *, why: str, by: User) -> Voucher:
    """Issue a voucher that nobody paid for. `gift` is a class and its key in the form `kind:what`."""
    if sales.problem(worth) and gift is None:
        raise Refused(sales.problem(worth))
    if gift is not None:
        kind, _, what = gift[0].partition(":")
        words = words | {"kind": kind, "what": what, "title": gift[1].title}
    expires_on = sales.expiry(dates.today())
    voucher = sales.make(worth, settings.CURRENCY, why=why, issued_by=by, expires_on=expires_on, **words)
    record(by, "billing.voucher_given", voucher, why=why, worth=str(worth), currency=voucher.currency)
    return voucher


@transaction.atomic
def extend(voucher: Voucher, until: date | None, *, why: str, by: User) -> None:
    locked = _locked(voucher)
    locked.expires_on = until
    locked.save(update_fields=["expires_on"])
    record(by, "billing.voucher_extended", locked, why=why, until=until.isoformat() if until else "for ever")


@transaction.atomic
def void(voucher: Voucher, *, why: str, by: User) -> Decimal:
    """Void the voucher without a refund. Only canceling its order line refunds the buyer."""
    locked = _locked(voucher)
    left = entries.empty(locked, VoucherEntry.Reason.VOID, why=why, by=by)
    Voucher.objects.filter(pk=locked.pk).update(voided_at=timezone.now())
    record(by, "billing.voucher_voided", locked, why=why, left=str(left), currency=locked.currency)
    return left


# -- search ------------------------------------------------------------------------------------------------------

FOLDERS = {"usable": "Can be used", "empty": "Used up", "expired": "Expired, with something left", "void": "Void"}


def matching(text: str, folder: str, today: date) -> QuerySet[Voucher]:
    by_folder = {
        "usable": Voucher.objects.usable(today),
        "empty": Voucher.objects.filter(voided_at=None, balance=0),
        "expired": Voucher.objects.expired(today),
        "void": Voucher.objects.exclude(voided_at=None),
    }
    vouchers = by_folder.get(folder, Voucher.objects.all()).select_related("line__order", "issued_by")
    if not text:
        return vouchers
    code, number = voucher_codes.plain(text), text.lstrip("#")
    names = ("recipient_name", "recipient_email", "giver_name", "line__order__payer_name", "line__order__payer_email")
    condition = Q(pk__in=[])
    for name in names:
        condition |= Q(**{f"{name}__icontains": text})
    if len(code) >= GROUP:
        condition |= Q(code=code) | Q(code__endswith=code)
    if number.isdecimal() and len(number) < 16:
        condition |= Q(line__order=int(number))
    return vouchers.filter(condition)


def owed(vouchers: QuerySet[Voucher]) -> list[tuple[Decimal, str]]:
    sums = vouchers.order_by().values_list("currency").annotate(sum=Sum("balance")).order_by("currency")
    return [(exact(amount), currency) for currency, amount in sums]
