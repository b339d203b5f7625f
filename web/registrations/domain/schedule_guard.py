"""What a change of the schedule means for students: it is shown in the preview, and prevents the change if need be."""

from collections.abc import Iterator, Sequence

from classwork.domain.schedule.previews import Preview, ScheduleEffect
from classwork.errors import FieldProblem
from common.formats import format_date
from registrations.models import CanceledMeeting, Registration

COMPENSATION_STAYS = "Students keep the compensation they received for this day, and its make-up day stays."


def preview_students_days(effects: Sequence[ScheduleEffect]) -> Preview:
    return Preview(warnings=tuple(_restored_day_warnings(effects)), problems=tuple(_ticketed_day_problems(effects)))


def _restored_day_warnings(effects: Sequence[ScheduleEffect]) -> Iterator[str]:
    restored = [step.pk for each in effects for step in each.steps if step.was_canceled and not step.canceled]
    if restored and CanceledMeeting.objects.filter(pk__in=restored).exists():
        yield COMPENSATION_STAYS


def _ticketed_day_problems(effects: Sequence[ScheduleEffect]) -> Iterator[FieldProblem]:
    """A day for which a ticket was sold cannot be removed."""
    for each in effects:
        removed = [step.pk for step in each.steps if step.pk and not step.after]
        tickets = (
            Registration.objects.filter(meeting__in=removed).select_related("meeting").order_by("meeting__starts_at")
        )
        if removed and (ticket := tickets.first()) is not None:
            day = format_date(ticket.day.local_date)
            text = f"{each.class_offer.heading}: someone has registered for {day} alone."
            yield FieldProblem("", f"{text} Cancel that day instead of removing it.")
