"""The personal data of accounts, students and staff: how it is exported, erased and merged."""

from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from common import links
from common.errors import MergeConflict
from common.model_meta import field_label
from common.personal import MergeStep, PersonRecords, move_rows
from users.models import Consent, RecoveryCode, Staff, Student, User

MODELS = {
    "users.User": "Your account",
    "users.Student": "You and the people in your care, as students",
    "users.Staff": "Your public profile",
    "users.Consent": "Your consents",
    "users.RecoveryCode": "Recovery codes for logging in without your phone (only their hashes)",
    "otp_totp.TOTPDevice": "Your authenticator app",
}
NOT_PERSONAL = {
    "admin.LogEntry": "Never written: changes in the admin go to the school's history.",
    "axes.AccessAttempt": "Never written: wrong passwords are counted in the cache, under hashed names.",
    "axes.AccessFailureLog": "Never written, as above.",
    "axes.AccessLog": "Never written, as above.",
}
ERASED = "Erased"


def account_ids(person: PersonRecords) -> list[int]:
    return [] if person.account_id is None else [person.account_id]


def export(person: PersonRecords) -> dict[str, object]:
    return {
        "account": exported_rows(
            User.objects.filter(pk__in=account_ids(person)),
            "email",
            "new_email",
            "first_name",
            "last_name",
            "date_joined",
        ),
        "students": exported_rows(
            Student.objects.filter(pk__in=person.student_ids),
            *("first_name", "last_name", "email", "born_on", "notes", "created_at"),
        ),
        "staff": exported_rows(Staff.objects.filter(pk=person.account_id), "title", "bio", "photo", "listing"),
        "consents": exported_rows(
            Consent.objects.filter(user=person.account_id), "kind", "version", "given_at", "withdrawn_at"
        ),
        "second factor": exported_rows(
            TOTPDevice.objects.filter(user=person.account_id), "name", "created_at", "last_used_at"
        ),
    }


def exported_rows(queryset: QuerySet[Any], *fields: str) -> list[dict[str, str]]:
    return [{name: str(value) for name, value in row.items() if value is not None} for row in queryset.values(*fields)]


def erase(person: PersonRecords) -> None:
    for student in Student.objects.filter(pk__in=person.student_ids):
        anonymize_student(student)
    for account in User.objects.filter(pk__in=account_ids(person)):
        anonymize_account(account)


def anonymize_student(student: Student) -> None:
    """The row stays, because registrations and payments refer to it. The id keeps the name unique for a guardian."""
    student.first_name, student.last_name = ERASED, str(student.pk)
    student.email, student.born_on, student.notes, student.offered_to = "", None, "", None
    student.save()


def anonymize_account(account: User) -> None:
    for model in (Consent, RecoveryCode, TOTPDevice):
        model._default_manager.filter(user=account).delete()
    for staff in Staff.objects.filter(user=account):
        clear_staff_profile(staff)
    account.groups.clear()
    account.user_permissions.clear()
    account.email, account.new_email = f"erased-{account.pk}@erased.invalid", ""
    account.first_name, account.last_name = ERASED, str(account.pk)
    account.is_active = account.is_superuser = False
    account.email_confirmed_at, account.signup_consents = None, {}
    account.link_nonce = links.new_nonce()
    account.set_unusable_password()
    account.save()


def clear_staff_profile(staff: Staff) -> None:
    photo = staff.photo.name
    staff.photo, staff.title, staff.bio, staff.listing = "", "", "", -1
    staff.save()
    if photo:
        transaction.on_commit(lambda: default_storage.delete(photo))


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    steps = []
    if source.account_id and target.account_id:
        accounts = User.objects.in_bulk([source.account_id, target.account_id])
        steps += _plan_account_merge(accounts[source.account_id], accounts[target.account_id])
    students = Student.objects.select_related("user").in_bulk([*source.student_ids, *target.student_ids])
    for pk in source.student_ids:
        steps += _plan_student_merge(students[pk], students[target.student_ids[0]])
    return steps


def _plan_account_merge(source: User, target: User) -> list[MergeStep]:
    """The people in the care of the source move to the target, its permissions do not, and it is closed."""
    if source.is_superuser or source.groups.exists() or Staff.objects.filter(user=source).exists():
        raise MergeConflict(
            _("The account that would be closed belongs to the school’s team. Combine them the other way around.")
        )
    both = source.in_care.filter(name_key__in=target.in_care.values("name_key"))
    if child := both.first():
        text = _("%(name)s is in the care of both accounts. Combine those two records first.")
        raise MergeConflict(text % {"name": child})
    closed = {"is_active": False, "link_nonce": links.new_nonce()}
    sentence = _("%(name)s will be in the care of %(guardian)s.")
    text = _("The account %(closed)s will be closed; %(kept)s stays.")
    return [
        *(
            move_rows(
                source.in_care.filter(pk=child.pk), sentence % {"name": child, "guardian": target}, guardian=target
            )
            for child in source.in_care.all()
        ),
        move_rows(source.offered_students.all(), offered_to=target),
        move_rows(User.objects.filter(pk=source.pk), text % {"closed": source.email, "kept": target.email}, **closed),
    ]


def _plan_student_merge(source: Student, target: Student) -> list[MergeStep]:
    values = {
        name: value
        for name in ("email", "born_on", "notes")
        if not getattr(target, name) and (value := getattr(source, name))
    }
    text = _("The record of %(source)s will be combined with %(target)s.")
    copied = _("%(field)s: copied, because the other record has none.")
    sentences = [
        text % {"source": source, "target": target},
        *(copied % {"field": field_label(target, name).capitalize()} for name in values),
    ]
    if source.user and not target.user and not target.guardian_id:
        values |= {"user": source.user, "email": source.user.email, "offered_to": None}
        text = _("%(name)s will use the account %(email)s.")
        sentences.append(text % {"name": target, "email": source.user.email})
    return [MergeStep(source.delete, tuple(sentences)), move_rows(Student.objects.filter(pk=target.pk), **values)]
