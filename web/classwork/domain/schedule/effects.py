"""Computes what planned changes do to the meetings of classes, and applies it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from classwork.domain.schedule.previews import ScheduleEffect
from classwork.errors import FieldProblem
from classwork.models import ClassOffer, Location, Meeting
from classwork.rules import calendar, timetable
from classwork.rules.calendar import SessionPlan
from classwork.rules.clashes import Booking, Clash, find_clashes
from classwork.rules.timetable import MeetingChange, MeetingRule, Slot
from common.formats import format_date
from users.models import Staff


@dataclass(frozen=True)
class PlannedClass:
    """A class with its planned values. The stored row may differ."""

    class_offer: ClassOffer
    plan: SessionPlan
    rule: MeetingRule
    staff: tuple[Staff, ...]
    number: int = 0
    """New classes that are planned together are told apart by a number."""

    @property
    def booking_id(self) -> int:
        return self.class_offer.pk or -self.number


def planned_as_stored(class_offer: ClassOffer, plan: SessionPlan | None = None) -> PlannedClass:
    staff = tuple(assignment.staff for assignment in class_offer.assignments.all())
    return PlannedClass(class_offer, plan or class_offer.session.plan, class_offer.rule, staff)


def schedule_effect(planned: PlannedClass, now: datetime) -> ScheduleEffect:
    meetings = planned.class_offer.meetings.all() if planned.class_offer.pk else []
    stored = [meeting.as_scheduled for meeting in meetings]
    steps = timetable.meeting_changes(stored, timetable.meeting_slots(planned.plan, planned.rule), now)
    before, after = timetable.slots_after(stored, []), timetable.slots_after(stored, steps)
    return ScheduleEffect(planned.class_offer, tuple(steps), tuple(before), tuple(after), planned.rule.skipped)


def schedule_problems(effects: Iterable[ScheduleEffect], now: datetime) -> list[FieldProblem]:
    problems = []
    for each in effects:
        removed = [step for step in each.steps if step.before and not step.after and step.before.starts_at <= now]
        if removed:
            problems.append(
                FieldProblem("", f"{each.class_offer.heading}: class {removed[0].number} is over and can’t be removed.")
            )
        doubled = [start for start, times in Counter(slot.starts_at for slot in each.after).items() if times > 1]
        if doubled:
            day = format_date(doubled[0])
            problems.append(FieldProblem("", f"{each.class_offer.heading} would meet twice at the same time on {day}."))
    return problems


# -- warnings --------------------------------------------------------------------------------------------------------


def new_schedule_warnings(
    planned: Sequence[PlannedClass], effects: Sequence[ScheduleEffect], now: datetime
) -> list[str]:
    """Leaves out warnings that the stored values cause already."""
    stored = ClassOffer.objects.with_timetable().filter(
        pk__in=[each.class_offer.pk for each in planned if each.class_offer.pk]
    )
    known = [planned_as_stored(class_offer) for class_offer in stored]
    before = schedule_warnings(known, [schedule_effect(each, now) for each in known], now)
    return [sentence for sentence in schedule_warnings(planned, effects, now) if sentence not in before]


def schedule_warnings(planned: Sequence[PlannedClass], effects: Sequence[ScheduleEffect], now: datetime) -> list[str]:
    sentences = [sentence for each in planned for sentence in _rule_warnings(each)]
    sentences += [sentence for pair in zip(planned, effects, strict=True) for sentence in _past_warnings(*pair, now)]
    return sentences + [str(clash) for clash in clashes_with_others(planned, effects)]


def _past_warnings(planned: PlannedClass, effect: ScheduleEffect, now: datetime) -> Iterable[str]:
    heading, begun = planned.class_offer.heading, [slot for slot in effect.before if slot.starts_at <= now]
    by_rule = timetable.meeting_slots(planned.plan, planned.rule)
    if begun and begun == list(effect.before) and not set(begun) & set(by_rule):
        yield f"{heading}: this class has ended, so its meetings stay as they were."
    if any(step.before and step.after and step.after.starts_at <= now for step in effect.steps):
        yield f"{heading}: upcoming meetings would move into the past."


def _rule_warnings(planned: PlannedClass) -> Iterable[str]:
    plan, rule, heading = planned.plan, planned.rule, planned.class_offer.heading
    if not calendar.is_within_reach(plan, rule.class_day):
        first = format_date(calendar.first_day(plan, rule.class_day))
        yield f"{heading}: this weekday is outside the session's date range; the class would start on {first}."
    if rule.weeks > plan.weeks:
        yield f"{heading} runs for {rule.weeks} weeks, the session for {plan.weeks}."
    first_day = calendar.first_day(plan, rule.class_day)
    for day in timetable.stray_skips(first_day, rule.weeks, rule.skipped):
        yield f"{heading}: the skipped date {format_date(day)} is not a class day."


def clashes_with_others(planned: Sequence[PlannedClass], effects: Sequence[ScheduleEffect]) -> list[Clash]:
    own = [
        booking for each, change in zip(planned, effects, strict=True) for booking in _planned_bookings(each, change)
    ]
    if not own:
        return []
    ids = {each.booking_id for each in planned}
    others: list[Booking] = []
    for meeting in _rival_meetings(own, ids):
        class_offer = meeting.class_offer
        staff = tuple(meeting.substitutes.all()) or tuple(each.staff for each in class_offer.assignments.all())
        location = meeting.location or class_offer.location
        others += _bookings_for_slot(class_offer, class_offer.pk, meeting.slot, location, staff)
    all_clashes = find_clashes([*own, *others])
    return [clash for clash in all_clashes if {clash.first.class_offer_id, clash.second.class_offer_id} & ids]


def _rival_meetings(own: Sequence[Booking], excluded: set[int]) -> Iterable[Meeting]:
    # The meetings of other classes at about that time that share a person or a location.
    places = {booking.pk for booking in own if booking.kind == "place"}
    staff = {booking.pk for booking in own if booking.kind == "staff"}
    shared = Q(location__in=places) | Q(class_offer__location__in=places)
    shared |= Q(class_offer__assignments__staff__in=staff) | Q(substitutes__in=staff)
    return (
        Meeting.objects.filter(
            shared,
            canceled_at=None,
            starts_at__lt=max(booking.slot.ends_at for booking in own),
            ends_at__gt=min(booking.slot.starts_at for booking in own),
        )
        .exclude(class_offer__in=[pk for pk in excluded if pk > 0])
        .select_related("class_offer__subject__level", "class_offer__session", "class_offer__location", "location")
        .prefetch_related("substitutes__user", "class_offer__assignments__staff__user")
        .distinct()
    )


def _planned_bookings(planned: PlannedClass, change: ScheduleEffect) -> Iterable[Booking]:
    # A meeting that does not move keeps its own location and substitutes. All others use the ones of the class.
    own = {meeting.slot: meeting for meeting in planned.class_offer.meetings.all()} if planned.class_offer.pk else {}
    elsewhere = dict(change.elsewhere)
    for slot in change.after:
        meeting = own.get(slot)
        place = elsewhere.get(slot) or (meeting and meeting.location) or planned.class_offer.location
        substitutes = tuple(meeting.substitutes.all()) if meeting else ()
        staff = substitutes or planned.staff
        yield from _bookings_for_slot(planned.class_offer, planned.booking_id, slot, place, staff)


def _bookings_for_slot(
    class_offer: ClassOffer, booking_id: int, slot: Slot, place: Location | None, staff: Iterable[Staff]
) -> Iterable[Booking]:
    if place is not None:
        yield Booking("place", place.pk, str(place), booking_id, str(class_offer), slot)
    for person in staff:
        yield Booking("staff", person.pk, str(person), booking_id, str(class_offer), slot)


# -- writing ---------------------------------------------------------------------------------------------------------


def write_meetings(effects: Iterable[ScheduleEffect], now: datetime) -> None:
    added = []
    for each in effects:
        Meeting.objects.filter(pk__in=[step.pk for step in each.steps if step.pk and step.after is None]).delete()
        for pk, slot in _in_safe_order(each.steps):
            Meeting.objects.filter(pk=pk).update(
                starts_at=slot.starts_at, ends_at=slot.ends_at, revision=F("revision") + 1, changed_at=now
            )
        added += [
            Meeting(
                class_offer=each.class_offer,
                number=step.number,
                starts_at=step.after.starts_at,
                ends_at=step.after.ends_at,
            )
            for step in each.steps
            if step.after and step.pk is None
        ]
    Meeting.objects.bulk_create(added)


def _in_safe_order(steps: Iterable[MeetingChange]) -> list[tuple[int, Slot]]:
    """Orders the moves so that no meeting takes the slot of another one: moves to a later time start with the last
    meeting, and moves to an earlier time with the first."""
    moved = [(step.before.starts_at, step.pk, step.after) for step in steps if step.pk and step.before and step.after]
    moved.sort(key=lambda one: one[0])
    later = [(pk, slot) for before, pk, slot in moved if slot.starts_at > before]
    others = [(pk, slot) for before, pk, slot in moved if slot.starts_at <= before]
    return later[::-1] + others


def bump_revisions(class_offer: ClassOffer, now: datetime) -> None:
    """For a change of what calendars show, such as the location or the title, that does not move a meeting."""
    Meeting.objects.filter(class_offer=class_offer, starts_at__gt=now).update(
        revision=F("revision") + 1, changed_at=now
    )
