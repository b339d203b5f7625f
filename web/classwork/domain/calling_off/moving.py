"""The calendar side of a cancellation: canceled days, replacement days and their clashes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from classwork.domain import timetable
from classwork.domain.schedule import schedule_effects
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.domain.schedule.previews import Effect, Preview, draw
from classwork.domain.schedule.problems import Fault
from classwork.domain.timetable import Slot, Step
from classwork.models import ClassOffer, Location, Meeting
from common.formats import format_date


def preview(
    offers: Iterable[ClassOffer], cancelled: Sequence[Meeting], instead: Mapping[int, MeetingDraft], now: datetime
) -> Preview:
    """The classes must be loaded with their timetables."""
    touched = list(offers)
    effects = [_effect(offer, [each for each in cancelled if each.offer_id == offer.pk], instead) for offer in touched]
    found = [fault for effect in effects for fault in _faults(effect, now)]
    clashes = (
        schedule_effects.clashes_of([schedule_effects.as_it_is(offer) for offer in touched], effects) if instead else []
    )
    return draw(effects, warnings=map(str, clashes), faults=found)


def _effect(offer: ClassOffer, gone: Sequence[Meeting], instead: Mapping[int, MeetingDraft]) -> Effect:
    drafts = [instead[meeting.pk] for meeting in gone if meeting.pk in instead]
    new = [draft.slot(offer.subject.num_minutes) for draft in drafts]
    steps = [Step(each.number, each.pk, each.slot, each.slot, cancelled=True) for each in gone]
    steps += [Step(None, None, None, slot) for slot in new]
    standing = [each.as_scheduled for each in offer.meetings.all()]
    ids = {meeting.pk for meeting in gone}
    after = timetable.after([one for one in standing if one.pk not in ids], [])
    places = _elsewhere(zip(new, drafts, strict=True))
    return Effect(
        offer,
        tuple(steps),
        tuple(timetable.after(standing, [])),
        tuple(sorted([*after, *new], key=lambda slot: slot.starts_at)),
        offer.rule.skipped,
        tuple(places),
    )


def _elsewhere(pairs: Iterable[tuple[Slot, MeetingDraft]]) -> Iterator[tuple[Slot, Location]]:
    for slot, draft in pairs:
        if draft.location is not None:
            yield slot, draft.location


def _faults(effect: Effect, now: datetime) -> Iterator[Fault]:
    new = [step.after for step in effect.steps if step.before is None and step.after]
    starts = [slot.starts_at for slot in effect.after]
    for slot in new:
        if slot.starts_at <= now:
            yield Fault("", f"{effect.offer.heading}: {slot} has passed. Please choose a later day.")
        elif starts.count(slot.starts_at) > 1:
            day = format_date(slot.starts_at)
            yield Fault("", f"{effect.offer.heading} already meets on {day} at that time.")
