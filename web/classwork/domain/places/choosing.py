"""From a choice of classes and people to lines in the cart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.domain.places import progress, room
from classwork.domain.places.attendees import ME, STUDENT, TICKET, Attendee
from classwork.domain.places.attendees import PLACE as KIND
from classwork.domain.places.room import Room
from classwork.domain.places.waiting import reasons
from classwork.models import ClassOffer, Level, Registration
from users.models import Student, User


@dataclass(frozen=True)
class Choice:
    offers: Sequence[ClassOffer]
    attendees: Sequence[Attendee]
    readiness: str = ""
    heard_from: str = ""


@transaction.atomic
def put_in_cart(cart: Order, choice: Choice) -> None:
    """Everybody named attends every class chosen. The same choice sent twice is in the cart once."""
    more = {"readiness": choice.readiness, "heard_from": choice.heard_from}
    for offer in choice.offers:
        for attendee in choice.attendees:
            said = attendee.as_details() | {name: value for name, value in more.items() if value}
            carts.add(cart, KIND, offer.pk, said)


@transaction.atomic
def put_tickets_in_cart(cart: Order, meeting_id: int, people: Iterable[Attendee], *, trial: bool) -> None:
    for attendee in people:
        carts.add(cart, TICKET, meeting_id, attendee.as_details() | ({"trial": True} if trial else {}))


def full(offers: Sequence[ClassOffer], at: datetime, people: int = 1) -> list[str]:
    """Classes that can't take so many people; roles are asked for later."""
    rooms = room.among(offers, at)
    said = {offer: _lacking(rooms[offer.pk], people) for offer in offers}
    return [f"{offer.subject.title}, {offer.day}: {why}" for offer, why in said.items() if why]


def _lacking(here: Room, people: int) -> str:
    if here.is_full:
        return "This class is full."
    if here.available_spots is None or here.available_spots >= people:
        return ""
    return f"You need {reasons.number(people)} spots and {reasons.are_left(here.available_spots)}."


def already(choice: Choice, viewer: User | None) -> list[str]:
    """Who has a place already: said only to whoever speaks for them."""
    mine = _students(choice.attendees, viewer)
    live = Registration.objects.live().filter(offer__in=choice.offers, student__in=mine)
    return [
        f"{one.student} already has a spot in {one.offer.subject.title}, {one.offer.day}."
        for one in live.select_related("student", "offer__subject__level")
    ]


def _students(attendees: Iterable[Attendee], viewer: User | None) -> list[Student]:
    if viewer is None:
        return []
    ids = {attendee.student_id for attendee in attendees if attendee.who == STUDENT}
    mine = list(Student.objects.in_care_of(viewer))
    wants_own = any(attendee.who == ME for attendee in attendees)
    return [one for one in mine if one.pk in ids or (wants_own and one.user_id == viewer.pk)]


def asks_for_level(choice: Choice, viewer: User | None, at: datetime) -> list[Level]:
    """Levels that build on another which we do not know everybody to have done. Of whoever is not the viewer's own
    nothing is looked up: the buyer is asked."""
    ladder = [level for level in Level.objects.filter(is_step=True) if level.rule]
    wanted = {offer.subject.level for offer in choice.offers}
    needs = {level: need for level in wanted if (need := _needed(level, ladder)) is not None}
    if not needs:
        return []
    known = _students(choice.attendees, viewer)
    found = progress.among(known, at)
    if len(known) == len(choice.attendees):
        needs = {level: need for level, need in needs.items() if any(found[one.pk].expected < need for one in known)}
    return sorted(needs, key=lambda level: level.rank)


def _needed(level: Level, ladder: Sequence[Level]) -> Decimal | None:
    """What the step below is worth once it is done."""
    below = [step for step in ladder if level.is_step and step.rank < level.rank and step.done is not None]
    return max(below, key=lambda step: step.rank).done if below else None


def below(level: Level) -> Level | None:
    return Level.objects.filter(is_step=True, rank__lt=level.rank).exclude(rule="").order_by("-rank").first()
