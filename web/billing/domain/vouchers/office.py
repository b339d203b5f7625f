"""Vouchers at the desk: issued, given more time, made void. Each with its name in the history."""

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
    """It cannot be done (any more); the text says why."""


def _locked(voucher: Voucher) -> Voucher:
    (found,) = entries.lock([voucher.pk])
    if found.voided_at is not None:
        raise Refused("This voucher is already void.")
    return found


@transaction.atomic
def sell(details: dict[str, str], variant: str, *, payer_name: str, payer_email: str, by: User) -> Voucher:
    """An order like any other, paid with what the desk has in hand; raises NotPlaced."""
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
    """A gift of the school: nobody paid for it. `gift` is a class with its full name, `kind:what`."""
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
    """None is for ever; what had expired can be used again."""
    found = _locked(voucher)
    found.expires_on = until
    found.save(update_fields=["expires_on"])
    record(by, "billing.voucher_extended", found, why=why, until=until.isoformat() if until else "for ever")


@transaction.atomic
def void(voucher: Voucher, *, why: str, by: User) -> Decimal:
    """Nothing goes back to anybody; whoever bought it gets money by cancelling its line."""
    found = _locked(voucher)
    left = entries.empty(found, VoucherEntry.Reason.VOID, why=why, by=by)
    Voucher.objects.filter(pk=found.pk).update(voided_at=timezone.now())
    record(by, "billing.voucher_voided", found, why=why, left=str(left), currency=found.currency)
    return left


# -- looked up ---------------------------------------------------------------------------------------------------

FOLDERS = {"usable": "Can be used", "empty": "Used up", "expired": "Expired, with something left", "void": "Void"}


def matching(text: str, folder: str, today: date) -> QuerySet[Voucher]:
    chosen = {
        "usable": Voucher.objects.usable(today),
        "empty": Voucher.objects.filter(voided_at=None, balance=0),
        "expired": Voucher.objects.expired(today),
        "void": Voucher.objects.exclude(voided_at=None),
    }
    found = chosen.get(folder, Voucher.objects.all()).select_related("line__order", "issued_by")
    return found.filter(_matches(text)) if text else found


def _matches(text: str) -> Q:
    code, number = voucher_codes.plain(text), text.lstrip("#")
    named = ("recipient_name", "recipient_email", "giver_name", "line__order__payer_name", "line__order__payer_email")
    found = Q(pk__in=[])
    for name in named:
        found |= Q(**{f"{name}__icontains": text})
    if len(code) >= GROUP:
        found |= Q(code=code) | Q(code__endswith=code)
    if number.isdecimal() and len(number) < 16:
        found |= Q(line__order=int(number))
    return found


def owed(found: QuerySet[Voucher]) -> list[tuple[Decimal, str]]:
    """What the school still owes lessons for, a currency each."""
    sums = found.order_by().values_list("currency").annotate(sum=Sum("balance")).order_by("currency")
    return [(exact(amount), currency) for currency, amount in sums]
