"""Totals of a run: the findings by verdict, the amounts by gateway, and the payouts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from accounting.models import Finding, Reconciliation
from billing import gateways
from common import dates
from common.money import ZERO, round_amount


@dataclass(frozen=True)
class VerdictCount:
    verdict: str
    label: str
    all: int
    open: int
    is_off: bool


def open_findings() -> QuerySet[Finding]:
    return Finding.objects.open()


def gateway_name(variant: str) -> str:
    if not variant:
        return "Our records"
    try:
        brand = type(gateways.gateway_named(variant)).__name__
    except gateways.UnknownGateway:
        return variant.title()
    return brand if brand.lower() == variant else variant.title()


def count_by_verdict(run: Reconciliation) -> list[VerdictCount]:
    rows = Finding.objects.filter(statement__run=run).exclude(verdict="").order_by().values("verdict")
    totals = rows.annotate(all=Count("pk"), open=Count("pk", filter=Q(closed_at=None)))
    counts = {row["verdict"]: (row["all"], row["open"]) for row in totals}
    return [
        VerdictCount(verdict.value, str(verdict.label), *counts[verdict], is_off=verdict not in Finding.FINE)
        for verdict in Finding.Verdict
        if verdict in counts
    ]


@dataclass(frozen=True)
class Payout:
    """One transfer of a gateway to the school's bank. Without a name, it is the amount not yet paid out."""

    variant: str
    name: str
    currency: str
    count: int
    gross: Decimal
    fee: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.fee


@dataclass(frozen=True)
class StatementTotals:
    """The totals of one gateway in one currency, by our records and by its own."""

    variant: str
    currency: str
    ours: Decimal
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours

    @property
    def drawn(self) -> list[tuple[str, Decimal]]:
        return [
            ("Our records", round_amount(self.ours, self.currency)),
            ("Their records", round_amount(self.theirs, self.currency)),
        ]


def totals_by_statement(run: Reconciliation) -> list[StatementTotals]:
    of_gateways = Finding.objects.filter(statement__run=run).exclude(statement__variant="")
    rows = of_gateways.exclude(verdict__in=["", "other"]).order_by()
    # An amount that only the gateway has does not count as ours, even if one of our attempts is linked to it.
    ours = rows.exclude(verdict__in=["only_theirs", "refund_theirs", "dispute"]).exclude(our_amount=None)
    theirs = rows.exclude(their_amount=None)
    our_rows = ours.values_list("statement__variant", "our_currency").annotate(Sum("our_amount"))
    their_rows = theirs.values_list("statement__variant", "their_currency").annotate(Sum("their_amount"))
    our_sums = {(variant, currency): amount for variant, currency, amount in our_rows}
    their_sums = {(variant, currency): amount for variant, currency, amount in their_rows}
    keys = sorted(our_sums.keys() | their_sums.keys())
    return [StatementTotals(*key, our_sums.get(key, ZERO), their_sums.get(key, ZERO)) for key in keys]


def payouts_of_run(run: Reconciliation) -> list[Payout]:
    rows = Finding.objects.filter(statement__run=run).exclude(their_at=None).exclude(verdict="")
    # The transfer itself is also a line. It is left out because it would cancel the others.
    rows = rows.exclude(~Q(payout=""), reference=F("payout"))
    grouped = rows.order_by().values("statement__variant", "payout", "their_currency")
    summed = grouped.annotate(count=Count("pk"), gross=Sum("their_amount"), fees=Sum("fee"))
    totals = summed.values_list("statement__variant", "payout", "their_currency", "count", "gross", "fees")
    return [Payout(*row) for row in totals.order_by("statement__variant", "payout", "their_currency")]


def chart_rows(shown: list[Payout]) -> list[tuple[str, list[tuple[str, Decimal]]]]:
    # Amounts in different currencies cannot share a scale, so each currency gets a chart.
    charts: dict[str, list[tuple[str, Decimal]]] = {}
    for payout in shown:
        name = payout.name or f"{gateway_name(payout.variant)}, not paid out yet"
        charts.setdefault(payout.currency, []).append((name, round_amount(payout.net, payout.currency)))
    return [(currency, rows) for currency, rows in charts.items() if len(rows) > 1]


def open_counts_by_run(runs: Iterable[Reconciliation]) -> dict[int, int]:
    rows = Finding.objects.open().filter(statement__run__in=list(runs)).order_by().values("statement__run")
    return dict(rows.annotate(count=Count("pk")).values_list("statement__run", "count"))


def last_month() -> dict[str, date]:
    end = dates.local_today().replace(day=1) - timedelta(days=1)
    return {"since": end.replace(day=1), "until": end}
