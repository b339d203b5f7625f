"""Our side of a comparison: the payments, refunds and disputes of one gateway, read in batches."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

from django.db.models import Q, QuerySet

from accounting.rules.statement_matching import DISPUTE, PAYMENT, REFUND, Certainty, OurEntry, Window
from billing.gateways.facts import GatewayLine
from billing.models import Dispute, Payment, Refund

BATCH_SIZE = 500
State = Refund.State
T = TypeVar("T")


def in_batches(items: Iterable[T], size: int = BATCH_SIZE) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch


def our_entries(variant: str, window: Window, theirs: Iterable[GatewayLine]) -> Iterator[OurEntry]:
    yielded: set[tuple[str, int, bool]] = set()
    for entry in chain(_entries_in_window(variant, window), _entries_named_by(variant, theirs)):
        key = (entry.kind, entry.pk, entry.amount < 0)
        if key not in yielded:
            yielded.add(key)
            yield entry


def _entries_in_window(variant: str, window: Window) -> Iterator[OurEntry]:
    time_range = (window.since, window.until)
    payments = Payment.objects.filter(variant=variant, captured_at__range=time_range)
    for payment in payments.order_by("captured_at", "pk").iterator(BATCH_SIZE):
        yield entry_of_payment(payment)
    settled = Q(completed_at__range=time_range) | Q(completed_at=None, created_at__lt=window.until)
    for refund in _refunds_of_gateway(variant).filter(settled).order_by("pk").iterator(BATCH_SIZE):
        yield entry_of_refund(refund)


def _refunds_of_gateway(variant: str) -> QuerySet[Refund]:
    # A refund that a dispute caused is compared as the dispute.
    refunds = Refund.objects.filter(payment__variant=variant).exclude(state=State.FAILED)
    return refunds.exclude(origin=Refund.Origin.DISPUTE).select_related("payment")


def _entries_named_by(variant: str, theirs: Iterable[GatewayLine]) -> Iterator[OurEntry]:
    for lines in in_batches(theirs):
        references = {text for line in lines for text in (line.reference, line.about.reference) if text}
        tokens = {line.about.token for line in lines if line.about.token}
        sessions = {line.about.session for line in lines if line.about.session}
        is_named = Q(transaction_id__in=references) | Q(token__in=tokens) | Q(session__in=sessions)
        yield from map(entry_of_payment, Payment.objects.filter(is_named, variant=variant))
        yield from map(entry_of_refund, _refunds_of_gateway(variant).filter(transaction_id__in=references))
        disputes = Dispute.objects.filter(payment__variant=variant, reference__in=references)
        for dispute in disputes.select_related("payment"):
            yield from entries_of_dispute(dispute)


def entry_of_payment(payment: Payment) -> OurEntry:
    is_captured = payment.captured_at is not None
    return OurEntry(
        kind=PAYMENT,
        pk=payment.pk,
        order=payment.order_id,
        amount=payment.captured_amount if is_captured else payment.total,
        currency=payment.currency,
        at=payment.captured_at or payment.created,
        certainty=Certainty.FIRM if is_captured else Certainty.OPEN,
        reference=payment.transaction_id or "",
        token=payment.token,
        session=payment.session,
    )


def entry_of_refund(refund: Refund) -> OurEntry:
    return OurEntry(
        kind=REFUND,
        pk=refund.pk,
        order=refund.payment.order_id,
        amount=-refund.amount,
        currency=refund.payment.currency,
        at=refund.completed_at or refund.created_at,
        certainty=Certainty.FIRM if refund.state == State.DONE else Certainty.AWAITED,
        reference=refund.transaction_id,
        parent_reference=refund.payment.transaction_id or "",
    )


def entries_of_dispute(dispute: Dispute) -> Iterator[OurEntry]:
    # The bank withdraws the amount when the dispute is opened and returns it if we win. Gateways date both differently.
    amounts = [-dispute.amount] + ([dispute.amount] if dispute.state == Dispute.State.WON else [])
    for amount in amounts:
        yield OurEntry(
            kind=DISPUTE,
            pk=dispute.pk,
            order=dispute.payment.order_id,
            amount=amount,
            currency=dispute.payment.currency,
            at=dispute.opened_at,
            certainty=Certainty.AWAITED,
            reference=dispute.reference,
        )
