"""One gateway's book: the lines that were read beside our bookings, each line given its verdict.

Whatever is written here is written the same when a worker dies half-way and another begins anew.
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
"""PayPal lists money up to three hours late."""


@dataclass(frozen=True)
class Line(Movement):
    """A line of their book, with its row."""

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
    for portion in portions(match(ours, lines(book), window), AT_ONCE):
        _write(book, portion)
    inside = book.findings.filter(verdict="", their_at__gte=window.since, their_at__lt=window.until)
    inside.update(verdict=Verdict.OTHER)


def _write(book: Book, pairs: list[Pair]) -> None:
    known = _seen_before(book, pairs)
    found = [_finding(book, pair) for pair in pairs if not (pair.ours and pair.ours.reference in known)]
    _link(book, [each for each in found if each.payment_id is None])
    remember(found)
    with transaction.atomic():
        Finding.objects.bulk_create(each for each in found if each.pk is None)
        Finding.objects.bulk_create(  # every row is there: this is the quick way to write much of many
            [each for each in found if each.pk], update_conflicts=True, unique_fields=["pk"], update_fields=WRITTEN
        )
        fitting = [each for each in found if each.verdict == Verdict.MATCHED]
        _settle_earlier(book, fitting)
        _learn_fees({each.payment_id: each.fee for each in fitting if each.payment_id and each.kind == PAYMENT})


def _finding(book: Book, pair: Pair) -> Finding:
    """The row of theirs with its verdict, or a new one for what only we have."""
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
    """Booked by us long after them, as after days without webhooks: an earlier run has their line."""
    alone = {pair.ours.reference: pair.ours for pair in pairs if pair.theirs is None and pair.ours}
    alone.pop("", None)
    rows = Finding.objects.filter(book__variant=book.variant, reference__in=alone).exclude(their_at=None)
    seen = rows.values_list("reference", "their_amount", "their_currency")
    return {ref for ref, amount, currency in seen if (amount, currency) == (alone[ref].amount, alone[ref].currency)}


def _link(book: Book, found: list[Finding]) -> None:
    """A refund or a dispute that we do not know leads to its payment all the same."""
    names = {each.of: each for each in found if each.of and each.refund_id is None}
    for payment in Payment.objects.filter(variant=book.variant, transaction_id__in=names):
        for each in found:
            if each.of == payment.transaction_id:
                each.payment_id, each.order_id = payment.pk, payment.order_id


def likeness(finding: Finding) -> str:
    """The same text for the same trouble in any run."""
    ids = (finding.verdict, finding.payment_id, finding.refund_id, finding.line_id, finding.kind, finding.reference)
    amounts = (finding.our_amount, finding.our_currency, finding.their_amount, finding.their_currency)
    shown = [format(part.normalize(), "f") if isinstance(part, Decimal) else str(part) for part in (*ids, *amounts)]
    return hashlib.sha256("|".join([finding.book.variant, *shown]).encode()).hexdigest()


def remember(found: Iterable[Finding]) -> None:
    """What was explained once needs no second explanation."""
    off = {}
    for each in found:
        if each.is_off:
            each.likeness = likeness(each)
            off[each.likeness] = each
    for earlier in Finding.objects.filter(likeness__in=off, deed=EXPLAINED).order_by("pk"):
        each = off[earlier.likeness]
        each.deed, each.why = EXPLAINED, earlier.why
        each.closed_at, each.closed_by_id = earlier.closed_at, earlier.closed_by_id


def _learn_fees(fees: dict[int, Decimal]) -> None:
    """A message about a payment often comes before its fee is known."""
    payments = list(Payment.objects.filter(pk__in=fees, fee=None))
    for payment in payments:
        payment.fee = fees[payment.pk]
    Payment.objects.bulk_update(payments, ["fee"])


def _settle_earlier(book: Book, fitting: list[Finding]) -> None:
    """What an earlier run found missing and this one finds is no question any more."""
    references = {each.reference for each in fitting if each.reference}
    refunds = {each.refund_id for each in fitting if each.refund_id}
    payments = {each.payment_id for each in fitting if each.payment_id}
    same = Q(reference__in=references) | Q(refund__in=refunds) | Q(payment__in=payments, refund=None, kind="payment")
    earlier = Finding.objects.open().filter(same, book__variant=book.variant).exclude(book=book)
    earlier.update(closed_at=timezone.now(), deed=FITS_NOW, why="A later comparison found both sides.")
