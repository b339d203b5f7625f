"""The books for the accountant: each payment and each refund, divided among the lines of its order to the last cent."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from billing import gateways
from billing.domain.reconciling.ours import portions
from billing.domain.vouchers import account as account_of_vouchers
from billing.kinds import ZERO, Facts
from billing.models import Finding, Payment, Refund
from common import dates
from common.formats import currency_digits
from common.money import rounded

FEES = "fees"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
AT_ONCE = 200


@dataclass(frozen=True)
class Row:
    """One share of one payment or refund; below zero for money that left."""

    date: str
    order: int | None
    line: int | None
    title: str
    account: str
    amount: Decimal
    tax_percent: Decimal
    tax: Decimal
    fee: Decimal
    fee_account: str
    currency: str
    method: str
    method_account: str
    reference: str
    payout: str

    def cells(self) -> list[str]:
        places = currency_digits(self.currency)
        return [_cell(value, places) for value in astuple(self)]


HEADINGS = [field.name for field in fields(Row)]


def _cell(value: object, places: int) -> str:
    """Numbers as numbers. A text that a spreadsheet would take for a formula is marked as a text."""
    if isinstance(value, Decimal):
        return f"{value + 0:.{places}f}"  # never -0.00
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text


def account(name: str) -> str:
    """The accountant's code of a kind of product, of a way to pay, or of fees."""
    return codes().get(name, name)


def codes() -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in settings.ACCOUNT_CODES)


@dataclass(frozen=True)
class Span:
    """Days, both inclusive, on the school's clock."""

    since: date
    until: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        return dates.at(self.since, time.min), dates.at(self.until + timedelta(days=1), time.min)

    def payments(self) -> QuerySet[Payment]:
        """What the desk has in hand belongs to the day it was received, whenever it was typed in."""
        start, end = self.moments
        online = Q(received_on=None, captured_at__gte=start, captured_at__lt=end)
        by_hand = Q(received_on__range=(self.since, self.until))
        return Payment.objects.exclude(captured_at=None).filter(online | by_hand)

    def refunds(self) -> QuerySet[Refund]:
        start, end = self.moments
        return Refund.objects.filter(state=Refund.State.DONE, settled_at__gte=start, settled_at__lt=end)


def rows(span: Span) -> Iterator[Row]:
    """First what came in, then what went back; read in portions, however long the span."""
    payments = span.payments().select_related("order").prefetch_related("order__lines").order_by("captured_at", "pk")
    for portion in portions(payments.iterator(AT_ONCE), AT_ONCE):
        paid_out = _payouts([payment.pk for payment in portion], refunds=False)
        for payment in portion:
            yield from _of_payment(payment, paid_out.get(payment.pk, ""))
    refunds = span.refunds().select_related("payment__order").prefetch_related("payment__order__lines")
    for back in portions(refunds.order_by("settled_at", "pk").iterator(AT_ONCE), AT_ONCE):
        paid_out = _payouts([refund.pk for refund in back], refunds=True)
        for refund in back:
            yield from _of_refund(refund, paid_out.get(refund.pk, ""))
    yield from _of_vouchers(span)


def _of_vouchers(span: Span) -> Iterator[Row]:
    """Vouchers that nobody paid for, and what was left on those made void: both change what the school owes."""
    for entry in account_of_vouchers.without_money(*span.moments):
        line = entry.voucher.line
        yield Row(
            date=dates.local(entry.at).date().isoformat(),
            order=line.order_id if line else None,
            line=line.pk if line else None,
            title=f"{str(entry.voucher).capitalize()}: {entry.why}",
            account=account("voucher"),
            amount=entry.amount,
            tax_percent=ZERO,
            tax=ZERO,
            fee=ZERO,
            fee_account="",
            currency=entry.voucher.currency,
            method=f"voucher {entry.reason}",
            method_account=account(f"voucher-{entry.reason}"),
            reference=entry.voucher.mark,
            payout="",
        )


def _payouts(ids: list[int], *, refunds: bool) -> dict[int, str]:
    """As the gateways' books told it when they were compared."""
    which = "refund_id" if refunds else "payment_id"
    found = Finding.objects.filter(**{f"{which}__in": ids}, kind="refund" if refunds else "payment")
    return dict(found.exclude(payout="").order_by("pk").values_list(which, "payout"))


@dataclass(frozen=True)
class Moved:
    """A payment or a refund, before it is divided."""

    day: date
    amount: Decimal
    reference: str
    payout: str
    fee: Decimal = ZERO


def _of_payment(payment: Payment, payout: str) -> Iterator[Row]:
    day = payment.received_on or dates.local(payment.captured_at or payment.created).date()
    fee = payment.fee or ZERO
    return _shared(payment, Moved(day, payment.captured_amount, payment.transaction_id or "", payout, fee))


def _of_refund(refund: Refund, payout: str) -> Iterator[Row]:
    day = dates.local(refund.settled_at or refund.created_at).date()
    return _shared(refund.payment, Moved(day, -refund.amount, refund.transaction_id, payout))


def _shared(payment: Payment, moved: Moved) -> Iterator[Row]:
    lines = list(payment.order.lines.all())
    weights = [line.now_total for line in lines]
    parts = shares(moved.amount, weights, payment.currency)
    fees = shares(moved.fee, weights, payment.currency)
    for line, part, fee in zip(lines or [None], parts, fees, strict=True):
        rate = Facts.from_json(line.facts).tax_percent if line and line.facts else ZERO
        yield Row(
            date=moved.day.isoformat(),
            order=payment.order_id,
            line=line.pk if line else None,
            title=str(line or ""),
            account=account(line.kind) if line else "",
            amount=part,
            tax_percent=rate,
            tax=rounded(part * rate / (100 + rate), payment.currency),
            fee=fee,
            fee_account=account(FEES) if fee else "",
            currency=payment.currency,
            method=payment.variant,
            method_account=account(payment.variant),
            reference=moved.reference,
            payout=moved.payout,
        )


def shares(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Divided by weight, each share payable, the sum exact: what rounding takes from one it gives to the next."""
    total = sum(weights, ZERO)
    if not total:
        return [amount] + [ZERO] * (len(weights) - 1)
    found, given, weight = [], ZERO, ZERO
    for each in weights:
        weight += each
        upto = amount if weight == total else rounded(amount * weight / total, currency)
        found.append(upto - given)
        given = upto
    return found


# -- the same in sums ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sums:
    method: str
    currency: str
    payments: int = 0
    came: Decimal = ZERO
    went: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def net_amount(self) -> Decimal:
        return self.came - self.went

    @property
    def label(self) -> str:
        return gateways.method_label(self.method)


def sums(span: Span) -> list[Sums]:
    """Straight from the ledger, one a method and currency: what the rows must come to."""
    found: dict[tuple[str, str], Sums] = {}
    came = span.payments().order_by().values("variant", "currency")
    for row in came.annotate(count=Count("pk"), came=Sum("captured_amount"), fees=Sum("fee")):
        key = (row["variant"], row["currency"])
        found[key] = Sums(*key, row["count"], row["came"], ZERO, row["fees"] or ZERO)
    went = span.refunds().order_by().values("payment__variant", "payment__currency")
    for row in went.annotate(went=Sum("amount")):
        key = (row["payment__variant"], row["payment__currency"])
        found[key] = replace(found.get(key, Sums(*key)), went=row["went"])
    for entry in account_of_vouchers.without_money(*span.moments):
        key = (f"voucher {entry.reason}", entry.voucher.currency)
        sums = found.get(key, Sums(*key))
        came, went = max(entry.amount, ZERO), max(-entry.amount, ZERO)
        found[key] = replace(sums, payments=sums.payments + 1, came=sums.came + came, went=sums.went + went)
    return [found[key] for key in sorted(found)]


def table(span: Span) -> Iterator[list[str]]:
    yield HEADINGS
    for row in rows(span):
        yield row.cells()
