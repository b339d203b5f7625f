"""Cancels in one transaction: meetings, spots, money, waitlists and history. The mails follow from the event."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing.domain.cancellations import bulk_refunds
from billing.domain.refunds import order_snapshot
from classwork import events
from classwork.domain.calling_off import results
from classwork.domain.calling_off.gets import Gets
from classwork.domain.calling_off.quote import Quote, orders_of, quote, seats_of
from classwork.domain.calling_off.wanted import Wanted, ahead, of_class
from classwork.domain.places import arrows, room
from classwork.domain.places.waiting import queue
from classwork.domain.schedule import meetings
from classwork.models import CallOff, ClassOffer, Meeting, Outcome, Ticket
from history.domain import record
from outbox.domain import emit
from users.models import User


@transaction.atomic
def call_off(actor: User | None, wanted: Wanted, why: str, *, seen: str | None, now: datetime | None = None) -> CallOff:
    """Orders are locked before classes, in the same order as at checkout. `seen` is the fingerprint of the plan that
    was shown."""
    now = now or timezone.now()
    classes = _classes(wanted)
    days = of_class(ClassOffer(pk=wanted.offer), now) if wanted.offer else ahead(now).filter(pk__in=wanted.meetings)
    looked = order_snapshot.look(orders_of(seats_of(classes, list(days), now)), now, lock=True)
    for pk in sorted(classes):
        room.lock(pk)
    quoted = quote(wanted, now, looked)
    quoted.insist(seen)
    deed = CallOff.objects.create(offer_id=wanted.offer, policy=wanted.policy, why=why, at=now)
    _move_days(actor, quoted, deed)
    if wanted.offer is not None:
        _end_class(quoted.offers[wanted.offer], quoted.gets, why, now)
    arrows.cancel_all([one.spot for one in quoted.gets if one.is_ticket], why)
    refunds = bulk_refunds.carry_out(quoted.deal, key=f"{deed.pk}", at=now, why=why, by=actor)
    outcomes = Outcome.objects.bulk_create(_outcome(deed, one) for one in quoted.gets)
    gots = (one.got for one in quoted.gets)
    results.attach_refunds(dict(zip(outcomes, gots, strict=True)), refunds)
    _write_down(actor, quoted, deed)
    return deed


def _classes(wanted: Wanted) -> set[int]:
    found = set(Meeting.objects.filter(pk__in=wanted.meetings).order_by().values_list("offer_id", flat=True))
    return found | ({wanted.offer} if wanted.offer is not None else set())


def _move_days(actor: User | None, quoted: Quote, deed: CallOff) -> None:
    for meeting in quoted.meetings:
        meetings.cancel(actor, meeting, deed.why)
    Meeting.objects.filter(pk__in=[meeting.pk for meeting in quoted.meetings]).update(called_off=deed)
    if not quoted.wanted.is_moved:
        return
    for meeting in quoted.meetings:
        added = meetings.add(actor, quoted.offers[meeting.offer_id], quoted.wanted.instead[meeting.pk])
        Meeting.objects.filter(pk=added.pk).update(stands_in_for=meeting)


def _end_class(offer: ClassOffer, gets: Iterable[Gets], why: str, now: datetime) -> None:
    ClassOffer.objects.filter(pk=offer.pk).update(called_off_at=now)
    arrows.cancel_all([one.spot for one in gets if not one.is_ticket], why)
    queue.advance(ClassOffer.objects.get(pk=offer.pk), now)


def _outcome(deed: CallOff, one: Gets) -> Outcome:
    return Outcome(
        call_off=deed,
        registration=None if isinstance(one.spot, Ticket) else one.spot,
        ticket=one.spot if isinstance(one.spot, Ticket) else None,
        policy=one.policy,
        meetings=one.meetings,
        of=one.of,
        base=one.base,
        money=one.money,
        credited=one.got.new_credit,
        on_hold=one.got.pending,
        credit=one.got.old_credit,
        waived=one.got.waived,
        pending=one.got.why_not[:200],
    )


def _write_down(actor: User | None, quoted: Quote, deed: CallOff) -> None:
    said = {
        "policy": deed.policy,
        "students": len(quoted.gets),
        "days": [meeting.pk for meeting in quoted.meetings],
        "given": [f"{totals}" for totals in quoted.totals],
    }
    for offer in quoted.offers.values():
        record(actor, "classwork.called_off", offer, why=deed.why, call_off=deed.pk, **said)
    emit(events.CALLED_OFF, key=f"{deed.pk}", call_off_id=deed.pk)
