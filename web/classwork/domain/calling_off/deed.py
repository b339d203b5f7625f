"""Cancels in one transaction: meetings, spots, money, waitlists and history. The emails follow from the event."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.domain.cancellations import bulk_refunds
from billing.domain.refunds import order_snapshot
from classwork import events
from classwork.domain.calling_off import results
from classwork.domain.calling_off.gets import Gets
from classwork.domain.calling_off.quote import orders_of, quote, seats_of
from classwork.domain.calling_off.wanted import Wanted, ahead, of_class
from classwork.domain.places import arrows, room
from classwork.domain.places.waiting import queue
from classwork.domain.schedule import meetings
from classwork.models import CallOff, ClassOffer, Meeting, Outcome, Ticket
from history.domain import record
from outbox.domain import emit
from users.models import User


@transaction.atomic
def call_off(
    actor: User | None, request: Wanted, why: str, *, seen: str | None, now: datetime | None = None
) -> CallOff:
    """Orders are locked before classes, in the same order as at checkout. `seen` is the fingerprint of the plan that
    was shown."""
    now = now or timezone.now()
    classes = set(Meeting.objects.filter(pk__in=request.meetings).order_by().values_list("offer_id", flat=True))
    if request.offer is not None:
        classes.add(request.offer)
    days = of_class(ClassOffer(pk=request.offer), now) if request.offer else ahead(now).filter(pk__in=request.meetings)
    snapshot = order_snapshot.look(orders_of(seats_of(classes, list(days), now)), now, lock=True)
    for pk in sorted(classes):
        room.lock(pk)
    plan = quote(request, now, snapshot)
    plan.insist(seen)
    cancellation = CallOff.objects.create(offer_id=request.offer, policy=request.policy, why=why, at=now)
    for meeting in plan.meetings:
        meetings.cancel(actor, meeting, why)
    Meeting.objects.filter(pk__in=[meeting.pk for meeting in plan.meetings]).update(called_off=cancellation)
    if request.is_moved:
        for meeting in plan.meetings:
            added = meetings.add(actor, plan.offers[meeting.offer_id], request.instead[meeting.pk])
            Meeting.objects.filter(pk=added.pk).update(stands_in_for=meeting)
    if request.offer is not None:
        ClassOffer.objects.filter(pk=request.offer).update(called_off_at=now)
        arrows.cancel_all([each.spot for each in plan.gets if not each.is_ticket], why)
        queue.advance(ClassOffer.objects.get(pk=request.offer), now)
    arrows.cancel_all([each.spot for each in plan.gets if each.is_ticket], why)
    refunds = bulk_refunds.carry_out(plan.deal, key=f"{cancellation.pk}", at=now, why=why, by=actor)
    outcomes = Outcome.objects.bulk_create(_outcome(cancellation, each) for each in plan.gets)
    results.attach_refunds(dict(zip(outcomes, (each.got for each in plan.gets), strict=True)), refunds)
    details = {
        "policy": cancellation.policy,
        "students": len(plan.gets),
        "days": [meeting.pk for meeting in plan.meetings],
        "given": [f"{totals}" for totals in plan.totals],
    }
    for offer in plan.offers.values():
        record(actor, "classwork.called_off", offer, why=why, call_off=cancellation.pk, **details)
    emit(events.CALLED_OFF, key=f"{cancellation.pk}", call_off_id=cancellation.pk)
    return cancellation


def _outcome(cancellation: CallOff, compensation: Gets) -> Outcome:
    return Outcome(
        call_off=cancellation,
        registration=None if isinstance(compensation.spot, Ticket) else compensation.spot,
        ticket=compensation.spot if isinstance(compensation.spot, Ticket) else None,
        policy=compensation.policy,
        meetings=compensation.meetings,
        of=compensation.of,
        base=compensation.base,
        money=compensation.money,
        credited=compensation.got.new_credit,
        on_hold=compensation.got.pending,
        credit=compensation.got.old_credit,
        waived=compensation.got.waived,
        pending=compensation.got.why_not[:200],
    )
