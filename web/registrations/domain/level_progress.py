"""Students' levels, computed from their registrations unless staff have overridden them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from operator import attrgetter

from django.db import transaction
from django.db.models import Max, Q, prefetch_related_objects

from classwork.models import Level, Session
from classwork.rules import levels
from classwork.rules.levels import LevelRule, NextStep, TakenClass
from history.domain import record_action
from registrations.models import LevelOverride, Registration
from users.models import Student, User


@dataclass(frozen=True)
class LevelProgress:
    """`over` holds the classes that count now. `taken` adds those still running, which advice treats as finished."""

    rules: Sequence[LevelRule]
    over: Sequence[TakenClass] = ()
    taken: Sequence[TakenClass] = ()
    override: LevelOverride | None = None

    @property
    def override_number(self) -> Decimal | None:
        return self.override.number if self.override else None

    @cached_property
    def computed(self) -> Decimal:
        return levels.level_reached(self.rules, self.over)

    @cached_property
    def number(self) -> Decimal:
        return levels.effective_level(self.computed, self.override_number)

    @cached_property
    def expected(self) -> Decimal:
        return levels.effective_level(levels.level_reached(self.rules, self.taken), self.override_number)

    @cached_property
    def next_step(self) -> NextStep | None:
        return levels.next_step(self.rules, self.taken, self.override_number)


def progress_of_students(
    students: Iterable[Student], at: datetime, all_levels: Iterable[Level] | None = None
) -> Mapping[int, LevelProgress]:
    """`all_levels` are given by callers that also need the names of the levels."""
    students = list(students)
    prefetch_related_objects(students, "level_override__set_by")
    overrides = {student.pk: getattr(student, "level_override", None) for student in students}
    student_ids = list(overrides)
    rules = [level.as_rule() for level in (Level.objects.all() if all_levels is None else all_levels)]
    over: dict[int, list[TakenClass]] = defaultdict(list)
    taken: dict[int, list[TakenClass]] = defaultdict(list)
    confirmed = Registration.objects.whole_class().confirmed().filter(student__in=student_ids).order_by()
    last = Max("class_offer__meetings__ends_at", filter=Q(class_offer__meetings__canceled_at=None))
    rows = confirmed.annotate(last=last)
    for row in rows.values_list(
        "student", "class_offer__subject__level__code", "class_offer__subject__version", "last"
    ):
        student, code, version, ends = row
        taken[student].append(TakenClass(code, version))
        if ends is not None and ends <= at:
            over[student].append(TakenClass(code, version))
    return {pk: LevelProgress(rules, over[pk], taken[pk], override) for pk, override in overrides.items()}


# -- the names of the levels ---------------------------------------------------------------------------------------


def level_labels(all_levels: Iterable[Level]) -> list[tuple[Decimal, str]]:
    texts = {levels.NOTHING: "No level yet"}
    for level in filter(attrgetter("is_step"), all_levels):
        for number, text in (
            (level.started, f"{level.name} started"),
            (level.done, f"{level.name} done"),
            (level.done_twice, f"{level.name} done twice"),
        ):
            if number is not None:
                texts.setdefault(number, text)
    return sorted(texts.items())


def level_text(number: Decimal, known: Sequence[tuple[Decimal, str]]) -> str:
    return [words for least, words in known if least <= number][-1]


# -- overrides -----------------------------------------------------------------------------------------------------


@transaction.atomic
def override_level(student: Student, number: Decimal | None, *, why: str, by: User) -> None:
    """A number of None removes the override."""
    before = LevelOverride.objects.select_for_update().filter(student=student).first()
    if number is not None:
        values = {"number": number, "reason": why, "set_by": by}
        LevelOverride.objects.update_or_create(student=student, defaults=values)
        record_action(by, "registrations.level_set", student, why=why, level=levels.format_level(number))
    elif before is not None:
        record_action(by, "registrations.level_removed", student, why=why, level=levels.format_level(before.number))
        before.delete()


# -- advice for planning -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VersionDemand:
    """How many of the session's students could take one of these versions next."""

    level: Level
    goal: frozenset[str]
    students: int

    @property
    def name(self) -> str:
        return f"{self.level.name} {' or '.join(sorted(self.goal))}"


@dataclass(frozen=True)
class SessionAdvice:
    attending: int
    needs: Sequence[VersionDemand]

    @property
    def most(self) -> VersionDemand | None:
        return max(self.needs, key=lambda need: need.students, default=None)

    @property
    def summary_text(self) -> str:
        if self.most is None:
            return ""
        most_need_it = self.most.students * 2 > self.attending
        lead = "Most current students still need" if most_need_it else "Most wanted:"
        return f"{lead} {self.most.name}, {self.most.students} of {self.attending} students."

    @property
    def rows(self) -> list[tuple[str, int]]:
        return [(need.name, need.students) for need in self.needs]


def advise_next_session(session: Session, at: datetime) -> SessionAdvice:
    attending = Registration.objects.whole_class().filter(class_offer__session=session).taking_a_spot(at)
    students = Student.objects.filter(pk__in=attending.values("student"))
    progress_by_student = progress_of_students(students, at)
    steps = [progress.next_step for progress in progress_by_student.values()]
    counted = Counter((step.level.code, goal) for step in steps if step for goal in set(step.missing))
    by_code = {level.code: level for level in Level.objects.all()}
    demands = [VersionDemand(by_code[code], goal, count) for (code, goal), count in counted.items()]
    return SessionAdvice(
        len(progress_by_student), sorted(demands, key=lambda need: (need.level.rank, sorted(need.goal)))
    )
