"""Apply a gateway's statement line to our records like a webhook, and check whether both sides agree now."""

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from accounting.domain.reconciliation.comparison import FITS_NOW, line_from_finding
from accounting.domain.reconciliation.our_entries import entries_of_dispute, entry_of_payment, entry_of_refund
from accounting.models import Finding
from accounting.rules.statement_matching import DISPUTE, REFUND, Verdict, Window, match_entries
from billing import gateways
from billing.domain.payments import webhooks
from billing.gateways.facts import DisputeState, Fact, PaymentCaptured, RefundState
from billing.models import Dispute, Payment, Refund
from common.money import ZERO

ALWAYS = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def replay_gateway_line(finding: Finding) -> None:
    if finding.payment is not None and finding.their_amount is not None:
        webhooks.apply_polled_state(finding.payment, [payment_fact_of(finding)])


def payment_fact_of(finding: Finding) -> Fact:
    amount, currency = finding.their_amount or ZERO, finding.their_currency
    if finding.kind == REFUND:
        return RefundState(finding.reference, -amount, currency, Refund.State.DONE)
    if finding.kind == DISPUTE:
        state = Dispute.State.OPEN if amount < 0 else Dispute.State.WON
        return DisputeState(finding.reference, abs(amount), currency, state)
    return PaymentCaptured(amount, currency, finding.reference, finding.fee)


def matches_now(finding: Finding) -> bool:
    if finding.their_at is None:
        return False
    entries = [entry_of_payment(payment) for payment in Payment.objects.filter(pk=finding.payment_id)]
    for refund in Refund.objects.filter(payment=finding.payment_id).select_related("payment"):
        if refund.transaction_id == finding.reference and refund.state != Refund.State.FAILED:
            entries.append(entry_of_refund(refund))
    for dispute in Dispute.objects.filter(payment=finding.payment_id, reference=finding.reference):
        entries.extend(entries_of_dispute(dispute))
    pairs = match_entries(entries, [line_from_finding(finding)], ALWAYS)
    return any(pair.theirs and pair.verdict is Verdict.MATCHED for pair in pairs)


# -- recheck -------------------------------------------------------------------------------------------------------


def apply_gateway_recheck(finding_id: int) -> None:
    finding = Finding.objects.select_related("payment", "refund__payment").filter(pk=finding_id).first()
    payment = payment_of_finding(finding) if finding else None
    if finding is None or payment is None:
        return
    facts = gateways.gateway_of(payment).poll_payment(payment)
    with transaction.atomic():
        webhooks.apply_polled_state(payment, facts)
        if matches_now(finding) or any(_confirms_our_entry(finding, fact) for fact in facts):
            Finding.objects.open().filter(fingerprint=finding.fingerprint).update(
                closed_at=timezone.now(), action=FITS_NOW, note="The gateway now agrees with our records."
            )


def payment_of_finding(finding: Finding) -> Payment | None:
    return finding.refund.payment if finding.refund else finding.payment


def _confirms_our_entry(finding: Finding, fact: Fact) -> bool:
    # This is about entries that only we seemed to have: the gateway knows them after all.
    if finding.their_at is not None:
        return False
    if isinstance(fact, PaymentCaptured) and finding.refund_id is None:
        return (fact.amount, fact.currency) == (finding.our_amount, finding.our_currency)
    if isinstance(fact, RefundState) and finding.refund is not None:
        is_same = fact.reference == finding.refund.transaction_id or fact.key == finding.refund.idempotency_key
        return is_same and fact.state == Refund.State.DONE and fact.amount == finding.refund.amount
    return False
