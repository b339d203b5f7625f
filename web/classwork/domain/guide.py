"""The level guide: what there is, what completes a level, what to take next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from classwork.domain import levels, listing
from classwork.domain.listed import Listed
from classwork.models import ClassOffer, Level, Subject


@dataclass(frozen=True)
class GuideStep:
    level: Level
    subjects: list[Subject]
    classes: list[Listed]

    @property
    def completed_by(self) -> str:
        return levels.in_words(levels.parse(self.level.rule))


def steps(today: date) -> list[GuideStep]:
    """The ladder from the bottom up, each step with its subjects and the classes that are on now."""
    subjects, classes = defaultdict(list), defaultdict(list)
    for subject in Subject.objects.filter(manager_approved=True).select_related("level"):
        subjects[subject.level_id].append(subject)
    current = listing.sessions_for(today=today)
    for offer in ClassOffer.objects.on_offer().filter(session__in=current).for_lists():
        classes[offer.subject.level_id].append(Listed(offer, today))
    ladder = Level.objects.filter(is_step=True)
    return [GuideStep(level, subjects[level.pk], classes[level.pk]) for level in ladder if level.pk in subjects]
