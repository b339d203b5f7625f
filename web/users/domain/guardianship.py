"""People who attend: an account's owner, those in the owner's care, and those offered to an account."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from common.personal import Conflict
from common.relations import is_pointed_at
from history.domain import record
from mailroom.domain import draft
from outbox.domain import emit
from users import events
from users.domain import account_links, privacy
from users.domain.accounts import prepare
from users.models import Student, User


class Answer(StrEnum):
    """What an account's owner says of a person offered to the account."""

    ME = "me"
    IN_MY_CARE = "care"
    UNKNOWN = "unknown"


class Twice(Exception):
    """A person of this name is in the account's care already."""


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
    draft("users.claim", to=account.email, key=account_links.today(), data={"student_id": student.pk})


def take_back(student: Student) -> None:
    student.offered_to = None
    student.save(update_fields=["offered_to"])


# -- the answer of whom somebody was offered to ------------------------------------------------------------------


def rival(user: User, student: Student, said: Answer) -> Student | None:
    """The record that the account has already for the person whom this answer means."""
    if said is Answer.ME:
        return Student.objects.filter(user=user).first()
    in_care = Student.objects.filter(guardian=user, name_key=student.name_key).exclude(pk=student.pk)
    return in_care.first() if said is Answer.IN_MY_CARE else None


@transaction.atomic
def answer(user: User, student: Student, said: Answer) -> None:
    student = _offered(user, student)
    if rival(user, student, said) is not None:
        raise Twice
    giver = student.guardian
    if said is Answer.ME:
        student.user, student.guardian, student.email = user, None, user.email
    elif said is Answer.IN_MY_CARE:
        student.guardian = user
    student.offered_to = None
    student.save()
    _tell(user, student, said, giver, student.pk)


@transaction.atomic
def join(user: User, student: Student, said: Answer) -> list[str]:
    """The answer, where the account has a record for this person already: one is made of the two. Raises Conflict."""
    student = _offered(user, student)
    number, giver, target = student.pk, student.guardian, rival(user, student, said)
    if target is None:
        raise Conflict("There is nothing left to combine.")
    told = privacy.merge(user, student, target, why=f"Answered “{said.value}”")
    _tell(user, target, said, giver, number)
    return told


@transaction.atomic
def ask_the_office_to_join(user: User, student: Student, said: Answer) -> None:
    """For what the owner cannot settle. The question stays open until the office has."""
    target = rival(user, _offered(user, student), said)
    if target is not None:
        key = f"{student.pk} {target.pk}"
        emit(events.JOINING_ASKED, key=key, student_id=student.pk, other_id=target.pk)


def _offered(user: User, student: Student) -> Student:
    return Student.objects.select_for_update().get(pk=student.pk, offered_to=user)


def _tell(user: User, student: Student, said: Answer, giver: User | None, given: int) -> None:
    entry = record(user, "users.offer_answered", student, said=said.value)
    emit(events.OFFER_ANSWERED, key=f"{entry.pk}", student_id=student.pk, said=said.value)
    if giver is not None and giver != user:
        draft(
            "users.offer_answered",
            to=giver.email,
            person_id=giver.pk,
            key=str(entry.pk),
            data={"student_id": given, "guardian_id": giver.pk, "said": said.value},
            about=("student", student.pk),
        )
