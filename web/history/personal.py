"""Personal data in the history. Entries name people by ID only, but a reason may contain text about a person."""

from django.db.models import Q, QuerySet

from common.personal import Person
from history.models import Entry

MODELS = {"history.Entry": "Recorded actions on your account and your students"}


def about(person: Person) -> QuerySet[Entry]:
    students = Q(subject_type="student", subject_id__in=[str(pk) for pk in person.student_ids])
    if person.account_id is None:
        return Entry.objects.filter(students)
    return Entry.objects.filter(students | Q(subject_type="user", subject_id=str(person.account_id)))


def export(person: Person) -> dict[str, object]:
    rows = about(person).values("at", "action", "why")
    return {"entries": [{**row, "at": row["at"].isoformat()} for row in rows]}


def erase(person: Person) -> None:
    """Erase the reasons, which may contain text about the person. The rest of each entry is kept."""
    about(person).exclude(why="").update(why="(erased with the person)")


def merge(source: Person, target: Person) -> list[str]:
    return []  # Entries keep the subject they were written for.
