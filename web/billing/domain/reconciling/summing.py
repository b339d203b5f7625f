"""A run in numbers: how many of each verdict, and what each payout of a gateway is made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.models import Finding, Reconciliation
from common import dates
from common.money import rounded


@dataclass(frozen=True)
class Tally:
    verdict: str
    label: str
    all: int
    open: int
    is_off: bool


def tallies(run: Reconciliation) -> list[Tally]:
    rows = Finding.objects.filter(book__run=run).exclude(verdict="").order_by().values("verdict")
    counted = rows.annotate(all=Count("pk"), open=Count("pk", filter=Q(closed_at=None)))
    found = {row["verdict"]: (row["all"], row["open"]) for row in counted}
    return [
        Tally(verdict.value, str(verdict.label), *found[verdict], is_off=verdict not in Finding.FINE)
        for verdict in Finding.Verdict
        if verdict in found
    ]


@dataclass(frozen=True)
class Payout:
    """One transfer of a gateway to the school's bank; without a name it is what waits for the next."""

    variant: str
    name: str
    currency: str
    count: int
    gross: Decimal
    fee: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.fee


def payouts(run: Reconciliation) -> list[Payout]:
    rows = Finding.objects.filter(book__run=run).exclude(their_at=None).exclude(verdict="")
    named = rows.order_by().values("book__variant", "payout", "their_currency")
    found = named.annotate(count=Count("pk"), gross=Sum("their_amount"), fees=Sum("fee"))
    each = found.values_list("book__variant", "payout", "their_currency", "count", "gross", "fees")
    return [Payout(*row) for row in each.order_by("book__variant", "payout", "their_currency")]


def drawn(found: list[Payout]) -> list[tuple[str, list[tuple[str, Decimal]]]]:
    """What each payout brought, currency by currency: different money is never put on one scale."""
    charts: dict[str, list[tuple[str, Decimal]]] = {}
    for payout in found:
        name = payout.name or f"{payout.variant}, to come"
        charts.setdefault(payout.currency, []).append((name, rounded(payout.net, payout.currency)))
    return [(currency, rows) for currency, rows in charts.items() if len(rows) > 1]


def waiting(found: Iterable[Reconciliation]) -> dict[int, int]:
    """How many findings of each run wait for somebody."""
    counted = Finding.objects.open().filter(book__run__in=list(found)).order_by().values("book__run")
    return dict(counted.annotate(count=Count("pk")).values_list("book__run", "count"))


def last_month() -> dict[str, date]:
    """The last whole month, on the school's clock."""
    end = dates.today().replace(day=1) - timedelta(days=1)
    return {"since": end.replace(day=1), "until": end}
