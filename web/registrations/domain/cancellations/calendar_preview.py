"""The calendar side of a cancellation: canceled days, replacement days and their clashes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import prefetch_related_objects

from classwork.domain.schedule import effects as schedule_effects
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.domain.schedule.previews import Preview, ScheduleEffect, build_preview
from classwork.errors import FieldProblem
from classwork.models import ClassOffer, Meeting
from classwork.rules import timetable
from classwork.rules.timetable import MeetingChange
from common.formats import format_date


def preview_canceled_days(
    class_offers: Iterable[ClassOffer], canceled: Sequence[Meeting], instead: Mapping[int, MeetingDraft], now: datetime
) -> Preview:
    classes = list(class_offers)
    if instead:
        prefetch_related_objects(classes, "assignments__staff__user")  # To find who would teach twice at a time.
    effects = [
        _cancellation_effect(class_offer, [each for each in canceled if each.class_offer_id == class_offer.pk], instead)
        for class_offer in classes
    ]
    problems = []
    for effect in effects:
        starts = [slot.starts_at for slot in effect.after]
        for slot in (step.after for step in effect.steps if step.before is None and step.after):
            if slot.starts_at <= now:
                sentence = f"{effect.class_offer.heading}: {slot} has passed. Please choose a later day."
            elif starts.count(slot.starts_at) > 1:
                sentence = f"{effect.class_offer.heading} already meets on {format_date(slot.starts_at)} at that time."
            else:
                continue
            problems.append(FieldProblem("", sentence))
    clashes = (
        schedule_effects.clashes_with_others(
            [schedule_effects.planned_as_stored(class_offer) for class_offer in classes], effects
        )
        if instead
        else []
    )
    return build_preview(effects, warnings=map(str, clashes), problems=problems)


def _cancellation_effect(
    class_offer: ClassOffer, canceled: Sequence[Meeting], instead: Mapping[int, MeetingDraft]
) -> ScheduleEffect:
    drafts = [instead[meeting.pk] for meeting in canceled if meeting.pk in instead]
    new = [draft.slot(class_offer.subject.num_minutes) for draft in drafts]
    steps = [MeetingChange(each.number, each.pk, each.slot, each.slot, canceled=True) for each in canceled]
    steps += [MeetingChange(None, None, None, slot) for slot in new]
    stored = [each.as_scheduled for each in class_offer.meetings.all()]
    ids = {meeting.pk for meeting in canceled}
    after = timetable.slots_after([each for each in stored if each.pk not in ids], [])
    locations = [(slot, draft.location) for slot, draft in zip(new, drafts, strict=True) if draft.location is not None]
    return ScheduleEffect(
        class_offer,
        tuple(steps),
        tuple(timetable.slots_after(stored, [])),
        tuple(sorted([*after, *new], key=lambda slot: slot.starts_at)),
        class_offer.rule.skipped,
        tuple(locations),
    )
