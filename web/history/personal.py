"""Personal data in the history. Entries name people by ID only, but a reason may contain text about a person."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.personal import MergeStep, PersonRecords
from history.models import Entry

MODELS = {"history.Entry": _("Recorded actions on your account and your students")}


def entries_about(person: PersonRecords) -> QuerySet[Entry]:
    students = Q(subject_type="student", subject_id__in=[str(pk) for pk in person.student_ids])
    if person.account_id is None:
        return Entry.objects.filter(students)
    return Entry.objects.filter(students | Q(subject_type="user", subject_id=str(person.account_id)))


def export(person: PersonRecords) -> dict[str, object]:
    rows = entries_about(person).values("at", "action", "reason")
    return {"entries": [{**row, "at": row["at"].isoformat()} for row in rows]}


def erase(person: PersonRecords) -> None:
    """Erase the reasons, which may contain text about the person. The rest of each entry is kept."""
    entries_about(person).exclude(reason="").update(reason="(erased with the person)")


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    return []  # Entries keep the subject they were written for.
