"""Personal data in the hands of the office: exporting it, erasing it, and merging two records of one person."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from common import personal
from common.errors import MergeConflict
from common.model_meta import is_referenced
from common.personal import MergeStep, PersonRecords
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
    return personal.merge_sentences(_plan_merge(source, target, Student.objects.all()))


@transaction.atomic
def merge_people(actor: User, source: Student, target: Student, why: str) -> list[str]:
    steps = _plan_merge(source, target, Student.objects.select_for_update(of=("self",)))
    sentences = personal.apply_merge(steps)
    record_action(actor, "users.people_merged", target, why=why, merged=source.pk)
    return sentences


def _plan_merge(source: Student, target: Student, students: QuerySet[Student]) -> list[MergeStep]:
    rows = students.select_related("user").in_bulk([source.pk, target.pk])
    if len(rows) != 2:
        raise MergeConflict("Two different records are needed.")
    source = rows[source.pk]
    steps = personal.plan_merge_of_all(person_of_student(source), person_of_student(rows[target.pk]))
    if is_referenced(source, ignoring=[step.rows for step in steps if step.rows is not None]):
        raise MergeConflict(_("The record of %(name)s has data that can’t be moved automatically.") % {"name": source})
    return steps
