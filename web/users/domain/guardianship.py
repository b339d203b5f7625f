"""The students of an account: its owner, the people in the owner's care, and those offered to the account."""

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
    """How an account's owner answers when a student is offered to the account."""

    ME = "me"
    IN_MY_CARE = "care"
    UNKNOWN = "unknown"


class Twice(Exception):
    """A person with this name is already in the account's care."""


class StillNeeded(Exception):
    """Registrations, attendance or messages refer to the record."""


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
    """Offer a person in the guardian's care an account of their own. The guardian keeps the record until they accept.

    The address gets an account unless it has one, and what the mail says is decided when it is rendered, so that the
    guardian learns nothing about the address.
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


# -- how the owner of an account answers an offer ---------------------------------------------------------------


def rival(user: User, student: Student, reply: Answer) -> Student | None:
    """Return the record that the account already has for the person whom this reply names."""
    if reply is Answer.ME:
        return Student.objects.filter(user=user).first()
    in_care = Student.objects.filter(guardian=user, name_key=student.name_key).exclude(pk=student.pk)
    return in_care.first() if reply is Answer.IN_MY_CARE else None


@transaction.atomic
def answer(user: User, student: Student, reply: Answer) -> None:
    student = _offered(user, student)
    if rival(user, student, reply) is not None:
        raise Twice
    former_guardian = student.guardian
    if reply is Answer.ME:
        student.user, student.guardian, student.email = user, None, user.email
    elif reply is Answer.IN_MY_CARE:
        student.guardian = user
    student.offered_to = None
    student.save()
    _tell(user, student, reply, former_guardian, student.pk)


@transaction.atomic
def join(user: User, student: Student, reply: Answer) -> list[str]:
    """Answer by merging the offered student into the account's own record, and say in sentences what was merged."""
    student = _offered(user, student)
    offered_id, former_guardian, target = student.pk, student.guardian, rival(user, student, reply)
    if target is None:
        raise Conflict("There is nothing left to combine.")
    sentences = privacy.merge(user, student, target, why=f"Answered “{reply.value}”")
    _tell(user, target, reply, former_guardian, offered_id)
    return sentences


@transaction.atomic
def ask_the_office_to_join(user: User, student: Student, reply: Answer) -> None:
    """Some merges need the office. The offer stays open until the office has merged the records."""
    target = rival(user, _offered(user, student), reply)
    if target is not None:
        key = f"{student.pk} {target.pk}"
        emit(events.MERGE_REQUESTED, key=key, student_id=student.pk, other_id=target.pk)


def _offered(user: User, student: Student) -> Student:
    return Student.objects.select_for_update().get(pk=student.pk, offered_to=user)


def _tell(user: User, student: Student, reply: Answer, former_guardian: User | None, offered_id: int) -> None:
    entry = record(user, "users.offer_answered", student, said=reply.value)
    emit(events.CLAIM_ANSWERED, key=f"{entry.pk}", student_id=student.pk, said=reply.value)
    if former_guardian is not None and former_guardian != user:
        draft(
            "users.offer_answered",
            to=former_guardian.email,
            person_id=former_guardian.pk,
            key=str(entry.pk),
            data={"student_id": offered_id, "guardian_id": former_guardian.pk, "said": reply.value},
            about=("student", student.pk),
        )
