"""A class as the pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from classwork.domain.class_fields import Place, fields_shown
from classwork.domain.schedule.changes import display_value
from classwork.models import Assignment, ClassOffer, Meeting
from common.formats import format_date
from common.model_meta import field_label


@dataclass(frozen=True)
class ClassSummary:
    """The dates and people of a class. It uses only prefetched rows, so that a list needs no query per class."""

    class_offer: ClassOffer
    today: date

    @cached_property
    def meetings(self) -> list[Meeting]:
        return self.class_offer.uncanceled_meetings

    @cached_property
    def canceled(self) -> list[Meeting]:
        return [meeting for meeting in self.class_offer.meetings.all() if meeting.is_canceled]

    @property
    def numbered(self) -> list[tuple[int | None, Meeting]]:
        """Every meeting with its number among the meetings that are not canceled. The number is None for a canceled
        one."""
        numbers = {meeting.pk: number for number, meeting in enumerate(self.meetings, 1)}
        return [(numbers.get(meeting.pk), meeting) for meeting in self.class_offer.meetings.all()]

    @property
    def first(self) -> Meeting | None:
        return self.meetings[0] if self.meetings else None

    @property
    def last(self) -> Meeting | None:
        return self.meetings[-1] if self.meetings else None

    @property
    def skipped(self) -> list[date]:
        planned = {skipped.day for skipped in self.class_offer.skipped_dates.all()}
        return sorted(planned | {meeting.local_date for meeting in self.canceled})

    @property
    def skipped_text(self) -> str:
        if not self.skipped:
            return ""
        days = ", ".join(format_date(day) for day in self.skipped)
        reason = f": {self.class_offer.skip_tagline}" if self.class_offer.skip_tagline else ""
        return f"No class on {days}{reason}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Labels and values of the fields that no template names, without the empty ones."""
        class_offer = self.class_offer
        pairs = (
            (field_label(class_offer, name), display_value(class_offer, name)) for name in fields_shown(Place.FACTS)
        )
        return [(label, value) for label, value in pairs if value]

    @property
    def date_range(self) -> str:
        if self.first is None or self.last is None:
            return "Canceled" if self.class_offer.is_canceled else "Dates to be announced"
        first, last = format_date(self.first.local_date), format_date(self.last.local_date)
        return first if first == last else f"{first} to {last}"

    @property
    def description(self) -> str:
        class_offer, subject = self.class_offer, self.class_offer.subject
        dates = "Canceled" if class_offer.is_canceled else self.date_range
        location = f", {class_offer.location}" if class_offer.location else ""
        text = subject.short_description or subject.title
        return f"{text} {dates}, {class_offer.day} {class_offer.time_range}{location}."

    @property
    def schedule_text(self) -> str:
        return f"{self.class_offer.day} {self.class_offer.time_range}, {self.date_range}"

    @property
    def count(self) -> str:
        return "one class" if len(self.meetings) == 1 else f"{len(self.meetings)} classes"

    @property
    def is_running(self) -> bool:
        return bool(self.meetings) and self.meetings[0].local_date <= self.today <= self.meetings[-1].local_date

    @property
    def state(self) -> str:
        if self.class_offer.is_canceled or self.last is None:
            return ""
        if self.last.local_date < self.today:
            return "Over"
        return "Running" if self.is_running else ""

    @cached_property
    def teacher_names(self) -> list[str]:
        return [
            str(assignment.staff)
            for assignment in self.class_offer.assignments.all()
            if assignment.role == Assignment.Role.TEACHER
        ]

    @property
    def teachers(self) -> str:
        return " and ".join(self.teacher_names)
