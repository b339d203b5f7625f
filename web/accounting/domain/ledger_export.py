"""The accountant's ledger: each payment and refund, split exactly among the lines of its order."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from accounting.domain import voucher_liability
from accounting.domain.reconciliation.our_entries import in_batches
from accounting.models import Finding
from billing import gateways
from billing.models import Payment, Refund
from billing.rules.price_facts import PriceFacts
from common import dates
from common.formats import currency_digits
from common.money import ZERO, round_amount

FEES = "fees"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
BATCH_SIZE = 200


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """One line's share of one payment or refund. Refunds are negative."""

    date: str
    order: int | None
    line: int | None
    title: str
    account: str
    amount: Decimal
    tax_percent: Decimal = ZERO
    tax: Decimal = ZERO
    fee: Decimal = ZERO
    fee_account: str = ""
    currency: str
    method: str
    method_account: str
    reference: str
    payout: str = ""

    def cells(self) -> list[str]:
        places = currency_digits(self.currency)
        cells = []
        for value in astuple(self):
            if isinstance(value, Decimal):
                cells.append(f"{value + 0:.{places}f}")  # Adding zero turns -0.00 into 0.00.
            else:
                text = "" if value is None else str(value)
                # The apostrophe keeps a spreadsheet from running the text as a formula.
                cells.append(f"'{text}" if text.startswith(FORMULAS) else text)
        return cells


HEADINGS = [field.name for field in fields(LedgerRow)]


def account_code(name: str) -> str:
    return account_codes().get(name, name)


def account_codes() -> dict[str, str]:
    return dict(pair.split(":", 1) for pair in settings.ACCOUNT_CODES)


@dataclass(frozen=True)
class DateRange:
    """A range of days in the school's time zone; both ends are included."""

    since: date
    until: date

    @property
    def moments(self) -> tuple[datetime, datetime]:
        return dates.local_moment(self.since, time.min), dates.local_moment(self.until + timedelta(days=1), time.min)

    def payments(self) -> QuerySet[Payment]:
        # A payment at the desk counts on the day it was received, even if it was recorded later.
        start, end = self.moments
        online = Q(received_on=None, captured_at__gte=start, captured_at__lt=end)
        by_hand = Q(received_on__range=(self.since, self.until))
        return Payment.objects.exclude(captured_at=None).filter(online | by_hand)

    def refunds(self) -> QuerySet[Refund]:
        start, end = self.moments
        return Refund.objects.filter(state=Refund.State.DONE, completed_at__gte=start, completed_at__lt=end)


def ledger_rows(span: DateRange) -> Iterator[LedgerRow]:
    payments = span.payments().select_related("order").prefetch_related("order__lines").order_by("captured_at", "pk")
    for payment_batch in in_batches(payments.iterator(BATCH_SIZE), BATCH_SIZE):
        payouts = _payout_references([payment.pk for payment in payment_batch], refunds=False)
        for payment in payment_batch:
            day = payment.received_on or dates.to_local_time(payment.captured_at or payment.created).date()
            reference, payout = payment.transaction_id or "", payouts.get(payment.pk, "")
            yield from _split_among_lines(
                payment, LedgerAmount(day, payment.captured_amount, reference, payout, payment.fee or ZERO)
            )
    refunds = span.refunds().select_related("payment__order").prefetch_related("payment__order__lines")
    for refund_batch in in_batches(refunds.order_by("completed_at", "pk").iterator(BATCH_SIZE), BATCH_SIZE):
        payouts = _payout_references([refund.pk for refund in refund_batch], refunds=True)
        for refund in refund_batch:
            day = dates.to_local_time(refund.completed_at or refund.created_at).date()
            payout = payouts.get(refund.pk, "")
            yield from _split_among_lines(
                refund.payment, LedgerAmount(day, -refund.amount, refund.transaction_id, payout)
            )
    yield from _rows_of_vouchers(span)


def _rows_of_vouchers(span: DateRange) -> Iterator[LedgerRow]:
    # Free vouchers and the rest of voided ones have no payment or refund, but they change what the school owes.
    for entry in voucher_liability.entries_without_payment(*span.moments):
        line = entry.voucher.line
        yield LedgerRow(
            date=dates.to_local_time(entry.created_at).date().isoformat(),
            order=line.order_id if line else None,
            line=line.pk if line else None,
            title=f"{str(entry.voucher).capitalize()}: {entry.note}",
            account=account_code("voucher"),
            amount=entry.amount,
            currency=entry.voucher.currency,
            method=f"voucher {entry.reason}",
            method_account=account_code(f"voucher-{entry.reason}"),
            reference=entry.voucher.mark,
        )


def _payout_references(ids: list[int], *, refunds: bool) -> dict[int, str]:
    # Payouts are known from the last comparison with the gateway.
    field_name = "refund_id" if refunds else "payment_id"
    findings = Finding.objects.filter(**{f"{field_name}__in": ids}, kind="refund" if refunds else "payment")
    return dict(findings.exclude(payout="").order_by("pk").values_list(field_name, "payout"))


@dataclass(frozen=True)
class LedgerAmount:
    """A payment or refund before it is split among the lines. Refunds are negative."""

    day: date
    amount: Decimal
    reference: str
    payout: str
    fee: Decimal = ZERO


def _split_among_lines(payment: Payment, total: LedgerAmount) -> Iterator[LedgerRow]:
    lines = list(payment.order.lines.all())
    weights = [line.early_total for line in lines]
    amounts = split_by_weight(total.amount, weights, payment.currency)
    fees = split_by_weight(total.fee, weights, payment.currency)
    for line, amount, fee in zip(lines or [None], amounts, fees, strict=True):
        rate = PriceFacts.from_json(line.price_facts).tax_percent if line and line.price_facts else ZERO
        yield LedgerRow(
            date=total.day.isoformat(),
            order=payment.order_id,
            line=line.pk if line else None,
            title=str(line or ""),
            account=account_code(line.account_name) if line else "",
            amount=amount,
            tax_percent=rate,
            tax=round_amount(amount * rate / (100 + rate), payment.currency),
            fee=fee,
            fee_account=account_code(FEES) if fee else "",
            currency=payment.currency,
            method=payment.variant,
            method_account=account_code(payment.variant),
            reference=total.reference,
            payout=total.payout,
        )


def split_by_weight(amount: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Split by weight into payable amounts. The shares add up exactly: rounding carries over to the next one."""
    total = sum(weights, ZERO)
    if not total:
        return [amount] + [ZERO] * (len(weights) - 1)
    parts, allocated, weight_so_far = [], ZERO, ZERO
    for weight in weights:
        weight_so_far += weight
        target = amount if weight_so_far == total else round_amount(amount * weight_so_far / total, currency)
        parts.append(target - allocated)
        allocated = target
    return parts


# -- totals --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MethodTotals:
    method: str
    currency: str
    payments: int = 0
    received: Decimal = ZERO
    refunded: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def net_amount(self) -> Decimal:
        return self.received - self.refunded

    @property
    def label(self) -> str:
        return gateways.method_label(self.method)


def totals_by_method(span: DateRange) -> list[MethodTotals]:
    """Add up by method and currency, straight from the database. The ledger rows must give the same totals."""
    totals: dict[tuple[str, str], MethodTotals] = {}
    payments = span.payments().order_by().values("variant", "currency")
    for row in payments.annotate(count=Count("pk"), came=Sum("captured_amount"), fees=Sum("fee")):
        key = (row["variant"], row["currency"])
        totals[key] = MethodTotals(*key, row["count"], row["came"], ZERO, row["fees"] or ZERO)
    refunds = span.refunds().order_by().values("payment__variant", "payment__currency")
    for row in refunds.annotate(went=Sum("amount")):
        key = (row["payment__variant"], row["payment__currency"])
        totals[key] = replace(totals.get(key, MethodTotals(*key)), refunded=row["went"])
    for entry in voucher_liability.entries_without_payment(*span.moments):
        key = (f"voucher {entry.reason}", entry.voucher.currency)
        total = totals.get(key, MethodTotals(*key))
        received, refunded = max(entry.amount, ZERO), max(-entry.amount, ZERO)
        totals[key] = replace(
            total, payments=total.payments + 1, received=total.received + received, refunded=total.refunded + refunded
        )
    return [totals[key] for key in sorted(totals)]


def ledger_table(span: DateRange) -> Iterator[list[str]]:
    yield HEADINGS
    for row in ledger_rows(span):
        yield row.cells()
