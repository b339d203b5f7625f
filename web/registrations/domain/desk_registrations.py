"""Searching for registrations and classes at the desk."""

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from billing.models import Order
from classwork.models import ClassOffer, Subject
from common.search import read_number, split_words
from registrations.domain import referral_sources
from registrations.models import Registration
from users.models import Student

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
    related = Student.objects.select_related("user", "guardian", "level_override__set_by")
    students = related.order_by("first_name", "last_name", "pk")
    for word in split_words(text):
        students = students.filter(_person_matches("", word))
    return students


def classes_open_to_desk(at: datetime) -> QuerySet[ClassOffer]:
    ahead = ClassOffer.objects.filter(meetings__ends_at__gt=at, meetings__canceled_at=None).distinct()
    return ahead.select_related("subject__level", "session")
