"""A run in numbers: how many of each verdict, and what each payout of a gateway is made of."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet, Sum

from billing import gateways
from billing.kinds import ZERO
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


def open_ones() -> QuerySet[Finding]:
    return Finding.objects.open()


def name_of(variant: str) -> str:
    """Short, for headings of tables: PayPal, Stripe; our own book has no gateway."""
    if not variant:
        return "Our own books"
    try:
        brand = type(gateways.get(variant)).__name__
    except gateways.UnknownGateway:
        return variant.title()
    return brand if brand.lower() == variant else variant.title()


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


@dataclass(frozen=True)
class Side:
    """What one gateway's book comes to in one currency, as we have it and as they do."""

    variant: str
    currency: str
    ours: Decimal
    theirs: Decimal

    @property
    def difference(self) -> Decimal:
        return self.theirs - self.ours

    @property
    def drawn(self) -> list[tuple[str, Decimal]]:
        return [("Ours", rounded(self.ours, self.currency)), ("Theirs", rounded(self.theirs, self.currency))]


def sides(run: Reconciliation) -> list[Side]:
    """What they alone have is no money of ours yet, though an attempt of ours may stand beside it."""
    rows = Finding.objects.filter(book__run=run).exclude(book__variant="").exclude(verdict__in=["", "other"]).order_by()
    ours = rows.exclude(verdict__in=["only_theirs", "refund_theirs", "dispute"]).exclude(our_amount=None)
    theirs = rows.exclude(their_amount=None)
    mine = dict(_sums(ours.values_list("book__variant", "our_currency").annotate(Sum("our_amount"))))
    other = dict(_sums(theirs.values_list("book__variant", "their_currency").annotate(Sum("their_amount"))))
    return [Side(*key, mine.get(key, ZERO), other.get(key, ZERO)) for key in sorted(mine.keys() | other.keys())]


def _sums(rows: Iterable[tuple[str, str, Decimal]]) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for variant, currency, amount in rows:
        yield (variant, currency), amount


def payouts(run: Reconciliation) -> list[Payout]:
    """The line that is the transfer itself is left out, else each would come to nothing."""
    rows = Finding.objects.filter(book__run=run).exclude(their_at=None).exclude(verdict="")
    rows = rows.exclude(~Q(payout=""), reference=F("payout"))
    named = rows.order_by().values("book__variant", "payout", "their_currency")
    found = named.annotate(count=Count("pk"), gross=Sum("their_amount"), fees=Sum("fee"))
    each = found.values_list("book__variant", "payout", "their_currency", "count", "gross", "fees")
    return [Payout(*row) for row in each.order_by("book__variant", "payout", "their_currency")]


def drawn(found: list[Payout]) -> list[tuple[str, list[tuple[str, Decimal]]]]:
    """What each payout brought, currency by currency: different money is never put on one scale."""
    charts: dict[str, list[tuple[str, Decimal]]] = {}
    for payout in found:
        name = payout.name or f"{name_of(payout.variant)}, to come"
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
