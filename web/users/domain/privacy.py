"""Personal data in the hands of the office: exporting it, erasing it, and merging two records of one person."""

from django.db import transaction

from common import personal
from common.personal import Conflict, Person
from history.domain import record
from users.models import Student, User


def person_of(account: User) -> Person:
    """This includes the students in the account's care, who have no account of their own."""
    students = Student.objects.in_care_of(account)
    emails = {account.email, account.new_email, *students.values_list("email", flat=True)} - {""}
    return Person(account.pk, tuple(sorted(students.values_list("pk", flat=True))), tuple(sorted(emails)))


def attendee(student: Student) -> Person:
    account = student.user
    emails = {student.email, account.email if account else ""} - {""}
    return Person(account.pk if account else None, (student.pk,), tuple(sorted(emails)))


def export(actor: User, account: User) -> dict[str, dict[str, object]]:
    with transaction.atomic():
        record(actor, "users.data_exported", account)
        return personal.export(person_of(account))


@transaction.atomic
def erase(actor: User, account: User, why: str) -> None:
    """The history entry is written last, because the erasure must stay provable without a name in it."""
    personal.erase(person_of(account))
    record(actor, "users.person_erased", account, why=why)


@transaction.atomic
def erase_student(actor: User, student: Student, why: str) -> None:
    if student.user is not None:
        raise Conflict("This person has an account. Erase the account instead.")
    personal.erase(attendee(student))
    record(actor, "users.person_erased", student, why=why)


def preview_merge(source: Student, target: Student) -> list[str]:
    """Merge and roll back, so that the preview cannot differ from the real merge."""
    with transaction.atomic():
        sentences = _merge(source, target)
        transaction.set_rollback(True)
    return sentences


@transaction.atomic
def merge(actor: User, source: Student, target: Student, why: str) -> list[str]:
    sentences = _merge(source, target)
    record(actor, "users.people_merged", target, why=why, merged=source.pk)
    return sentences


def _merge(source: Student, target: Student) -> list[str]:
    rows = {row.pk: row for row in Student.objects.select_for_update().filter(pk__in=[source.pk, target.pk])}
    if len(rows) != 2:
        raise Conflict("Two different records are needed.")
    return personal.merge(attendee(rows[source.pk]), attendee(rows[target.pk]))
