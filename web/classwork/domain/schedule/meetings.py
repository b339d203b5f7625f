"""Canceling, restoring, moving and adding single meetings, and their substitutes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from django.db import transaction
from django.utils import timezone

from classwork.domain.schedule import effects
from classwork.domain.schedule.announcements import announce_meeting
from classwork.domain.schedule.previews import Preview, ScheduleEffect, build_preview
from classwork.errors import FieldProblem
from classwork.models import ClassOffer, Location, Meeting
from classwork.rules import timetable
from classwork.rules.timetable import MeetingChange, ScheduledMeeting, Slot
from common import dates
from common.formats import format_date
from history.domain import record_action
from users.models import Staff, User


@dataclass(frozen=True)
class MeetingDraft:
    """The time and location of one meeting. Without minutes or a location it uses those of its class."""

    day: date
    start_time: time
    minutes: int | None = None
    location: Location | None = None
    reason: str = ""

    def slot(self, usual: int) -> Slot:
        start = dates.local_moment(self.day, self.start_time)
        return Slot(start, dates.add_wall_minutes(start, usual if self.minutes is None else self.minutes))


# -- previews --------------------------------------------------------------------------------------------------------


def plan_cancel(meeting: Meeting) -> Preview:
    if meeting.is_canceled:
        return Preview(problems=(FieldProblem("", "This class day is already canceled."),))
    step = MeetingChange(meeting.number, meeting.pk, meeting.slot, meeting.slot, canceled=True)
    return _preview_meeting_change(meeting.class_offer, step, lambda others: others)


def plan_restore(meeting: Meeting) -> Preview:
    if not meeting.is_canceled:
        return Preview(problems=(FieldProblem("", "This class day is not canceled."),))
    if meeting.class_offer.is_canceled:
        return Preview(problems=(FieldProblem("", "The whole class is canceled, and students have been refunded."),))
    step = MeetingChange(meeting.number, meeting.pk, meeting.slot, meeting.slot, was_canceled=True)
    return _preview_at_slot(meeting.class_offer, step, meeting.slot)


def plan_move(meeting: Meeting, draft: MeetingDraft) -> Preview:
    if meeting.is_canceled:
        return Preview(problems=(FieldProblem("", "This class day is canceled. Restore it before you move it."),))
    if problem := _minutes_problem(draft):
        return Preview(problems=(problem,))
    slot = draft.slot(meeting.class_offer.subject.num_minutes)
    return _preview_at_slot(meeting.class_offer, MeetingChange(meeting.number, meeting.pk, meeting.slot, slot), slot)


def plan_add(class_offer: ClassOffer, draft: MeetingDraft) -> Preview:
    if problem := _minutes_problem(draft):
        return Preview(problems=(problem,))
    slot = draft.slot(class_offer.subject.num_minutes)
    return _preview_at_slot(class_offer, MeetingChange(None, None, None, slot), slot)


def _minutes_problem(draft: MeetingDraft) -> FieldProblem | None:
    if draft.minutes is not None and draft.minutes < 1:
        return FieldProblem("minutes", "Please enter at least one minute.")
    return None


def _preview_at_slot(class_offer: ClassOffer, step: MeetingChange, slot: Slot) -> Preview:
    return _preview_meeting_change(
        class_offer, step, lambda others: sorted([*others, slot], key=lambda each: each.starts_at)
    )


def _preview_meeting_change(
    class_offer: ClassOffer, step: MeetingChange, place: Callable[[list[Slot]], list[Slot]]
) -> Preview:
    fresh = ClassOffer.objects.with_timetable().get(pk=class_offer.pk)
    stored = [each.as_scheduled for each in fresh.meetings.all()]
    others = timetable.slots_after([each for each in stored if each.pk != step.pk], [])
    effect = ScheduleEffect(
        fresh, (step,), tuple(timetable.slots_after(stored, [])), tuple(place(others)), fresh.rule.skipped
    )
    clashes = effects.clashes_with_others([effects.planned_as_stored(fresh)], [effect])
    return build_preview([effect], warnings=map(str, clashes), problems=_taken_slot_problems(step, stored))


def _taken_slot_problems(step: MeetingChange, stored: Iterable[ScheduledMeeting]) -> list[FieldProblem]:
    if step.after is None or step.canceled:
        return []
    slots = [each.slot for each in stored if each.pk != step.pk and not each.canceled]
    if step.after.starts_at not in {slot.starts_at for slot in slots}:
        return []
    free = dates.to_local_time(max(slot.starts_at for slot in slots)).date() + timedelta(weeks=1)
    sentence = f"The class already meets at that time. {format_date(free)} is free."
    return [FieldProblem("day", sentence, {"day": free})]


# -- changes ---------------------------------------------------------------------------------------------------------


def cancel_meeting(actor: User | None, meeting: Meeting, reason: str, *, seen: str | None = None) -> Preview:
    with transaction.atomic():
        stored = _lock_meeting(meeting)
        preview = plan_cancel(stored)
        preview.require_unchanged(seen)
        cancel_planned_meetings(actor, [stored], reason)
    return preview


def cancel_planned_meetings(actor: User | None, meetings: Iterable[Meeting], reason: str) -> None:
    """The caller has locked the classes, then loaded the meetings and planned the cancellation."""
    for meeting in meetings:
        _save_meeting(meeting, canceled_at=timezone.now(), reason=reason)
        announce_meeting(actor, "classwork.meeting_canceled", meeting, why=reason)


def restore_meeting(actor: User | None, meeting: Meeting, *, why: str = "", seen: str | None = None) -> Preview:
    with transaction.atomic():
        stored = _lock_meeting(meeting)
        preview = plan_restore(stored)
        preview.require_unchanged(seen)
        _save_meeting(stored, canceled_at=None, reason="")
        announce_meeting(actor, "classwork.meeting_restored", stored, why=why)
    return preview


def move_meeting(actor: User | None, meeting: Meeting, draft: MeetingDraft, *, seen: str | None = None) -> Preview:
    """A moved meeting no longer follows the rule, until it is moved to its original time again."""
    with transaction.atomic():
        stored = _lock_meeting(meeting)
        preview = plan_move(stored, draft)
        preview.require_unchanged(seen)
        before, slot = stored.slot, draft.slot(stored.class_offer.subject.num_minutes)
        planned = stored.moved_from or before.starts_at
        _save_meeting(
            stored,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            moved_from=None if slot.starts_at == planned else planned,
            location=draft.location,
            reason=draft.reason,
        )
        details = {"before": before.starts_at.isoformat(), "after": slot.starts_at.isoformat()}
        announce_meeting(actor, "classwork.meeting_moved", stored, why=draft.reason, **details)
    return preview


def add_meeting(
    actor: User | None, class_offer: ClassOffer, draft: MeetingDraft, *, seen: str | None = None
) -> Meeting:
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update(of=("self",)).select_related("subject").get(pk=class_offer.pk)
        plan_add(stored, draft).require_unchanged(seen)
        slot = draft.slot(stored.subject.num_minutes)
        meeting = Meeting.objects.create(
            class_offer=stored,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            location=draft.location,
            reason=draft.reason,
        )
        announce_meeting(actor, "classwork.meeting_added", meeting, why=draft.reason, at=slot.starts_at.isoformat())
    return meeting


def plan_substitutes(meeting: Meeting, people: Collection[Staff]) -> Preview:
    planned = replace(effects.planned_as_stored(meeting.class_offer), staff=tuple(people))
    effect = ScheduleEffect(meeting.class_offer, (), (), (meeting.slot,))
    return Preview(warnings=tuple(str(clash) for clash in effects.clashes_with_others([planned], [effect])))


def set_substitutes(actor: User | None, meeting: Meeting, people: Collection[Staff], *, why: str = "") -> None:
    with transaction.atomic():
        stored = _lock_meeting(meeting)
        before = sorted(stored.substitutes.values_list("pk", flat=True))
        after = sorted(person.pk for person in people)
        if before == after:
            return
        stored.substitutes.set(people)
        _save_meeting(stored)
        details = {"class_offer": stored.class_offer_id, "before": before, "after": after}
        record_action(actor, "classwork.substitutes_changed", stored, why=why, **details)


def _lock_meeting(meeting: Meeting) -> Meeting:
    # Locks the class too, so that its other meetings cannot move at the same time.
    ClassOffer.objects.select_for_update().get(pk=meeting.class_offer_id)
    return Meeting.objects.select_related("class_offer__subject__level", "class_offer__session").get(pk=meeting.pk)


def _save_meeting(meeting: Meeting, **values: object) -> None:
    for name, value in values.items():
        setattr(meeting, name, value)
    meeting.revision += 1
    meeting.save()
