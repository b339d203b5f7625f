"""What a change would move, shown before it is made. Other apps contribute to it through PREVIEW_CONTRIBUTORS."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.module_loading import import_string

from classwork.errors import ChangeRefused, FieldProblem, PreviewOutdated
from classwork.models import ClassOffer, Location
from classwork.rules.timetable import MeetingChange, Slot


@dataclass(frozen=True)
class ScheduleEffect:
    """The change to the meetings of one class.

    `class_offer` carries the new values, `before` and `after` are the times of the meetings that are not canceled, and
    `skipped` are the days that the rule leaves out.
    """

    class_offer: ClassOffer
    steps: tuple[MeetingChange, ...]
    before: tuple[Slot, ...]
    after: tuple[Slot, ...]
    skipped: frozenset[date] = frozenset()
    elsewhere: tuple[tuple[Slot, Location], ...] = ()
    """The locations of new meetings that are not at the usual location of the class."""


@dataclass(frozen=True)
class PreviewRow:
    """A line of the preview table. `before` is empty for something new."""

    group: str
    what: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Preview:
    """What a change would do. The functions of PREVIEW_CONTRIBUTORS add the rows, warnings and problems of theirs."""

    rows: tuple[PreviewRow, ...] = ()
    effects: tuple[ScheduleEffect, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[FieldProblem, ...] = ()

    @property
    def fingerprint(self) -> str:
        # The form submits this value, so that only a change that was shown is applied.
        return hashlib.sha256(repr((self.rows, self.warnings)).encode()).hexdigest()[:20]

    @property
    def needs_confirmation(self) -> bool:
        """A change that only adds meetings and clashes with nothing needs no confirmation."""
        return bool(self.warnings) or any(row.before for row in self.rows)

    def require_unchanged(self, seen: str | None) -> None:
        """Refuse a change that has problems, or that differs from the preview that was shown."""
        if self.problems:
            raise ChangeRefused(*self.problems)
        if seen is not None and seen != self.fingerprint:
            raise PreviewOutdated


def build_preview(
    effects: Sequence[ScheduleEffect],
    *,
    rows: Iterable[PreviewRow] = (),
    warnings: Iterable[str] = (),
    problems: Iterable[FieldProblem] = (),
) -> Preview:
    touched = tuple(effect for effect in effects if effect.steps)
    meetings = (meeting_row(effect.class_offer, step) for effect in touched for step in effect.steps)
    contributions: list[Preview] = [import_string(path)(touched) for path in settings.PREVIEW_CONTRIBUTORS]
    return Preview(
        (*rows, *meetings, *(row for each in contributions for row in each.rows)),
        touched,
        (*warnings, *(warning for each in contributions for warning in each.warnings)),
        (*problems, *(problem for each in contributions for problem in each.problems)),
    )


def meeting_row(class_offer: ClassOffer, step: MeetingChange) -> PreviewRow:
    what = f"Class {step.number}" if step.number else "Extra class"
    before = _slot_text(step.before, step.was_canceled) if step.before else ""
    after = _slot_text(step.after, step.canceled) if step.after else "removed"
    return PreviewRow(class_offer.heading, what, before, after)


def _slot_text(slot: Slot, canceled: bool) -> str:
    return f"{slot} (canceled)" if canceled else str(slot)
