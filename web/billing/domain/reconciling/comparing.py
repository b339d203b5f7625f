"""Comparison of one gateway's statement with our payments and refunds. Every line gets a verdict.

A worker that stops halfway does no harm, because the next one writes the same rows again.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing.domain.reconciling.matching import DISPUTE, PAYMENT, REFUND, Pair, Window, match
from billing.domain.reconciling.matching import Verdict as Judged
from billing.domain.reconciling.ours import bookings, portions
from billing.gateways.facts import About, Movement
from billing.models import Book, Finding, Payment
from common import dates

Verdict = Finding.Verdict
OF_REFUNDS = {Judged.ONLY_OURS: Verdict.REFUND_OURS, Judged.ONLY_THEIRS: Verdict.REFUND_THEIRS}
EXPLAINED, FITS_NOW = "explained", "fits_now"
WRITTEN = [
    *("verdict", "order", "payment", "refund", "our_amount", "our_currency", "our_at"),
    *("likeness", "closed_at", "closed_by", "deed", "why"),
]
AT_ONCE = 250
SETTLING = timedelta(hours=4)
"""PayPal lists payments up to three hours late."""


@dataclass(frozen=True)
class Line(Movement):
    """A line of the gateway's statement, with the id of its stored row."""

    pk: int = 0


def kept(book: Book, movement: Movement) -> Finding:
    return Finding(
        book=book,
        kind=movement.kind,
        reference=movement.reference,
        token=movement.about.token,
        session=movement.about.session,
        of=movement.about.reference,
        their_amount=movement.amount,
        their_currency=movement.currency,
        their_at=movement.at,
        fee=movement.fee,
        payout=movement.payout,
    )


def lines(book: Book) -> Iterator[Line]:
    for row in book.findings.exclude(their_at=None).order_by("their_at", "pk").iterator(AT_ONCE):
        yield line_of(row)


def line_of(row: Finding) -> Line:
    if row.their_at is None or row.their_amount is None:
        raise ValueError("This difference is only in our records.")
    about = About(row.token, row.session, row.of)
    return Line(
        row.kind, row.reference, row.their_amount, row.their_currency, row.their_at, row.fee, row.payout, about,
        pk=row.pk,
    )  # fmt: skip


def window_of(book: Book) -> Window:
    run = book.run
    return Window(dates.at(run.since, time.min), run.cut, sure=run.begun_at - SETTLING)


def compare(book: Book) -> None:
    window = window_of(book)
    book.findings.filter(their_at=None).delete()
    ours = bookings(book.variant, window, lines(book))
    for pairs in portions(match(ours, lines(book), window), AT_ONCE):
        _write(book, pairs)
    inside = book.findings.filter(verdict="", their_at__gte=window.since, their_at__lt=window.until)
    inside.update(verdict=Verdict.OTHER)


def _write(book: Book, pairs: list[Pair]) -> None:
    seen = _seen_before(book, pairs)
    findings = [_finding(book, pair) for pair in pairs if not (pair.ours and pair.ours.reference in seen)]
    _link(book, [finding for finding in findings if finding.payment_id is None])
    remember(findings)
    with transaction.atomic():
        Finding.objects.bulk_create(finding for finding in findings if finding.pk is None)
        # These rows exist already. Creating them with update_conflicts is the fastest way to update many fields.
        Finding.objects.bulk_create(
            [finding for finding in findings if finding.pk],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=WRITTEN,
        )
        matched = [finding for finding in findings if finding.verdict == Verdict.MATCHED]
        _settle_earlier(book, matched)
        # The webhook of a payment often arrives before the gateway knows its fee.
        fees = {f.payment_id: f.fee for f in matched if f.payment_id and f.kind == PAYMENT}
        payments = list(Payment.objects.filter(pk__in=fees, fee=None))
        for payment in payments:
            payment.fee = fees[payment.pk]
        Payment.objects.bulk_update(payments, ["fee"])


def _finding(book: Book, pair: Pair) -> Finding:
    # A line of the gateway keeps its stored row. An entry that only we have gets a new one.
    ours, theirs = pair.ours, pair.theirs
    finding = Finding(book=book, verdict=_verdict(pair))
    if isinstance(theirs, Line):
        finding = kept(book, theirs)
        finding.pk, finding.verdict = theirs.pk, _verdict(pair)
    if ours is not None:
        finding.kind = finding.kind or ours.kind
        finding.order_id = ours.order
        if ours.kind != DISPUTE:
            finding.payment_id, finding.refund_id = (None, ours.pk) if ours.kind == REFUND else (ours.pk, None)
        finding.our_amount, finding.our_currency, finding.our_at = ours.amount, ours.currency, ours.at
    return finding


def _verdict(pair: Pair) -> str:
    kind = pair.theirs.kind if pair.theirs else pair.ours.kind if pair.ours else ""
    if kind == DISPUTE and pair.verdict is not Judged.MATCHED:
        return Verdict.DISPUTE
    if kind == REFUND and pair.verdict in OF_REFUNDS:
        return OF_REFUNDS[pair.verdict]
    return Verdict(pair.verdict)


def _seen_before(book: Book, pairs: Iterable[Pair]) -> set[str]:
    # After days without webhooks we record a payment long after the gateway did, and an earlier run has its line.
    only_ours = {pair.ours.reference: pair.ours for pair in pairs if pair.theirs is None and pair.ours}
    only_ours.pop("", None)
    rows = Finding.objects.filter(book__variant=book.variant, reference__in=only_ours).exclude(their_at=None)
    return {
        reference
        for reference, amount, currency in rows.values_list("reference", "their_amount", "their_currency")
        if (amount, currency) == (only_ours[reference].amount, only_ours[reference].currency)
    }


def _link(book: Book, findings: list[Finding]) -> None:
    # An unknown refund or dispute still names the payment that it belongs to.
    references = {finding.of for finding in findings if finding.of and finding.refund_id is None}
    for payment in Payment.objects.filter(variant=book.variant, transaction_id__in=references):
        for finding in findings:
            if finding.of == payment.transaction_id:
                finding.payment_id, finding.order_id = payment.pk, payment.order_id


def likeness(finding: Finding) -> str:
    """Return a text that is the same for the same difference in every run."""
    ids = (finding.verdict, finding.payment_id, finding.refund_id, finding.line_id, finding.kind, finding.reference)
    amounts = (finding.our_amount, finding.our_currency, finding.their_amount, finding.their_currency)
    shown = [format(part.normalize(), "f") if isinstance(part, Decimal) else str(part) for part in (*ids, *amounts)]
    return hashlib.sha256("|".join([finding.book.variant, *shown]).encode()).hexdigest()


def remember(findings: Iterable[Finding]) -> None:
    differences = {}
    for finding in findings:
        if finding.is_off:
            finding.likeness = likeness(finding)
            differences[finding.likeness] = finding
    # A difference that was explained once needs no second explanation.
    for earlier in Finding.objects.filter(likeness__in=differences, deed=EXPLAINED).order_by("pk"):
        finding = differences[earlier.likeness]
        finding.deed, finding.why = EXPLAINED, earlier.why
        finding.closed_at, finding.closed_by_id = earlier.closed_at, earlier.closed_by_id


def _settle_earlier(book: Book, matched: list[Finding]) -> None:
    # Both sides are here now, so an earlier run that missed one of them needs no answer any more.
    references = {finding.reference for finding in matched if finding.reference}
    refunds = {finding.refund_id for finding in matched if finding.refund_id}
    payments = {finding.payment_id for finding in matched if finding.payment_id}
    is_same = Q(reference__in=references) | Q(refund__in=refunds) | Q(payment__in=payments, refund=None, kind="payment")
    earlier = Finding.objects.open().filter(is_same, book__variant=book.variant).exclude(book=book)
    earlier.update(closed_at=timezone.now(), deed=FITS_NOW, why="A later comparison found both sides.")
