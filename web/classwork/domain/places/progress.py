"""How far students have come, from the places they had and have."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from classwork.domain import levels
from classwork.models import Level, Registration
from users.models import Student


def numbers(students: Sequence[Student], at: datetime) -> Mapping[int, Decimal]:
    """For advice: a class that is still running counts as if it were finished."""
    rules = [level.as_rule() for level in Level.objects.all()]
    taken: dict[int, list[levels.Taken]] = defaultdict(list)
    confirmed = Registration.objects.filter(student__in=students, state=Registration.State.CONFIRMED)
    rows = confirmed.values_list("student", "offer__subject__level__code", "offer__subject__version")
    for student, code, version in rows:
        taken[student].append(levels.Taken(code, version))
    return {student.pk: levels.number(rules, taken[student.pk]) for student in students}
