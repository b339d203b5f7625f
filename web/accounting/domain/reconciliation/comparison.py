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

from accounting.domain.reconciliation.our_entries import in_batches, our_entries
from accounting.models import Finding, GatewayStatement
from accounting.rules.statement_matching import DISPUTE, PAYMENT, REFUND, JudgedPair, Window, match_entries
from accounting.rules.statement_matching import Verdict as Judged
from billing.gateways.facts import GatewayLine, PaymentReference
from billing.models import Payment
from common import dates

Verdict = Finding.Verdict
OF_REFUNDS = {Judged.ONLY_OURS: Verdict.REFUND_OURS, Judged.ONLY_THEIRS: Verdict.REFUND_THEIRS}
EXPLAINED, FITS_NOW = "explained", "fits_now"
UPDATED_FIELDS = [
    *("verdict", "order", "payment", "refund", "our_amount", "our_currency", "our_at"),
    *("fingerprint", "closed_at", "closed_by", "action", "note"),
]
BATCH_SIZE = 250
STATEMENT_DELAY = timedelta(hours=4)
"""PayPal lists payments up to three hours late."""


@dataclass(frozen=True)
class StatementLine(GatewayLine):
    """A line of the gateway's statement, with the id of its stored row."""

    pk: int = 0


def finding_from_line(statement: GatewayStatement, line: GatewayLine) -> Finding:
    return Finding(
        statement=statement,
        kind=line.kind,
        reference=line.reference,
        token=line.about.token,
        session=line.about.session,
        parent_reference=line.about.reference,
        their_amount=line.amount,
        their_currency=line.currency,
        their_at=line.at,
        fee=line.fee,
        payout=line.payout,
    )


def statement_lines(statement: GatewayStatement) -> Iterator[StatementLine]:
    for row in statement.findings.exclude(their_at=None).order_by("their_at", "pk").iterator(BATCH_SIZE):
        yield line_from_finding(row)


def line_from_finding(row: Finding) -> StatementLine:
    if row.their_at is None or row.their_amount is None:
        raise ValueError("This difference is only in our records.")
    about = PaymentReference(row.token, row.session, row.parent_reference)
    return StatementLine(
        row.kind, row.reference, row.their_amount, row.their_currency, row.their_at, row.fee, row.payout, about,
        pk=row.pk,
    )  # fmt: skip


def window_of_statement(statement: GatewayStatement) -> Window:
    run = statement.run
    return Window(
        dates.local_moment(run.from_date, time.min), run.cutoff, certain_until=run.started_at - STATEMENT_DELAY
    )


def compare_statement(statement: GatewayStatement) -> None:
    window = window_of_statement(statement)
    statement.findings.filter(their_at=None).delete()
    ours = our_entries(statement.variant, window, statement_lines(statement))
    for pairs in in_batches(match_entries(ours, statement_lines(statement), window), BATCH_SIZE):
        _write_findings(statement, pairs)
    inside = statement.findings.filter(verdict="", their_at__gte=window.since, their_at__lt=window.until)
    inside.update(verdict=Verdict.OTHER)


def _write_findings(statement: GatewayStatement, pairs: list[JudgedPair]) -> None:
    seen = _references_seen_before(statement, pairs)
    findings = [_finding_of_pair(statement, pair) for pair in pairs if not (pair.ours and pair.ours.reference in seen)]
    _link_to_payments(statement, [finding for finding in findings if finding.payment_id is None])
    apply_earlier_explanations(findings)
    with transaction.atomic():
        Finding.objects.bulk_create(finding for finding in findings if finding.pk is None)
        # These rows exist already. Creating them with update_conflicts is the fastest way to update many fields.
        Finding.objects.bulk_create(
            [finding for finding in findings if finding.pk],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=UPDATED_FIELDS,
        )
        matched = [finding for finding in findings if finding.verdict == Verdict.MATCHED]
        _close_earlier_findings(statement, matched)
        # The webhook of a payment often arrives before the gateway knows its fee.
        fees = {f.payment_id: f.fee for f in matched if f.payment_id and f.kind == PAYMENT}
        payments = list(Payment.objects.filter(pk__in=fees, fee=None))
        for payment in payments:
            payment.fee = fees[payment.pk]
        Payment.objects.bulk_update(payments, ["fee"])


def _finding_of_pair(statement: GatewayStatement, pair: JudgedPair) -> Finding:
    # A line of the gateway keeps its stored row. An entry that only we have gets a new one.
    ours, theirs = pair.ours, pair.theirs
    finding = Finding(statement=statement, verdict=_verdict_of_pair(pair))
    if isinstance(theirs, StatementLine):
        finding = finding_from_line(statement, theirs)
        finding.pk, finding.verdict = theirs.pk, _verdict_of_pair(pair)
    if ours is not None:
        finding.kind = finding.kind or ours.kind
        finding.order_id = ours.order
        if ours.kind != DISPUTE:
            finding.payment_id, finding.refund_id = (None, ours.pk) if ours.kind == REFUND else (ours.pk, None)
        finding.our_amount, finding.our_currency, finding.our_at = ours.amount, ours.currency, ours.at
    return finding


def _verdict_of_pair(pair: JudgedPair) -> str:
    kind = pair.theirs.kind if pair.theirs else pair.ours.kind if pair.ours else ""
    if kind == DISPUTE and pair.verdict is not Judged.MATCHED:
        return Verdict.DISPUTE
    if kind == REFUND and pair.verdict in OF_REFUNDS:
        return OF_REFUNDS[pair.verdict]
    return Verdict(pair.verdict)


def _references_seen_before(statement: GatewayStatement, pairs: Iterable[JudgedPair]) -> set[str]:
    # After days without webhooks we record a payment long after the gateway did, and an earlier run has its line.
    only_ours = {pair.ours.reference: pair.ours for pair in pairs if pair.theirs is None and pair.ours}
    only_ours.pop("", None)
    rows = Finding.objects.filter(statement__variant=statement.variant, reference__in=only_ours).exclude(their_at=None)
    return {
        reference
        for reference, amount, currency in rows.values_list("reference", "their_amount", "their_currency")
        if (amount, currency) == (only_ours[reference].amount, only_ours[reference].currency)
    }


def _link_to_payments(statement: GatewayStatement, findings: list[Finding]) -> None:
    # An unknown refund or dispute still names the payment that it belongs to.
    references = {
        finding.parent_reference for finding in findings if finding.parent_reference and finding.refund_id is None
    }
    for payment in Payment.objects.filter(variant=statement.variant, transaction_id__in=references):
        for finding in findings:
            if finding.parent_reference == payment.transaction_id:
                finding.payment_id, finding.order_id = payment.pk, payment.order_id


def finding_fingerprint(finding: Finding) -> str:
    """Return a text that is the same for the same difference in every run."""
    ids = (finding.verdict, finding.payment_id, finding.refund_id, finding.line_id, finding.kind, finding.reference)
    amounts = (finding.our_amount, finding.our_currency, finding.their_amount, finding.their_currency)
    shown = [format(part.normalize(), "f") if isinstance(part, Decimal) else str(part) for part in (*ids, *amounts)]
    return hashlib.sha256("|".join([finding.statement.variant, *shown]).encode()).hexdigest()


def apply_earlier_explanations(findings: Iterable[Finding]) -> None:
    differences = {}
    for finding in findings:
        if finding.is_off:
            finding.fingerprint = finding_fingerprint(finding)
            differences[finding.fingerprint] = finding
    # A difference that was explained once needs no second explanation.
    for earlier in Finding.objects.filter(fingerprint__in=differences, action=EXPLAINED).order_by("pk"):
        finding = differences[earlier.fingerprint]
        finding.action, finding.note = EXPLAINED, earlier.note
        finding.closed_at, finding.closed_by_id = earlier.closed_at, earlier.closed_by_id


def _close_earlier_findings(statement: GatewayStatement, matched: list[Finding]) -> None:
    # Both sides are here now, so an earlier run that missed one of them no longer needs an answer.
    references = {finding.reference for finding in matched if finding.reference}
    refunds = {finding.refund_id for finding in matched if finding.refund_id}
    payments = {finding.payment_id for finding in matched if finding.payment_id}
    is_same = Q(reference__in=references) | Q(refund__in=refunds) | Q(payment__in=payments, refund=None, kind="payment")
    earlier = Finding.objects.open().filter(is_same, statement__variant=statement.variant).exclude(statement=statement)
    earlier.update(closed_at=timezone.now(), action=FITS_NOW, note="A later comparison found both sides.")
