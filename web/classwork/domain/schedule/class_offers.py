"""Creating, changing, approving and deleting classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from classwork import events
from classwork.domain import calendar, timetable
from classwork.domain.schedule import problems, schedule_effects
from classwork.domain.schedule.announcements import carry_out
from classwork.domain.schedule.changes import differences, with_values
from classwork.domain.schedule.previews import Preview, Row, draw
from classwork.domain.schedule.problems import Fault, Refused
from classwork.domain.schedule.schedule_effects import Wanted
from classwork.domain.timetable import Slot
from classwork.models import Assignment, ClassOffer, SkippedDate
from common import dates
from common.formats import format_date
from history.domain import record
from outbox.domain import emit
from users.models import Staff, User

ON_CALENDARS = {"subject", "location"}


@dataclass(frozen=True)
class OfferDraft:
    """The new values of a class. None keeps the skipped dates or the staff unchanged."""

    values: Mapping[str, Any]
    skipped: Collection[date] | None = None
    teachers: Sequence[Staff] | None = None
    assistants: Sequence[Staff] | None = None

    def staff(self, offer: ClassOffer) -> dict[Assignment.Role, list[Staff]]:
        stored = list(offer.assignments.all()) if offer.pk else []
        now = {role: [assignment.staff for assignment in stored if assignment.role == role] for role in Assignment.Role}
        given = {Assignment.Role.TEACHER: self.teachers, Assignment.Role.ASSISTANT: self.assistants}
        chosen = {role: list(now[role] if people is None else people) for role, people in given.items()}
        teaching = {person.pk for person in chosen[Assignment.Role.TEACHER]}
        helping = [person for person in chosen[Assignment.Role.ASSISTANT] if person.pk not in teaching]
        return chosen | {Assignment.Role.ASSISTANT: helping}


def plan_offer(offer: ClassOffer, draft: OfferDraft, now: datetime | None = None) -> Preview:
    now = now or timezone.now()
    offer = fresh(offer)
    changed = with_values(offer, draft.values)
    if invalid := problems.of_model(changed):
        return Preview(faults=tuple(invalid))
    stored = offer.rule.skipped if offer.pk else frozenset()
    skipped = stored if draft.skipped is None else frozenset(draft.skipped)
    staff = tuple(person for people in draft.staff(offer).values() for person in people)
    planned = Wanted(changed, changed.session.plan, replace(changed.rule, skipped=skipped), staff)
    effect = schedule_effects.effect(planned, now)
    fields = differences(offer, changed) if offer.pk else {}
    # A class that moves keeps its decision date, because the office decides about it. Only a new date is checked.
    has_new_decision = changed.is_tentative and offer.decide_on != changed.decide_on
    decision = decision_fault(changed.decide_on, effect.after) if has_new_decision and changed.decide_on else None
    return draw(
        [effect],
        rows=[Row(changed.heading, "Location", *fields["location"])] if "location" in fields else [],
        warnings=schedule_effects.new_warnings([planned], [effect], now),
        faults=[
            *skip_faults(planned),
            *([decision] if decision else []),
            *schedule_effects.faults([effect], now),
        ],
    )


def fresh(offer: ClassOffer) -> ClassOffer:
    return ClassOffer.objects.with_timetable().get(pk=offer.pk) if offer.pk else offer


def skip_faults(planned: Wanted) -> list[Fault]:
    """A skipped date must be a class day. The nearest class day is suggested instead."""
    rule = planned.rule
    first = calendar.first_day(planned.plan, rule.class_day)
    strays = timetable.stray_skips(first, rule.weeks, rule.skipped)
    if not strays:
        return []
    kept = rule.skipped - set(strays)
    meant = timetable.nearest_meeting(strays[0], first, rule.weeks, kept)
    listed = ", ".join(format_date(day) for day in strays)
    sentence = f"The class does not meet on {listed}. The nearest class day is {format_date(meant)}."
    return [Fault("skipped", sentence, {"skipped": sorted({*kept, meant})})]


def decision_fault(day: date, meets: Iterable[Slot]) -> Fault | None:
    """The decision date must be in the future and before the class begins."""
    first = min((dates.local(slot.starts_at).date() for slot in meets), default=None)
    if day < dates.today():
        return Fault("decide_on", "This day has passed. Please enter a later one.")
    if first is not None and day >= first:
        better = {"decide_on": first - timedelta(days=1)}
        return Fault("decide_on", f"The class starts on {format_date(first)}. Please choose an earlier day.", better)
    return None


def create_offer(actor: User | None, draft: OfferDraft, *, why: str = "", now: datetime | None = None) -> ClassOffer:
    with transaction.atomic():
        preview = plan_offer(ClassOffer(), draft, now)
        preview.insist(None)
        offer = with_values(ClassOffer(), draft.values)
        offer.save()
        _write_lists(offer, draft)
        schedule_effects.write([replace(effect, offer=offer) for effect in preview.effects], now or timezone.now())
        details = {"heading": offer.heading, "session": offer.session.name}
        entry = record(actor, "classwork.offer_created", offer, why=why, **details)
        emit(events.OFFER_CREATED, key=f"change {entry.pk}", offer_id=offer.pk, change=entry.pk)
    return offer


def change_offer(
    actor: User | None,
    offer: ClassOffer,
    draft: OfferDraft,
    *,
    seen: str | None = None,
    why: str = "",
    now: datetime | None = None,
) -> Preview:
    now = now or timezone.now()
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update().get(pk=offer.pk)
        preview = plan_offer(stored, draft, now)
        preview.insist(seen)
        changed = with_values(stored, draft.values)
        fields = differences(stored, changed)
        changed.save()
        _write_lists(changed, draft)
        carry_out(actor, preview.effects, now, why)
        if ON_CALENDARS & fields.keys():
            schedule_effects.touch(changed, now)
        entry = record(actor, "classwork.offer_changed", changed, why=why, changes=fields)
        emit(events.OFFER_CHANGED, key=f"change {entry.pk}", offer_id=changed.pk, change=entry.pk)
        if "manager_approved" in fields:
            announce_approval(actor, changed, why)
    return preview


def _write_lists(offer: ClassOffer, draft: OfferDraft) -> None:
    if draft.skipped is not None:
        offer.skipped_dates.exclude(on__in=draft.skipped).delete()
        known = set(offer.skipped_dates.values_list("on", flat=True))
        SkippedDate.objects.bulk_create(SkippedDate(offer=offer, on=day) for day in set(draft.skipped) - known)
    if draft.teachers is not None or draft.assistants is not None:
        roles = draft.staff(offer)
        offer.assignments.all().delete()
        Assignment.objects.bulk_create(
            Assignment(offer=offer, staff=person, role=role) for role, people in roles.items() for person in people
        )


# -- approval --------------------------------------------------------------------------------------------------------


def set_approved(actor: User | None, offer: ClassOffer, approved: bool, *, why: str = "") -> None:
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update(of=("self",)).select_related("subject").get(pk=offer.pk)
        if stored.manager_approved == approved:
            return
        stored.manager_approved = approved
        stored.save(update_fields=["manager_approved", "date_modified"])
        announce_approval(actor, stored, why)


def announce_approval(actor: User | None, offer: ClassOffer, why: str = "") -> None:
    event = events.OFFER_APPROVED if offer.manager_approved else events.OFFER_HIDDEN
    entry = record(actor, event.name, offer, why=why)
    emit(event, key=f"change {entry.pk}", offer_id=offer.pk, change=entry.pk)


# -- deletion --------------------------------------------------------------------------------------------------------


def delete_offer(actor: User | None, offer: ClassOffer, *, now: datetime | None = None) -> None:
    """For a class that was planned by mistake. A class that has begun cannot be deleted."""
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update().get(pk=offer.pk)
        if stored.meetings.filter(starts_at__lte=now or timezone.now()).exists():
            raise Refused(
                Fault("", f"{stored.heading} has started and cannot be deleted. Cancel its remaining days instead.")
            )
        record(actor, "classwork.offer_deleted", stored, heading=stored.heading, session=stored.session.name)
        stored.delete()
