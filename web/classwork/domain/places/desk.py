"""Searching for registrations at the desk, and entering them there."""

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
    """What the desk searches for. An unknown value of `show` does not filter anything."""

    text: str = ""
    show: str = ""
    offer_id: int | None = None
    session_id: int | None = None
    heard: str = ""
    """A key from the list of answers to how people heard of the school."""


def on_hold() -> QuerySet[Registration]:
    return Registration.objects.filter(LISTED["hold"][1])


def search(criteria: Wanted) -> QuerySet[Registration]:
    registrations = Registration.objects.for_lists()
    if criteria.show in LISTED:
        registrations = registrations.filter(LISTED[criteria.show][1])
    if criteria.offer_id:
        registrations = registrations.filter(offer=criteria.offer_id)
    if criteria.heard:
        registrations = registrations.filter(pk__in=heard_from.answered(criteria.heard))
    if criteria.session_id:
        registrations = registrations.filter(offer__session=criteria.session_id)
    number = read_number(criteria.text.strip().removeprefix("#"))
    if number is not None:
        return registrations.filter(line__order=number)
    for word in split_words(criteria.text):
        registrations = registrations.filter(_matches(word))
    return registrations


def _matches(word: str) -> Q:
    condition = Q(offer__subject__in=Subject.objects.matching(word)) | _is_named("student__", word)
    number = read_number(word[1:]) if word.startswith("#") else None
    return condition if number is None else condition | Q(line__order=number)


def _is_named(student: str, word: str) -> Q:
    fields = ("first_name", "last_name", "email", "user__email", "guardian__email")
    return reduce(or_, (Q(**{f"{student}{field}__icontains": word}) for field in fields))


def find_students(text: str) -> QuerySet[Student]:
    students = Student.objects.select_related("user", "guardian").order_by("first_name", "last_name", "pk")
    for word in split_words(text):
        students = students.filter(_is_named("", word))
    return students


def open_to_the_desk(at: datetime) -> QuerySet[ClassOffer]:
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
    options = {"over_capacity": over_capacity, "role": role, "late": by.has_perm("classwork.join_late")}
    how = placement.How(Order.Due.DATE if pay_by else Order.Due.DOOR, on=pay_by, by_staff=by)
    order = _order(person, (KIND, offer.pk), options, how)
    class_data = {"offer": offer.pk, "title": str(offer), "over_capacity": over_capacity}
    record(by, "classwork.registered_at_the_desk", order, why=why, **class_data)
    return order


@transaction.atomic
def sell_ticket(by: User, meeting: Meeting, person: Student | Typed, *, trial: bool, role: str = "") -> Order:
    options = {"role": role} | ({"trial": True} if trial else {})
    order = _order(person, (attendees.TICKET, meeting.pk), options, placement.How(Order.Due.DOOR, by_staff=by))
    record(by, "classwork.ticket_sold_at_the_desk", order, meeting=meeting.pk, trial=trial)
    return order


def _order(person: Student | Typed, product: tuple[str, int], options: dict[str, Any], how: placement.How) -> Order:
    student = person if isinstance(person, Student) else attendees.by_address(person)
    order = carts.new()
    order.payer_name, order.payer_email = str(student), attendees.address(student)
    order.save(update_fields=["payer_name", "payer_email"])
    attendee = Attendee(OTHER, first_name=student.first_name, last_name=student.last_name, email=order.payer_email)
    carts.add(order, *product, attendee.as_details() | options | {"by_desk": True, "attends": student.pk})
    account = student.user or student.guardian
    # An account that nobody has opened yet does not count, because its address may be mistyped.
    payer = account if account and account.is_active and account.email_confirmed_at else None
    return placement.place(order, replace(how, payer=payer), seen=None, at=timezone.now())
