"""Gift vouchers in the ledger: a voucher that is sold but not used is a liability, not income."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet, Sum

from billing.models import VoucherEntry
from billing.models.fields import exact_sum

Reason = VoucherEntry.Reason
WITHOUT_MONEY = (Reason.GIVEN, Reason.VOID)
"""No payment or refund belongs to entries with these reasons."""


@dataclass(frozen=True)
class LiabilityMovement:
    label: str
    currency: str
    amount: Decimal


def entries_between(start: datetime, end: datetime) -> QuerySet[VoucherEntry]:
    return VoucherEntry.objects.filter(created_at__gte=start, created_at__lt=end)


def liability_movements(start: datetime, end: datetime) -> list[LiabilityMovement]:
    """List the change for each reason in that time, then the balance of all vouchers at its end."""
    sums = dict(_sum_entries_by(entries_between(start, end), "reason", "voucher__currency"))
    changes = [
        LiabilityMovement(str(reason.label), currency, amount)
        for reason in Reason
        for (name, currency), amount in sums.items()
        if name == reason
    ]
    balances = _sum_entries_by(VoucherEntry.objects.filter(created_at__lt=end), "voucher__currency")
    total = "Balance of all vouchers at the end"
    return changes + [LiabilityMovement(total, currency, amount) for (currency,), amount in balances]


def _sum_entries_by(selected: QuerySet[VoucherEntry], *names: str) -> Iterator[tuple[tuple[str, ...], Decimal]]:
    for *key, amount in selected.order_by(*names).values_list(*names).annotate(sum=Sum("amount")):
        yield tuple(key), exact_sum(amount)


def entries_without_payment(start: datetime, end: datetime) -> QuerySet[VoucherEntry]:
    selected = entries_between(start, end).filter(reason__in=WITHOUT_MONEY)
    return selected.select_related("voucher__line").order_by("created_at", "pk")
