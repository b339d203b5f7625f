"""What people and the desk can do with the entries of a waitlist."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.models import ClassOffer
from common import links, names
from history.domain import record_action
from registrations.domain import (
    capacity,
    eligibility,
    notifications,
    registration_window,
    skip_reasons,
    spot_offers,
)
from registrations.domain.attendees import CLASS_KIND
from registrations.domain.line_details import ME, STUDENT, Attendee, AttendeeDetails
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from registrations.rules.waitlist_walk import SpotOffered, walk_waitlist
from users.models import Student, User

State = WaitlistEntry.State
PURPOSE = "registrations.waitlist"
LINK_AGE = timedelta(days=400)


@dataclass(frozen=True)
class WaitlistRequest:
    """A person who wants to join the class, and the role they ask for."""

    attendee: Attendee
    role: str = ""


@dataclass(frozen=True)
class Contact:
    name: str
    email: str
    account: User | None = None


@dataclass(frozen=True)
class JoinResult:
    entry: WaitlistEntry
    is_new: bool
    """False if the same people were already on the list. Strangers must not learn it."""


def join_waitlist(class_offer: ClassOffer, requests: Sequence[WaitlistRequest], contact: Contact) -> WaitlistEntry:
    return find_or_join_waitlist(class_offer, requests, contact).entry


@transaction.atomic
def find_or_join_waitlist(class_offer: ClassOffer, requests: Sequence[WaitlistRequest], contact: Contact) -> JoinResult:
    """Adds the people at the end of the list. The same people with the same address are on it only once."""
    class_offer = capacity.lock_class(class_offer.pk)
    at = timezone.now()
    if reason := registration_window.closed_reason(class_offer, at):
        raise RegistrationRefused(reason, "class_closed")
    _refuse_registered_people(class_offer, requests, contact)
    people = [request.attendee for request in requests]
    person_keys = sorted(
        f"{person.who}{person.student_id or ''}|{names.name_key(person.first_name, person.last_name)}|{person.email}"
        for person in people
    )
    key = f"{contact.email}:{'+'.join(person_keys)}"[:500]
    entry = WaitlistEntry.objects.filter(class_offer=class_offer, person_key=key).live().first()
    is_new = entry is None
    if entry is None:
        entry = WaitlistEntry.objects.create(
            class_offer=class_offer,
            people=[person.as_json() for person in people],
            requested_roles=[request.role for request in requests],
            size=len(people),
            account=contact.account,
            contact_name=contact.name,
            contact_email=contact.email,
            person_key=key,
            position=spot_offers.next_position(class_offer.pk),
        )
    notifications.draft_waitlist_mail("waitlist_joined", entry)
    spot_offers.advance_waitlist(class_offer, at)
    entry.refresh_from_db()
    return JoinResult(entry, is_new)


def _refuse_registered_people(class_offer: ClassOffer, requests: Sequence[WaitlistRequest], contact: Contact) -> None:
    """Only an account that speaks for a student learns that the student is registered."""
    if contact.account is None:
        return
    visible = Student.objects.visible_to(contact.account)
    named = {request.attendee.student_id for request in requests if request.attendee.who == STUDENT}
    condition = Q(pk__in=named)
    if any(request.attendee.who == ME for request in requests):
        condition |= Q(user=contact.account)
    live = (
        Registration.objects.whole_class().live().filter(class_offer=class_offer, student__in=visible.filter(condition))
    )
    if registration := live.select_related("student").first():
        raise RegistrationRefused(eligibility.ALREADY.format(registration.student), "already_registered")


@transaction.atomic
def leave_waitlist(entry: WaitlistEntry) -> bool:
    entry = _lock_entry(entry)
    if not entry.is_live:
        return False
    at = timezone.now()
    spot_offers.end_entries([entry], State.DECLINED if entry.state == State.OFFERED else State.LEFT, at)
    spot_offers.advance_waitlist(entry.class_offer, at)
    return True


@transaction.atomic
def accept_offer(entry: WaitlistEntry, cart: Order) -> None:
    entry = _lock_entry(entry)
    if not is_offer_open(entry, timezone.now()):
        raise RegistrationRefused(closed_entry_reason(entry), "no_open_offer")
    if not cart.payer_email:
        cart.payer_name, cart.payer_email = entry.contact_name, entry.contact_email
        cart.save(update_fields=["payer_name", "payer_email"])
    for person, role in zip(entry.people, entry.offered_roles, strict=True):
        details = AttendeeDetails(Attendee.from_json(person)).as_json()
        carts.add_line(cart, CLASS_KIND, entry.class_offer_id, details, role=role, waitlist_entry_id=entry.pk)


def is_offer_open(entry: WaitlistEntry, at: datetime) -> bool:
    return entry.has_open_offer(at)


def closed_entry_reason(entry: WaitlistEntry) -> str:
    return {
        State.WAITING: "No spot has opened up yet. We’ll email you as soon as one does.",
        State.OFFERED: "Your offer has expired. The spot goes to the next person.",
        State.EXPIRED: "Your offer has expired. The spot went to the next person.",
        State.ACCEPTED: "You’ve already claimed this spot.",
        State.DECLINED: "You declined this spot.",
        State.LEFT: "You left the waitlist.",
        State.CLOSED: "This class is over.",
    }[State(entry.state)]


def _lock_entry(entry: WaitlistEntry) -> WaitlistEntry:
    """Locks the class before the entry, in the same order as everything else that counts spots."""
    class_offer = capacity.lock_class(entry.class_offer_id)
    entry = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
    entry.class_offer = class_offer
    return entry


# -- the desk ------------------------------------------------------------------------------------------------------


@transaction.atomic
def offer_spot_by_hand(entry: WaitlistEntry, *, why: str, by: User) -> None:
    entry = _lock_entry(entry)
    at = timezone.now()
    if entry.state != State.WAITING:
        raise RegistrationRefused(closed_entry_reason(entry), "entry_closed")
    availability = capacity.availability_of(entry.class_offer, at)
    step = walk_waitlist(availability.rules, availability.counts, spot_offers.as_waiting_parties([entry]))[0]
    if not isinstance(step, SpotOffered):
        raise RegistrationRefused(
            f"They can’t be offered a spot: {skip_reasons.skip_reason(step.obstacle)}.", "no_spot"
        )
    spot_offers.offer_spots(entry.class_offer, [(entry, step.roles)], at)
    record_action(by, "registrations.spot_offered", entry, why=why, class_offer=entry.class_offer_id)
    spot_offers.advance_waitlist(entry.class_offer, at)


@transaction.atomic
def move_entry(entry: WaitlistEntry, position: int, *, why: str, by: User) -> None:
    entry = _lock_entry(entry)
    if entry.state != State.WAITING:
        raise RegistrationRefused(closed_entry_reason(entry), "entry_closed")
    queue = [other for other in spot_offers.waiting_entries(entry.class_offer) if other.pk != entry.pk]
    queue.insert(max(position, 1) - 1, entry)
    positions = sorted(other.position for other in queue)
    for other, new_position in zip(queue, positions, strict=True):
        WaitlistEntry.objects.filter(pk=other.pk).update(position=new_position)
    record_action(by, "registrations.waitlist_entry_moved", entry, why=why, position=position)
    spot_offers.advance_waitlist(entry.class_offer, timezone.now())


@transaction.atomic
def remove_entry(entry: WaitlistEntry, *, why: str, by: User) -> None:
    entry = _lock_entry(entry)
    if not entry.is_live:
        raise RegistrationRefused(closed_entry_reason(entry), "entry_closed")
    record_action(by, "registrations.waitlist_entry_removed", entry, why=why)
    leave_waitlist(entry)


# -- links ---------------------------------------------------------------------------------------------------------


def entry_url(entry: WaitlistEntry) -> str:
    return reverse("waitlist_entry", args=[links.sign_token(PURPOSE, entry.pk, entry.nonce)])


def find_entry(token: str) -> WaitlistEntry | None:
    try:
        link = links.read_token(PURPOSE, token, LINK_AGE)
    except links.LinkInvalid:
        return None
    entry = (
        WaitlistEntry.objects.select_related("class_offer__subject__level", "class_offer__session")
        .filter(pk=link.pk)
        .first()
    )
    return entry if entry is not None and links.nonce_matches(link.nonce, entry.nonce) else None
