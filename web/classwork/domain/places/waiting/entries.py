"""What people do with a waiting list: join it, leave it, take the place they were offered or let it go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork import events
from classwork.domain.places import opening, registering, room
from classwork.domain.places.attendees import ME, STUDENT, Attendee
from classwork.domain.places.choosing import KIND
from classwork.domain.places.waiting import queue, reasons
from classwork.domain.places.waiting.walk import Offered, walk
from classwork.models import ClassOffer, Registration, WaitingEntry
from common import links, names
from history.domain import record
from users.models import Student, User

State = WaitingEntry.State
PURPOSE = "classwork.waiting"
LINK_AGE = timedelta(days=400)


class CannotBe(Exception):
    """It cannot be done as things stand; the text says why."""


@dataclass(frozen=True)
class Wish:
    """Who would like to come, and in which role: one, or two who come together."""

    attendee: Attendee
    role: str = ""


@dataclass(frozen=True)
class Contact:
    name: str
    email: str
    account: User | None = None


@dataclass(frozen=True)
class Joined:
    entry: WaitingEntry
    is_new: bool
    """False when the same people were on the list already. Strangers must not learn it."""


def join(offer: ClassOffer, wishes: Sequence[Wish], contact: Contact) -> WaitingEntry:
    return join_or_find(offer, wishes, contact).entry


@transaction.atomic
def join_or_find(offer: ClassOffer, wishes: Sequence[Wish], contact: Contact) -> Joined:
    """At the end of the list. The same people under the same address are on it once, whoever types them again."""
    offer = room.lock(offer.pk)
    at = timezone.now()
    if said := opening.closed_because(offer, at):
        raise CannotBe(said)
    _refuse_who_has_a_place(offer, wishes, contact)
    key = _key(wishes, contact)
    entry = WaitingEntry.objects.filter(offer=offer, who_key=key).live().first()
    is_new = entry is None
    if entry is None:
        entry = _add(offer, wishes, contact, key)
    queue.tell(events.WAITING_JOINED, entry, at)
    queue.advance(offer, at)
    entry.refresh_from_db()
    return Joined(entry, is_new)


def _refuse_who_has_a_place(offer: ClassOffer, wishes: Sequence[Wish], contact: Contact) -> None:
    """Said only to the account that speaks for the student; of what strangers type nothing is told."""
    if contact.account is None:
        return
    mine = Student.objects.visible_to(contact.account)
    named = {wish.attendee.student_id for wish in wishes if wish.attendee.who == STUDENT}
    asked = Q(pk__in=named) | (Q(user=contact.account) if any(w.attendee.who == ME for w in wishes) else Q(pk=None))
    placed = Registration.objects.live().filter(offer=offer, student__in=mine.filter(asked)).select_related("student")
    if one := placed.first():
        raise CannotBe(registering.ALREADY.format(one.student))


def _add(offer: ClassOffer, wishes: Sequence[Wish], contact: Contact, key: str) -> WaitingEntry:
    return WaitingEntry.objects.create(
        offer=offer,
        people=[wish.attendee.as_details() for wish in wishes],
        wanted=[wish.role for wish in wishes],
        size=len(wishes),
        account=contact.account,
        contact_name=contact.name,
        contact_email=contact.email,
        who_key=key,
        position=queue.next_position(offer.pk),
    )


def _key(wishes: Sequence[Wish], contact: Contact) -> str:
    people = sorted(_person(wish.attendee) for wish in wishes)
    return f"{contact.email}:{'+'.join(people)}"[:500]


def _person(one: Attendee) -> str:
    return f"{one.who}{one.student_id or ''}|{names.key(one.first_name, one.last_name)}|{one.email}"


@transaction.atomic
def leave(entry: WaitingEntry) -> bool:
    """Leave the list, or let go a place that was offered. What has ended stays as it ended: then it says no."""
    entry = _locked(entry)
    if not entry.is_live:
        return False
    at = timezone.now()
    queue.end(entry, State.DECLINED if entry.state == State.OFFERED else State.LEFT, at)
    queue.advance(entry.offer, at)
    return True


@transaction.atomic
def take(entry: WaitingEntry, cart: Order) -> None:
    """Into the cart; the place is theirs when the order is placed before the offer ends."""
    entry = _locked(entry)
    if not is_open(entry, timezone.now()):
        raise CannotBe(why_not(entry))
    if not cart.payer_email:
        cart.payer_name, cart.payer_email = entry.contact_name, entry.contact_email
        cart.save(update_fields=["payer_name", "payer_email"])
    for said, role in zip(entry.people, entry.roles, strict=True):
        carts.add(cart, KIND, entry.offer_id, said | {"role": role, "entry": entry.pk})


def is_open(entry: WaitingEntry, at: datetime) -> bool:
    return entry.has_open_offer(at)


def why_not(entry: WaitingEntry) -> str:
    return {
        State.WAITING: "No spot has opened up yet. We’ll email you as soon as one does.",
        State.OFFERED: "Your offer has expired. The spot goes to the next person.",
        State.LAPSED: "Your offer has expired. The spot went to the next person.",
        State.TAKEN: "You’ve already claimed this spot.",
        State.DECLINED: "You declined this spot.",
        State.LEFT: "You left the waitlist.",
        State.CLOSED: "This class is over.",
    }[State(entry.state)]


def _locked(entry: WaitingEntry) -> WaitingEntry:
    """The class first, then what it is about, as everybody does who counts places."""
    offer = room.lock(entry.offer_id)
    entry = WaitingEntry.objects.select_for_update().get(pk=entry.pk)
    entry.offer = offer
    return entry


# -- the desk ----------------------------------------------------------------------------------------------------


@transaction.atomic
def offer_by_hand(entry: WaitingEntry, *, why: str, by: User) -> None:
    """Out of turn, where there is room for it; whoever is passed over can read why in the history."""
    entry = _locked(entry)
    at = timezone.now()
    if entry.state != State.WAITING:
        raise CannotBe(why_not(entry))
    here = room.of(entry.offer, at)
    step = walk(here.rules, here.counts, queue.as_waiting([entry]))[0]
    if not isinstance(step, Offered):
        raise CannotBe(f"They can’t be offered a spot: {reasons.skip_reason(step.obstacle)}.")
    queue.keep(entry, entry.offer, step, at)
    record(by, "classwork.place_offered", entry, why=why, offer=entry.offer_id)
    queue.advance(entry.offer, at)


@transaction.atomic
def move(entry: WaitingEntry, place: int, *, why: str, by: User) -> None:
    """To another place in the line, counted from one."""
    entry = _locked(entry)
    if entry.state != State.WAITING:
        raise CannotBe(why_not(entry))
    line = [one for one in queue.in_line(entry.offer) if one.pk != entry.pk]
    line.insert(max(place, 1) - 1, entry)
    numbers = sorted(one.position for one in line)
    for one, number in zip(line, numbers, strict=True):
        WaitingEntry.objects.filter(pk=one.pk).update(position=number)
    record(by, "classwork.waiting_moved", entry, why=why, position=place)
    at = timezone.now()
    queue.tell(events.WAITING_MOVED, entry, at)
    queue.advance(entry.offer, at)


@transaction.atomic
def take_off(entry: WaitingEntry, *, why: str, by: User) -> None:
    entry = _locked(entry)
    if not entry.is_live:
        raise CannotBe(why_not(entry))
    record(by, "classwork.waiting_taken_off", entry, why=why)
    leave(entry)


# -- how it is said ----------------------------------------------------------------------------------------------


def address(entry: WaitingEntry) -> str:
    return reverse("waiting_entry", args=[links.make(PURPOSE, entry.pk, entry.nonce)])


def find(token: str) -> WaitingEntry | None:
    try:
        link = links.read(PURPOSE, token, LINK_AGE)
    except links.Bad:
        return None
    entry = WaitingEntry.objects.select_related("offer__subject__level", "offer__session").filter(pk=link.pk).first()
    return entry if entry is not None and links.fits(link.nonce, entry.nonce) else None
