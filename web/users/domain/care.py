"""People who attend: an account's owner, those in the owner's care, and those offered to an account."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from common.relations import is_pointed_at
from history.domain import record
from mailroom.domain import draft
from outbox.domain import emit
from users import events
from users.domain import links
from users.domain.accounts import prepare
from users.models import Student, User


class Answer(StrEnum):
    """What an account's owner says of a person offered to the account."""

    ME = "me"
    IN_MY_CARE = "care"
    UNKNOWN = "unknown"


class Twice(Exception):
    """A person of this name is in the account's care already."""


class OwnRecordExists(Exception):
    """The account has an attending record of its own; joining the two is work for the office."""


class StillNeeded(Exception):
    """Something hangs on the record: places, attendance, messages."""


def own_record(user: User) -> Student:
    names = {"first_name": user.first_name, "last_name": user.last_name, "email": user.email}
    return Student.objects.get_or_create(user=user, defaults=names)[0]


def add(guardian: User, details: Mapping[str, Any]) -> Student:
    return _saved(Student(guardian=guardian, **details))


def change(student: Student, details: Mapping[str, Any]) -> Student:
    for name, value in details.items():
        setattr(student, name, value)
    return _saved(student)


def _saved(student: Student) -> Student:
    try:
        with transaction.atomic():
            student.save()
    except IntegrityError:
        raise Twice from None
    return student


@transaction.atomic
def remove(actor: User, student: Student) -> None:
    if is_pointed_at(student):
        raise StillNeeded
    record(actor, "users.student_removed", student)
    student.delete()


@transaction.atomic
def hand_over(guardian: User, student: Student, email: str) -> None:
    """Offer a person in one's care an account of their own. The guardian keeps the record until the offer is accepted.

    The address gets an account unless it has one, and the mail decides what to say when it is rendered: the guardian
    learns nothing about the address.
    """
    prepare(email, student.first_name, student.last_name)
    account = User.objects.get_by_natural_key(email)
    student.offered_to = account
    student.save(update_fields=["offered_to"])
    record(guardian, "users.student_offered", student)
    draft("users.claim", to=account.email, key=links.today(), data={"student_id": student.pk})


def take_back(student: Student) -> None:
    student.offered_to = None
    student.save(update_fields=["offered_to"])


def answer(user: User, student: Student, said: Answer) -> None:
    try:
        with transaction.atomic():
            _answer(user, Student.objects.select_for_update().get(pk=student.pk, offered_to=user), said)
    except IntegrityError:
        raise Twice from None


def _answer(user: User, student: Student, said: Answer) -> None:
    giver = student.guardian
    if said is Answer.ME:
        if Student.objects.filter(user=user).exists():
            raise OwnRecordExists
        student.user, student.guardian, student.email = user, None, user.email
    elif said is Answer.IN_MY_CARE:
        student.guardian = user
    student.offered_to = None
    student.save()
    entry = record(user, "users.offer_answered", student, said=said.value)
    emit(events.OFFER_ANSWERED, key=f"{entry.pk}", student_id=student.pk, said=said.value)
    if giver is not None:
        draft(
            "users.offer_answered",
            to=giver.email,
            person_id=giver.pk,
            key=str(entry.pk),
            data={"student_id": student.pk, "guardian_id": giver.pk, "said": said.value},
            about=("student", student.pk),
        )
