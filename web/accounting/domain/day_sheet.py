"""The daily cash count: cash, checks and transfers of one day, by staff member, and the amounts that were counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from accounting.errors import AccountingRefused
from accounting.models import CashCount
from billing import gateways
from billing.models import Payment, Refund
from common import dates
from common.formats import format_moment, format_money
from common.money import ZERO, is_payable_amount
from history.domain import record_action
from users.models import User


@dataclass(frozen=True)
class DrawerEntry:
    """A payment taken or a refund handed over by staff. Refunds are negative."""

    at: datetime
    order_id: int
    payer: str
    amount: Decimal
    by: str
    reference: str = ""


@dataclass
class CashDrawer:
    """The entries and counts of one payment method and currency on one day."""

    variant: str
    label: str
    currency: str
    entries: list[DrawerEntry] = field(default_factory=list)
    counts: list[CashCount] = field(default_factory=list)

    @property
    def expected(self) -> Decimal:
        return sum((entry.amount for entry in self.entries), ZERO)

    @property
    def count(self) -> CashCount | None:
        # Counts are ordered from the latest to the first.
        return self.counts[0] if self.counts else None

    @property
    def has_moved(self) -> bool:
        return self.count is not None and self.count.expected != self.expected

    @property
    def is_off(self) -> bool:
        return self.count is not None and (self.count.difference != 0 or self.has_moved)

    @property
    def takers(self) -> list[tuple[str, Decimal]]:
        sums: dict[str, Decimal] = {}
        for entry in self.entries:
            sums[entry.by] = sums.get(entry.by, ZERO) + entry.amount
        return sorted(sums.items())


def drawers_of_day(day: date) -> list[CashDrawer]:
    labels = dict(gateways.desk_methods())
    drawers: dict[tuple[str, str], CashDrawer] = {}

    def drawer_of(variant: str, currency: str) -> CashDrawer:
        return drawers.setdefault(
            (variant, currency), CashDrawer(variant, labels.get(variant, variant.title()), currency)
        )

    payments = Payment.objects.filter(variant__in=list(labels), received_on=day).exclude(captured_at=None)
    for payment in payments.select_related("order", "recorded_by"):
        order, by = payment.order, str(payment.recorded_by or "?")
        at, reference = payment.captured_at or payment.created, payment.transaction_id or ""
        entry = DrawerEntry(at, order.pk, order.payer_name, payment.captured_amount, by, reference)
        drawer_of(payment.variant, payment.currency).entries.append(entry)
    for refund in _refunds_between(day, day, labels).select_related("payment__order", "created_by"):
        order, by = refund.payment.order, str(refund.created_by or "?")
        at = refund.completed_at or refund.created_at
        entry = DrawerEntry(at, order.pk, order.payer_name, -refund.amount, by, refund.note)
        drawer_of(refund.payment.variant, refund.payment.currency).entries.append(entry)
    for count in CashCount.objects.filter(day=day).select_related("counted_by"):
        drawer_of(count.variant, count.currency).counts.append(count)
    for drawer in drawers.values():
        drawer.entries.sort(key=lambda entry: entry.at)
    return sorted(drawers.values(), key=lambda drawer: (drawer.label, drawer.currency))


def _refunds_between(first: date, last: date, variants: Iterable[str]) -> QuerySet[Refund]:
    refunds = Refund.objects.filter(payment__variant__in=variants, state=Refund.State.DONE)
    return refunds.filter(
        completed_at__gte=dates.local_moment(first, time.min), completed_at__lt=dates.end_of_day(last)
    )


@transaction.atomic
def record_cash_count(day: date, variant: str, currency: str, counted: Decimal, *, why: str, by: User) -> CashCount:
    """Record what was counted. A difference needs a reason, and the latest count of a day is the valid one."""
    if not is_payable_amount(counted, currency) or counted < 0:
        raise AccountingRefused("This is not an amount in this currency.", code="invalid_amount")
    drawers = {(drawer.variant, drawer.currency): drawer for drawer in drawers_of_day(day)}
    expected = drawers[variant, currency].expected if (variant, currency) in drawers else ZERO
    if counted != expected and not why:
        raise AccountingRefused(
            "This differs from the expected amount. Please enter a reason or count again.", code="reason_needed"
        )
    cash_count = CashCount.objects.create(
        day=day, variant=variant, currency=currency, expected=expected, counted=counted, reason=why, counted_by=by
    )
    record_action(
        by, "accounting.cash_counted", cash_count, why=why,
        day=day.isoformat(), variant=variant, expected=str(expected), counted=str(counted),
        currency=currency,
    )  # fmt: skip
    return cash_count


def uncounted_days(before: date, days: int = 14) -> Iterator[date]:
    since = before - timedelta(days=days)
    variants = dict(gateways.desk_methods())
    payments = Payment.objects.filter(variant__in=variants, received_on__range=(since, before))
    days_with_money = set(payments.exclude(captured_at=None).values_list("received_on", flat=True))
    settled = _refunds_between(since, before, variants).values_list("completed_at", flat=True)
    days_with_money |= {dates.to_local_time(moment).date() for moment in settled if moment}
    counted = CashCount.objects.filter(day__range=(since, before)).values_list("day", flat=True)
    yield from sorted((day for day in days_with_money - set(counted) if day), reverse=True)


def cash_count_text(count: CashCount) -> str:
    amount = format_money(count.counted, count.currency)
    counted = f"Counted {amount} by {count.counted_by}, {format_moment(count.counted_at)}"
    if not count.difference:
        return f"{counted}, as expected."
    return f"{counted}: {format_money(count.difference, count.currency)} difference. Reason: {count.reason}."
