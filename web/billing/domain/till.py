"""The day sheet: cash, cheques and transfers of one day, who took what, and what was counted beside it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from billing import gateways
from billing.kinds import ZERO
from billing.models import Payment, Refund, TillCount
from common import dates
from common.money import is_whole
from history.domain import record
from users.models import User


class Refused(ValueError):
    """This count cannot be written down; the text says why."""


@dataclass(frozen=True)
class Entry:
    """Money that somebody took, or gave back (below zero)."""

    at: datetime
    order_id: int
    payer: str
    amount: Decimal
    by: str
    reference: str = ""


@dataclass
class Drawer:
    """One way to pay in one currency on one day."""

    variant: str
    label: str
    currency: str
    entries: list[Entry] = field(default_factory=list)
    counts: list[TillCount] = field(default_factory=list)

    @property
    def expected(self) -> Decimal:
        return sum((entry.amount for entry in self.entries), ZERO)

    @property
    def count(self) -> TillCount | None:
        """The last one counts."""
        return self.counts[0] if self.counts else None

    @property
    def has_moved(self) -> bool:
        """Whether something was booked for the day after it was counted."""
        return self.count is not None and self.count.expected != self.expected

    @property
    def takers(self) -> list[tuple[str, Decimal]]:
        sums: dict[str, Decimal] = {}
        for entry in self.entries:
            sums[entry.by] = sums.get(entry.by, ZERO) + entry.amount
        return sorted(sums.items())


def sheet(day: date) -> list[Drawer]:
    labels = dict(gateways.at_the_desk())
    drawers: dict[tuple[str, str], Drawer] = {}

    def drawer(variant: str, currency: str) -> Drawer:
        return drawers.setdefault((variant, currency), Drawer(variant, labels.get(variant, variant.title()), currency))

    for payment in _taken(day, list(labels)):
        drawer(payment.variant, payment.currency).entries.append(_taken_entry(payment))
    for refund in _given(day, day, labels).select_related("payment__order", "by"):
        drawer(refund.payment.variant, refund.payment.currency).entries.append(_given_entry(refund))
    for count in TillCount.objects.filter(day=day).select_related("by"):
        drawer(count.variant, count.currency).counts.append(count)
    for each in drawers.values():
        each.entries.sort(key=lambda entry: entry.at)
    return sorted(drawers.values(), key=lambda each: (each.label, each.currency))


def _taken(day: date, variants: list[str]) -> QuerySet[Payment]:
    found = Payment.objects.filter(variant__in=variants, received_on=day).exclude(captured_at=None)
    return found.select_related("order", "recorded_by")


def _given(first: date, last: date, variants: Iterable[str]) -> QuerySet[Refund]:
    found = Refund.objects.filter(payment__variant__in=variants, state=Refund.State.DONE)
    return found.filter(settled_at__gte=dates.at(first, time.min), settled_at__lt=dates.end_of(last))


def _days_given(first: date, last: date) -> set[date]:
    moments = _given(first, last, dict(gateways.at_the_desk())).values_list("settled_at", flat=True)
    return {dates.local(moment).date() for moment in moments if moment}


def _taken_entry(payment: Payment) -> Entry:
    order, by = payment.order, payment.recorded_by
    at = payment.captured_at or payment.created
    return Entry(at, order.pk, order.payer_name, payment.captured_amount, str(by or "?"), payment.transaction_id or "")


def _given_entry(refund: Refund) -> Entry:
    order = refund.payment.order
    at = refund.settled_at or refund.created_at
    return Entry(at, order.pk, order.payer_name, -refund.amount, str(refund.by or "?"), refund.why)


@transaction.atomic
def count(day: date, variant: str, currency: str, counted: Decimal, *, why: str, by: User) -> TillCount:
    """What is there. A difference needs a reason; a second count is a new row, and the last one holds."""
    if not is_whole(counted, currency) or counted < 0:
        raise Refused("This is not an amount in this currency.")
    expected = next(
        (each.expected for each in sheet(day) if (each.variant, each.currency) == (variant, currency)), ZERO
    )
    if counted != expected and not why:
        raise Refused("This differs from the expected amount. Please enter a reason or count again.")
    found = TillCount.objects.create(
        day=day, variant=variant, currency=currency, expected=expected, counted=counted, why=why, by=by
    )
    record(
        by, "billing.till_counted", found, why=why,
        day=day.isoformat(), variant=variant, expected=str(expected), counted=str(counted),
        currency=currency,
    )  # fmt: skip
    return found


def uncounted(before: date, days: int = 14) -> Iterator[date]:
    """Days of the last weeks on which money passed through hands and nobody counted, the latest first."""
    since = before - timedelta(days=days)
    taken = Payment.objects.filter(variant__in=dict(gateways.at_the_desk()), received_on__range=(since, before))
    found = set(taken.exclude(captured_at=None).values_list("received_on", flat=True)) | _days_given(since, before)
    counted = TillCount.objects.filter(day__range=(since, before)).values_list("day", flat=True)
    yield from sorted((day for day in found - set(counted) if day), reverse=True)
