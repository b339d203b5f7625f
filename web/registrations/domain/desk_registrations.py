"""Searching for registrations at the desk, and entering them there."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.models import Order, OrderLine
from classwork.models import ClassOffer, Meeting, Subject
from common.search import read_number, split_words
from history.domain import record_action
from registrations.domain import attendees, referral_sources
from registrations.domain.attendees import TypedPerson
from registrations.domain.line_details import OTHER, Attendee, AttendeeDetails
from registrations.models import Registration
from users.models import Student, User

State = Registration.State

STATUS_FILTERS = {
    "live": ("Registered or reserved", Q(state__in=Registration.LIVE)),
    "unpaid": ("Registered, unpaid", Q(state=State.CONFIRMED) & ~Q(line__order__state=Order.State.PAID)),
    "unsure": ("Not sure of the level", Q(state__in=Registration.LIVE, readiness=Registration.Readiness.UNSURE)),
    "hold": ("On hold", Q(state=State.ON_HOLD)),
    "ended": ("Expired, canceled or moved", ~Q(state__in=Registration.LIVE)),
}


@dataclass(frozen=True)
class RegistrationSearch:
    """What the desk searches for. An unknown value of `show` does not filter anything."""

    text: str = ""
    show: str = ""
    class_offer_id: int | None = None
    session_id: int | None = None
    referral_source: str = ""
    """A key from the list of answers to how people heard of the school."""


def registrations_on_hold() -> QuerySet[Registration]:
    return Registration.objects.whole_class().filter(STATUS_FILTERS["hold"][1])


def search_registrations(criteria: RegistrationSearch) -> QuerySet[Registration]:
    registrations = Registration.objects.whole_class().for_lists()
    if criteria.show in STATUS_FILTERS:
        registrations = registrations.filter(STATUS_FILTERS[criteria.show][1])
    if criteria.class_offer_id:
        registrations = registrations.filter(class_offer=criteria.class_offer_id)
    if criteria.referral_source:
        registrations = registrations.filter(
            pk__in=referral_sources.registrations_with_answer(criteria.referral_source)
        )
    if criteria.session_id:
        registrations = registrations.filter(class_offer__session=criteria.session_id)
    number = read_number(criteria.text.strip().removeprefix("#"))
    if number is not None:
        return registrations.filter(line__order=number)
    for word in split_words(criteria.text):
        registrations = registrations.filter(_registration_matches(word))
    return registrations


def _registration_matches(word: str) -> Q:
    condition = Q(class_offer__subject__in=Subject.objects.matching(word)) | _person_matches("student__", word)
    number = read_number(word[1:]) if word.startswith("#") else None
    return condition if number is None else condition | Q(line__order=number)


def _person_matches(student: str, word: str) -> Q:
    fields = ("first_name", "last_name", "email", "user__email", "guardian__email")
    return reduce(or_, (Q(**{f"{student}{field}__icontains": word}) for field in fields))


def search_students(text: str) -> QuerySet[Student]:
    students = Student.objects.select_related("user", "guardian").order_by("first_name", "last_name", "pk")
    for word in split_words(text):
        students = students.filter(_person_matches("", word))
    return students


def classes_open_to_desk(at: datetime) -> QuerySet[ClassOffer]:
    ahead = ClassOffer.objects.filter(meetings__ends_at__gt=at, meetings__canceled_at=None).distinct()
    return ahead.select_related("subject__level", "session")


@transaction.atomic
def register_at_desk(
    by: User,
    class_offer: ClassOffer,
    person: Student | TypedPerson,
    *,
    why: str = "",
    over_capacity: bool = False,
    pay_by: date | None = None,
    role: str = "",
) -> Order:
    line = OrderLine(kind=attendees.CLASS_KIND, product_id=class_offer.pk, role=role, over_capacity=over_capacity)
    line.may_join_late = by.has_perm("registrations.join_late")
    how = placement.PlacementOptions(Order.Due.DATE if pay_by else Order.Due.DOOR, due_date=pay_by, by_staff=by)
    order = _place_desk_order(person, line, how)
    class_data = {"class_offer": class_offer.pk, "title": str(class_offer), "over_capacity": over_capacity}
    record_action(by, "registrations.registered_at_desk", order, why=why, **class_data)
    return order


@transaction.atomic
def sell_ticket_at_desk(
    by: User, meeting: Meeting, person: Student | TypedPerson, *, trial: bool, role: str = ""
) -> Order:
    line = OrderLine(kind=attendees.TICKET_KIND, product_id=meeting.pk, role=role, is_trial=trial)
    order = _place_desk_order(person, line, placement.PlacementOptions(Order.Due.DOOR, by_staff=by))
    record_action(by, "registrations.ticket_sold_at_desk", order, meeting=meeting.pk, trial=trial)
    return order


def _place_desk_order(person: Student | TypedPerson, line: OrderLine, how: placement.PlacementOptions) -> Order:
    student = person if isinstance(person, Student) else attendees.find_or_create_by_email(person)
    order = carts.create_cart()
    order.payer_name, order.payer_email = str(student), attendees.email_of(student)
    order.save(update_fields=["payer_name", "payer_email"])
    attendee = Attendee(OTHER, first_name=student.first_name, last_name=student.last_name, email=order.payer_email)
    line.student, line.by_desk = student, True
    AttendeeDetails(attendee).set_on(line)
    carts.add_lines(order, [line])
    account = student.user or student.guardian
    # An account that nobody has opened yet does not count, because its address may be mistyped.
    payer = account if account and account.is_active and account.email_confirmed_at else None
    return placement.place_order(order, replace(how, payer=payer), seen=None, at=timezone.now())
