"""The level guide: the levels, what completes them, and what to take next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, Level, Subject
from classwork.rules import levels


@dataclass(frozen=True)
class GuideStep:
    level: Level
    subjects: list[Subject]
    classes: list[ClassSummary]

    @property
    def running(self) -> list[ClassSummary]:
        return [summary for summary in self.classes if summary.is_running]

    @property
    def coming(self) -> list[ClassSummary]:
        return [
            summary
            for summary in self.classes
            if summary.first is not None and summary.first.local_date > summary.today
        ]

    @property
    def has_classes(self) -> bool:
        return bool(self.running or self.coming)

    @property
    def completed_by(self) -> str:
        """Names only versions that exist: “versions A and B”, “version A and one more that we’re planning”."""
        known = {subject.version.upper() for subject in self.subjects}
        goals = levels.parse_rule(self.level.rule)
        offered = tuple(goal & known for goal in goals if goal & known)
        if not offered:
            return ""
        are_all_needed = len(offered) > 1 and all(len(goal) == 1 for goal in offered)
        text = f"{'versions' if are_all_needed else 'version'} {levels.rule_text(offered)}"
        planned = len(goals) - len(offered)
        more = f"{planned} more that we’re still planning" if planned > 1 else "one more that we’re still planning"
        return f"{text} and {more}" if planned else text


def guide_steps(today: date, class_offers: Iterable[ClassOffer]) -> list[GuideStep]:
    subjects, classes = defaultdict(list), defaultdict(list)
    for subject in Subject.objects.filter(manager_approved=True).select_related("level"):
        subjects[subject.level_id].append(subject)
    for class_offer in class_offers:
        classes[class_offer.subject.level_id].append(ClassSummary(class_offer, today))
    ladder = Level.objects.filter(is_step=True)
    return [GuideStep(level, subjects[level.pk], classes[level.pk]) for level in ladder if level.pk in subjects]
