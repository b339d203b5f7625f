"""Vouchers in the books: what is sold and not used yet is owed, not earned."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from billing.models import VoucherEntry
from billing.models.fields import exact

Reason = VoucherEntry.Reason
WITHOUT_MONEY = (Reason.GIVEN, Reason.VOID)
"""No payment and no refund tells of these."""


@dataclass(frozen=True)
class Movement:
    label: str
    currency: str
    amount: Decimal


def entries(start: datetime, end: datetime) -> QuerySet[VoucherEntry]:
    return VoucherEntry.objects.filter(at__gte=start, at__lt=end)


def movements(start: datetime, end: datetime) -> list[Movement]:
    """What came onto vouchers and went off them in that time, and what stands on all of them at its end."""
    sums = dict(_sums(entries(start, end), "reason", "voucher__currency"))
    moved = [
        Movement(str(reason.label), currency, amount)
        for reason in Reason
        for (name, currency), amount in sums.items()
        if name == reason
    ]
    stands = _sums(VoucherEntry.objects.filter(at__lt=end), "voucher__currency")
    return moved + [Movement("Balance of all vouchers at the end", currency, amount) for (currency,), amount in stands]


def _sums(found: QuerySet[VoucherEntry], *names: str) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    for *key, amount in found.order_by(*names).values_list(*names).annotate(sum=Sum("amount")):
        yield tuple(key), exact(amount)


def without_money(start: datetime, end: datetime) -> QuerySet[VoucherEntry]:
    found = entries(start, end).filter(reason__in=WITHOUT_MONEY)
    return found.select_related("voucher__line").order_by("at", "pk")
