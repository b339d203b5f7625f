"""Apply a gateway's statement line to our records like a webhook, and check whether both sides agree now."""

from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from billing import gateways
from billing.domain.payments import webhooks
from billing.domain.reconciling.comparing import FITS_NOW, line_of
from billing.domain.reconciling.matching import DISPUTE, REFUND, Verdict, Window, match
from billing.domain.reconciling.ours import of_dispute, of_payment, of_refund
from billing.gateways.facts import Disputed, Fact, GivenBack, Taken
from billing.kinds import ZERO
from billing.models import Dispute, Finding, Payment, Refund

ALWAYS = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


def take_over(finding: Finding) -> None:
    if finding.payment is not None and finding.their_amount is not None:
        webhooks.learn(finding.payment, [fact_of(finding)])


def fact_of(finding: Finding) -> Fact:
    amount, currency = finding.their_amount or ZERO, finding.their_currency
    if finding.kind == REFUND:
        return GivenBack(finding.reference, -amount, currency, Refund.State.DONE)
    if finding.kind == DISPUTE:
        state = Dispute.State.OPEN if amount < 0 else Dispute.State.WON
        return Disputed(finding.reference, abs(amount), currency, state)
    return Taken(amount, currency, finding.reference, finding.fee)


def fits_now(finding: Finding) -> bool:
    if finding.their_at is None:
        return False
    entries = [of_payment(payment) for payment in Payment.objects.filter(pk=finding.payment_id)]
    for refund in Refund.objects.filter(payment=finding.payment_id).select_related("payment"):
        if refund.transaction_id == finding.reference and refund.state != Refund.State.FAILED:
            entries.append(of_refund(refund))
    for dispute in Dispute.objects.filter(payment=finding.payment_id, reference=finding.reference):
        entries.extend(of_dispute(dispute))
    pairs = match(entries, [line_of(finding)], ALWAYS)
    return any(pair.theirs and pair.verdict is Verdict.MATCHED for pair in pairs)


# -- recheck -------------------------------------------------------------------------------------------------------


def ask_again(finding_id: int) -> None:
    finding = Finding.objects.select_related("payment", "refund__payment").filter(pk=finding_id).first()
    payment = payment_of(finding) if finding else None
    if finding is None or payment is None:
        return
    facts = gateways.of(payment).poll_payment(payment)
    with transaction.atomic():
        webhooks.learn(payment, facts)
        if fits_now(finding) or any(_says_ours(finding, fact) for fact in facts):
            Finding.objects.open().filter(likeness=finding.likeness).update(
                closed_at=timezone.now(), deed=FITS_NOW, why="The gateway now agrees with our records."
            )


def payment_of(finding: Finding) -> Payment | None:
    return finding.refund.payment if finding.refund else finding.payment


def _says_ours(finding: Finding, fact: Fact) -> bool:
    # This is about entries that only we seemed to have: the gateway knows them after all.
    if finding.their_at is not None:
        return False
    if isinstance(fact, Taken) and finding.refund_id is None:
        return (fact.amount, fact.currency) == (finding.our_amount, finding.our_currency)
    if isinstance(fact, GivenBack) and finding.refund is not None:
        is_same = fact.reference == finding.refund.transaction_id or fact.key == finding.refund.token
        return is_same and fact.state == Refund.State.DONE and fact.amount == finding.refund.amount
    return False
