"""Personal data in the hands of the office: exporting it, erasing it, and merging two records of one person."""

from django.db import transaction

from common import personal
from common.errors import MergeConflict
from common.personal import PersonRecords
from history.domain import record_action
from users.errors import StudentRecordRefused
from users.models import Student, User


def person_of_account(account: User) -> PersonRecords:
    """This includes the students in the account's care, who have no account of their own."""
    students = Student.objects.in_care_of(account)
    emails = {account.email, account.new_email, *students.values_list("email", flat=True)} - {""}
    return PersonRecords(account.pk, tuple(sorted(students.values_list("pk", flat=True))), tuple(sorted(emails)))


def person_of_student(student: Student) -> PersonRecords:
    account = student.user
    emails = {student.email, account.email if account else ""} - {""}
    return PersonRecords(account.pk if account else None, (student.pk,), tuple(sorted(emails)))


def export_person(actor: User, account: User) -> dict[str, dict[str, object]]:
    with transaction.atomic():
        record_action(actor, "users.data_exported", account)
        return personal.export_all(person_of_account(account))


@transaction.atomic
def erase_person(actor: User, account: User, why: str) -> None:
    """The history entry is written last, because the erasure must stay provable without a name in it."""
    personal.erase_all(person_of_account(account))
    record_action(actor, "users.person_erased", account, why=why)


@transaction.atomic
def erase_student(actor: User, student: Student, why: str) -> None:
    """Erase a student who has no account. Accounts are erased with all their students."""
    if student.user is not None:
        raise StudentRecordRefused("This person has an account. Erase the account instead.", code="has_account")
    personal.erase_all(person_of_student(student))
    record_action(actor, "users.person_erased", student, why=why)


def preview_merge(source: Student, target: Student) -> list[str]:
    """Merge and roll back, so that the preview cannot differ from the real merge."""
    with transaction.atomic():
        sentences = _merge_locked_people(source, target)
        transaction.set_rollback(True)
    return sentences


@transaction.atomic
def merge_people(actor: User, source: Student, target: Student, why: str) -> list[str]:
    sentences = _merge_locked_people(source, target)
    record_action(actor, "users.people_merged", target, why=why, merged=source.pk)
    return sentences


def _merge_locked_people(source: Student, target: Student) -> list[str]:
    rows = {row.pk: row for row in Student.objects.select_for_update().filter(pk__in=[source.pk, target.pk])}
    if len(rows) != 2:
        raise MergeConflict("Two different records are needed.")
    return personal.merge_all(person_of_student(rows[source.pk]), person_of_student(rows[target.pk]))
