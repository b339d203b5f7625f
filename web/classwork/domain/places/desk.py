"""Registrations at the desk: found again, and entered by hand."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.models import Order
from classwork.domain.places import attendees, heard_from
from classwork.domain.places.attendees import OTHER, Attendee, Typed
from classwork.domain.places.choosing import KIND
from classwork.models import ClassOffer, Meeting, Registration, Subject
from common.search import read_number, split_words
from history.domain import record
from users.models import Student, User

State = Registration.State

LISTED = {
    "live": ("Registered or reserved", Q(state__in=Registration.LIVE)),
    "unpaid": ("Registered, unpaid", Q(state=State.CONFIRMED) & ~Q(line__order__state=Order.State.PAID)),
    "unsure": ("Not sure of the level", Q(state__in=Registration.LIVE, readiness=Registration.Readiness.UNSURE)),
    "hold": ("On hold", Q(state=State.ON_HOLD)),
    "ended": ("Expired, canceled or moved", ~Q(state__in=Registration.LIVE)),
}


@dataclass(frozen=True)
class Wanted:
    """What is looked for; a choice that does not exist finds everything."""

    text: str = ""
    show: str = ""
    offer_id: int | None = None
    session_id: int | None = None
    heard: str = ""
    """An answer to how they heard of the school, as the list of answers has it."""


def on_hold() -> QuerySet[Registration]:
    return Registration.objects.filter(LISTED["hold"][1])


def search(wanted: Wanted) -> QuerySet[Registration]:
    found = Registration.objects.for_lists()
    if wanted.show in LISTED:
        found = found.filter(LISTED[wanted.show][1])
    if wanted.offer_id:
        found = found.filter(offer=wanted.offer_id)
    if wanted.heard:
        found = found.filter(pk__in=heard_from.answered(wanted.heard))
    if wanted.session_id:
        found = found.filter(offer__session=wanted.session_id)
    number = read_number(wanted.text.strip().removeprefix("#"))
    if number is not None:
        return found.filter(line__order=number)
    for word in split_words(wanted.text):
        found = found.filter(_matches(word))
    return found


def _matches(word: str) -> Q:
    found = Q(offer__subject__in=Subject.objects.matching(word)) | _is_named("student__", word)
    number = read_number(word[1:]) if word.startswith("#") else None
    return found if number is None else found | Q(line__order=number)


def _is_named(student: str, word: str) -> Q:
    fields = ("first_name", "last_name", "email", "user__email", "guardian__email")
    return reduce(or_, (Q(**{f"{student}{field}__icontains": word}) for field in fields))


def find_students(text: str) -> QuerySet[Student]:
    found = Student.objects.select_related("user", "guardian").order_by("first_name", "last_name", "pk")
    for word in split_words(text):
        found = found.filter(_is_named("", word))
    return found


def open_to_the_desk(at: datetime) -> QuerySet[ClassOffer]:
    """The desk may register for any class that has a day to come, listed or not."""
    ahead = ClassOffer.objects.filter(meetings__ends_at__gt=at, meetings__cancelled_at=None).distinct()
    return ahead.select_related("subject__level", "session")


@transaction.atomic
def enter(
    by: User,
    offer: ClassOffer,
    person: Student | Typed,
    *,
    why: str = "",
    over_capacity: bool = False,
    pay_by: date | None = None,
    role: str = "",
) -> Order:
    """A place that is paid later: by a date, else at the door or at the desk. Raises NotPlaced."""
    more = {"over_capacity": over_capacity, "role": role, "late": by.has_perm("classwork.join_late")}
    how = placement.How(Order.Due.DATE if pay_by else Order.Due.DOOR, on=pay_by, by_staff=by)
    order = _order(person, (KIND, offer.pk), more, how)
    said = {"offer": offer.pk, "title": str(offer), "over_capacity": over_capacity}
    record(by, "classwork.registered_at_the_desk", order, why=why, **said)
    return order


@transaction.atomic
def sell_ticket(by: User, meeting: Meeting, person: Student | Typed, *, trial: bool, role: str = "") -> Order:
    """For one class, paid at the desk. Raises NotPlaced."""
    more = {"role": role} | ({"trial": True} if trial else {})
    order = _order(person, (attendees.TICKET, meeting.pk), more, placement.How(Order.Due.DOOR, by_staff=by))
    record(by, "classwork.ticket_sold_at_the_desk", order, meeting=meeting.pk, trial=trial)
    return order


def _order(person: Student | Typed, product: tuple[str, int], more: dict[str, Any], how: placement.How) -> Order:
    student = person if isinstance(person, Student) else attendees.by_address(person)
    order = carts.new()
    order.payer_name, order.payer_email = str(student), attendees.address(student)
    order.save(update_fields=["payer_name", "payer_email"])
    said = Attendee(OTHER, first_name=student.first_name, last_name=student.last_name, email=order.payer_email)
    carts.add(order, *product, said.as_details() | more | {"by_desk": True, "attends": student.pk})
    how = replace(how, payer=_confirmed_account(student))
    return placement.place(order, how, seen=None, at=timezone.now())


def _confirmed_account(student: Student) -> User | None:
    """Theirs or their guardian's. An account that nobody has opened yet is none: its address may be mistyped."""
    account = student.user or student.guardian
    return account if account and account.is_active and account.email_confirmed_at else None
