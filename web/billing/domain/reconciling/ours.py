"""Our side of a comparison: payments and refunds of one gateway as bookings, read in portions."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

from django.db.models import Q, QuerySet

from billing.domain.reconciling.matching import DISPUTE, PAYMENT, REFUND, Ours, Standing, Window
from billing.gateways.facts import Movement
from billing.models import Dispute, Payment, Refund

PORTION = 500
State = Refund.State
T = TypeVar("T")


def portions(things: Iterable[T], size: int = PORTION) -> Iterator[list[T]]:
    rest = iter(things)
    while portion := list(islice(rest, size)):
        yield portion


def bookings(variant: str, window: Window, theirs: Iterable[Movement]) -> Iterator[Ours]:
    """What we booked in that time, and whatever else their names lead to, each once."""
    told: set[tuple[str, int, bool]] = set()
    for booking in chain(_of_the_time(variant, window), _named(variant, theirs)):
        one = (booking.kind, booking.pk, booking.amount < 0)
        if one not in told:
            told.add(one)
            yield booking


def _of_the_time(variant: str, window: Window) -> Iterator[Ours]:
    span = (window.since, window.until)
    payments = Payment.objects.filter(variant=variant, captured_at__range=span)
    for payment in payments.order_by("captured_at", "pk").iterator(PORTION):
        yield of_payment(payment)
    settled = Q(settled_at__range=span) | Q(settled_at=None, created_at__lt=window.until)
    for refund in _refunds(variant).filter(settled).order_by("pk").iterator(PORTION):
        yield of_refund(refund)


def _refunds(variant: str) -> QuerySet[Refund]:
    """What a dispute took is told by the dispute."""
    found = Refund.objects.filter(payment__variant=variant).exclude(state=State.FAILED)
    return found.exclude(origin=Refund.Origin.DISPUTE).select_related("payment")


def _named(variant: str, theirs: Iterable[Movement]) -> Iterator[Ours]:
    for portion in portions(theirs):
        names = {name for movement in portion for name in (movement.reference, movement.about.reference) if name}
        tokens = {movement.about.token for movement in portion if movement.about.token}
        sessions = {movement.about.session for movement in portion if movement.about.session}
        same = Q(transaction_id__in=names) | Q(token__in=tokens) | Q(session__in=sessions)
        yield from map(of_payment, Payment.objects.filter(same, variant=variant))
        yield from map(of_refund, _refunds(variant).filter(transaction_id__in=names))
        for dispute in Dispute.objects.filter(payment__variant=variant, reference__in=names).select_related("payment"):
            yield from of_dispute(dispute)


def of_payment(payment: Payment) -> Ours:
    firm = payment.captured_at is not None
    return Ours(
        kind=PAYMENT,
        pk=payment.pk,
        order=payment.order_id,
        amount=payment.captured_amount if firm else payment.total,
        currency=payment.currency,
        at=payment.captured_at or payment.created,
        standing=Standing.FIRM if firm else Standing.OPEN,
        reference=payment.transaction_id or "",
        token=payment.token,
        session=payment.session,
    )


def of_refund(refund: Refund) -> Ours:
    return Ours(
        kind=REFUND,
        pk=refund.pk,
        order=refund.payment.order_id,
        amount=-refund.amount,
        currency=refund.payment.currency,
        at=refund.settled_at or refund.created_at,
        standing=Standing.FIRM if refund.state == State.DONE else Standing.AWAITED,
        reference=refund.transaction_id,
        of=refund.payment.transaction_id or "",
    )


def of_dispute(dispute: Dispute) -> Iterator[Ours]:
    """Taken when it is opened, given back when it is won; which of both a gateway books when is its own affair."""
    amounts = [-dispute.amount] + ([dispute.amount] if dispute.state == Dispute.State.WON else [])
    for amount in amounts:
        yield Ours(
            kind=DISPUTE,
            pk=dispute.pk,
            order=dispute.payment.order_id,
            amount=amount,
            currency=dispute.payment.currency,
            at=dispute.opened_at,
            standing=Standing.AWAITED,
            reference=dispute.reference,
        )
