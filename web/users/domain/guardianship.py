"""The students of an account: its owner, the people in the owner's care, and those offered to the account."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction

from common.errors import MergeConflict
from common.model_meta import is_referenced
from history.domain import record_action
from mailroom.domain import draft_message
from outbox.domain import emit
from users import events
from users.domain import account_links, privacy
from users.domain.accounts import prepare_account
from users.errors import AlreadyInCare, StudentInUse
from users.models import Student, User


class ClaimAnswer(StrEnum):
    """How an account's owner answers when a student is offered to the account."""

    ME = "me"
    IN_MY_CARE = "care"
    UNKNOWN = "unknown"


def ensure_own_record(user: User) -> Student:
    names = {"first_name": user.first_name, "last_name": user.last_name, "email": user.email}
    return Student.objects.get_or_create(user=user, defaults=names)[0]


def add_student(guardian: User, details: Mapping[str, Any]) -> Student:
    return _save_student(Student(guardian=guardian, **details))


def change_student(student: Student, details: Mapping[str, Any]) -> Student:
    for name, value in details.items():
        setattr(student, name, value)
    return _save_student(student)


def _save_student(student: Student) -> Student:
    try:
        with transaction.atomic():
            student.save()
    except IntegrityError:
        raise AlreadyInCare from None
    return student


@transaction.atomic
def remove_student(actor: User, student: Student) -> None:
    if is_referenced(student):
        raise StudentInUse
    record_action(actor, "users.student_removed", student)
    student.delete()


@transaction.atomic
def offer_own_account(guardian: User, student: Student, email: str) -> None:
    """Offer a person in the guardian's care an account of their own. The guardian keeps the record until they accept.

    The address gets an account unless it has one, and what the mail says is decided when it is rendered, so that the
    guardian learns nothing about the address.
    """
    prepare_account(email, student.first_name, student.last_name)
    account = User.objects.get_by_natural_key(email)
    student.offered_to = account
    student.save(update_fields=["offered_to"])
    record_action(guardian, "users.student_offered", student)
    draft_message("users.claim", to=account.email, key=account_links.daily_mail_key(), data={"student_id": student.pk})


def withdraw_offer(student: Student) -> None:
    student.offered_to = None
    student.save(update_fields=["offered_to"])


# -- how the owner of an account answers an offer ---------------------------------------------------------------


def conflicting_record(user: User, student: Student, reply: ClaimAnswer) -> Student | None:
    """Return the record that the account already has for the person whom this reply names."""
    if reply is ClaimAnswer.ME:
        return Student.objects.filter(user=user).first()
    in_care = Student.objects.filter(guardian=user, name_key=student.name_key).exclude(pk=student.pk)
    return in_care.first() if reply is ClaimAnswer.IN_MY_CARE else None


@transaction.atomic
def answer_claim(user: User, student: Student, reply: ClaimAnswer) -> None:
    student = _lock_offered_student(user, student)
    if conflicting_record(user, student, reply) is not None:
        raise AlreadyInCare
    former_guardian = student.guardian
    if reply is ClaimAnswer.ME:
        student.user, student.guardian, student.email = user, None, user.email
    elif reply is ClaimAnswer.IN_MY_CARE:
        student.guardian = user
    student.offered_to = None
    student.save()
    _record_claim_answer(user, student, reply, former_guardian, student.pk)


@transaction.atomic
def merge_claimed_record(user: User, student: Student, reply: ClaimAnswer) -> list[str]:
    """Answer by merging the offered student into the account's own record, and say in sentences what was merged."""
    student = _lock_offered_student(user, student)
    offered_id, former_guardian, target = student.pk, student.guardian, conflicting_record(user, student, reply)
    if target is None:
        raise MergeConflict("There is nothing left to combine.")
    sentences = privacy.merge_people(user, student, target, why=f"Answered “{reply.value}”")
    _record_claim_answer(user, target, reply, former_guardian, offered_id)
    return sentences


@transaction.atomic
def request_office_merge(user: User, student: Student, reply: ClaimAnswer) -> None:
    """Some merges need the office. The offer stays open until the office has merged the records."""
    target = conflicting_record(user, _lock_offered_student(user, student), reply)
    if target is not None:
        key = f"{student.pk} {target.pk}"
        emit(events.MERGE_REQUESTED, key=key, student_id=student.pk, other_id=target.pk)


def _lock_offered_student(user: User, student: Student) -> Student:
    return Student.objects.select_for_update().get(pk=student.pk, offered_to=user)


def _record_claim_answer(
    user: User, student: Student, reply: ClaimAnswer, former_guardian: User | None, offered_id: int
) -> None:
    entry = record_action(user, "users.claim_answered", student, answer=reply.value)
    emit(events.CLAIM_ANSWERED, key=f"{entry.pk}", student_id=student.pk, answer=reply.value)
    if former_guardian is not None and former_guardian != user:
        draft_message(
            "users.claim_answered",
            to=former_guardian.email,
            person_id=former_guardian.pk,
            key=str(entry.pk),
            data={"student_id": offered_id, "guardian_id": former_guardian.pk, "answer": reply.value},
            about=("student", student.pk),
        )
