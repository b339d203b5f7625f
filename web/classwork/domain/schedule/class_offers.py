"""Creating, changing, approving and deleting classes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import capfirst

from classwork import events
from classwork.domain.class_fields import Place, fields_shown
from classwork.domain.schedule import effects
from classwork.domain.schedule.announcements import apply_schedule_changes
from classwork.domain.schedule.changes import copy_with_values, field_differences
from classwork.domain.schedule.effects import PlannedClass
from classwork.domain.schedule.previews import Preview, PreviewRow, ScheduleEffect, build_preview
from classwork.domain.schedule.problems import model_problems
from classwork.errors import ChangeRefused, FieldProblem
from classwork.models import Assignment, ClassOffer, Session, SkippedDate
from classwork.rules import calendar, timetable
from classwork.rules.timetable import Slot
from common import dates
from common.formats import format_date
from common.model_meta import field_label
from history.domain import record_action, record_actions
from outbox.domain import emit
from users.models import Staff, User


@dataclass(frozen=True)
class ClassDraft:
    """The new values of a class. None keeps the skipped dates or the staff unchanged."""

    values: Mapping[str, Any]
    skipped: Collection[date] | None = None
    teachers: Sequence[Staff] | None = None
    assistants: Sequence[Staff] | None = None

    def staff(self, class_offer: ClassOffer) -> dict[Assignment.Role, list[Staff]]:
        stored = list(class_offer.assignments.all()) if class_offer.pk else []
        now = {role: [assignment.staff for assignment in stored if assignment.role == role] for role in Assignment.Role}
        given = {Assignment.Role.TEACHER: self.teachers, Assignment.Role.ASSISTANT: self.assistants}
        chosen = {role: list(now[role] if people is None else people) for role, people in given.items()}
        teaching = {person.pk for person in chosen[Assignment.Role.TEACHER]}
        helping = [person for person in chosen[Assignment.Role.ASSISTANT] if person.pk not in teaching]
        return chosen | {Assignment.Role.ASSISTANT: helping}


def plan_class(class_offer: ClassOffer, draft: ClassDraft, now: datetime | None = None) -> Preview:
    now = now or timezone.now()
    class_offer = reload_class(class_offer)
    changed = copy_with_values(class_offer, draft.values)
    if invalid := model_problems(changed):
        return Preview(problems=tuple(invalid))
    planned = _plan_draft(class_offer, changed, draft)
    effect = effects.schedule_effect(planned, now)
    fields = field_differences(class_offer, changed) if class_offer.pk else {}
    return build_preview(
        [effect],
        rows=[
            PreviewRow(changed.heading, capfirst(field_label(changed, name)), *fields[name])
            for name in fields_shown(Place.PREVIEW)
            if name in fields
        ],
        warnings=effects.new_schedule_warnings([planned], [effect], now),
        problems=_draft_problems(class_offer, planned, effect, now),
    )


@dataclass(frozen=True)
class NewClassesPlan:
    """Classes that are added to a session together. The field of each problem begins with the number of its class."""

    drafts: Sequence[ClassDraft]
    class_offers: Sequence[ClassOffer]
    effects: Sequence[ScheduleEffect]
    preview: Preview


def plan_new_classes(drafts: Sequence[ClassDraft], now: datetime) -> NewClassesPlan:
    """The session may not be stored yet. The other values come from a form and from stored classes, so that they need
    not be checked by the database."""
    planned: list[PlannedClass] = []
    planned_effects: list[ScheduleEffect] = []
    problems: list[FieldProblem] = []
    for number, draft in enumerate(drafts):
        changed = copy_with_values(ClassOffer(), draft.values)
        found = model_problems(changed, exclude=["session"], constraints=False)
        if not found:
            planned.append(_plan_draft(ClassOffer(), changed, draft, number + 1))
            planned_effects.append(effects.schedule_effect(planned[-1], now))
            found = _draft_problems(ClassOffer(), planned[-1], planned_effects[-1], now)
        problems += [FieldProblem(f"{number}-{each.field}", each.sentence, each.proposal) for each in found]
    warnings = dict.fromkeys(effects.new_schedule_warnings(planned, planned_effects, now))
    preview = build_preview(planned_effects, warnings=warnings, problems=problems)
    return NewClassesPlan(drafts, [each.class_offer for each in planned], planned_effects, preview)


def _plan_draft(before: ClassOffer, changed: ClassOffer, draft: ClassDraft, number: int = 0) -> PlannedClass:
    stored = before.rule.skipped if before.pk else frozenset()
    skipped = stored if draft.skipped is None else frozenset(draft.skipped)
    staff = tuple(person for people in draft.staff(before).values() for person in people)
    return PlannedClass(changed, changed.session.plan, replace(changed.rule, skipped=skipped), staff, number)


def _draft_problems(
    before: ClassOffer, planned: PlannedClass, effect: ScheduleEffect, now: datetime
) -> list[FieldProblem]:
    # A class that moves keeps its decision date, because the office decides about it. Only a new date is checked.
    changed, problems = planned.class_offer, skipped_date_problems(planned)
    if changed.is_tentative and changed.decision_date and before.decision_date != changed.decision_date:
        decision = decision_date_problem(changed.decision_date, effect.after)
        problems += [decision] if decision else []
    return problems + effects.schedule_problems([effect], now)


def reload_class(class_offer: ClassOffer) -> ClassOffer:
    return ClassOffer.objects.with_timetable().get(pk=class_offer.pk) if class_offer.pk else class_offer


def skipped_date_problems(planned: PlannedClass) -> list[FieldProblem]:
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
    return [FieldProblem("skipped", sentence, {"skipped": sorted({*kept, meant})})]


def decision_date_problem(day: date, meets: Iterable[Slot]) -> FieldProblem | None:
    """The decision date must be in the future and before the class begins."""
    first = min((dates.to_local_time(slot.starts_at).date() for slot in meets), default=None)
    if day < dates.local_today():
        return FieldProblem("decision_date", "This day has passed. Please enter a later one.")
    if first is not None and day >= first:
        better = {"decision_date": first - timedelta(days=1)}
        return FieldProblem(
            "decision_date", f"The class starts on {format_date(first)}. Please choose an earlier day.", better
        )
    return None


def create_class(actor: User | None, draft: ClassDraft, *, why: str = "", now: datetime | None = None) -> ClassOffer:
    with transaction.atomic():
        preview = plan_class(ClassOffer(), draft, now)
        preview.require_unchanged(None)
        class_offer = copy_with_values(ClassOffer(), draft.values)
        class_offer.save()
        _save_staff_and_skipped_dates(class_offer, draft)
        effects.write_meetings(
            [replace(effect, class_offer=class_offer) for effect in preview.effects], now or timezone.now()
        )
        details = {"heading": class_offer.heading, "session": class_offer.session.name}
        record_action(actor, "classwork.class_created", class_offer, why=why, **details)
        _announce_new_classes(class_offer.session, [class_offer])
    return class_offer


@transaction.atomic
def create_classes(
    actor: User | None, session: Session, drafts: Sequence[ClassDraft], *, seen: str | None = None
) -> list[ClassOffer]:
    """Create classes of one session with as many statements as for one class. Raises ChangeRefused, and
    PreviewOutdated if the preview differs from the one that was `seen`."""
    now = timezone.now()
    plan = plan_new_classes(drafts, now)
    plan.preview.require_unchanged(seen)
    created = ClassOffer.objects.bulk_create(plan.class_offers)
    Assignment.objects.bulk_create(
        Assignment(class_offer=class_offer, staff=person, role=role)
        for class_offer, draft in zip(created, drafts, strict=True)
        for role, people in draft.staff(ClassOffer()).items()
        for person in people
    )
    effects.write_meetings(plan.effects, now)
    details = [(each, {"heading": each.heading, "session": session.name}) for each in created]
    record_actions(actor, "classwork.class_created", details)
    if created:
        _announce_new_classes(session, created)
    return created


def _announce_new_classes(session: Session, created: Sequence[ClassOffer]) -> None:
    numbers = [class_offer.pk for class_offer in created]
    emit(events.CLASSES_CREATED, key=f"{numbers[0]}", session_id=session.pk, class_offer_ids=numbers)


def change_class(
    actor: User | None,
    class_offer: ClassOffer,
    draft: ClassDraft,
    *,
    seen: str | None = None,
    why: str = "",
    now: datetime | None = None,
) -> Preview:
    now = now or timezone.now()
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update().get(pk=class_offer.pk)
        preview = plan_class(stored, draft, now)
        preview.require_unchanged(seen)
        changed = copy_with_values(stored, draft.values)
        fields = field_differences(stored, changed)
        changed.save()
        _save_staff_and_skipped_dates(changed, draft)
        apply_schedule_changes(actor, preview.effects, now, why)
        if not fields.keys().isdisjoint(fields_shown(Place.CALENDAR)):
            effects.bump_revisions(changed, now)
        entry = record_action(actor, "classwork.class_changed", changed, why=why, changes=fields)
        emit(events.CLASS_CHANGED, key=f"change {entry.pk}", class_offer_id=changed.pk, change=entry.pk)
        if "manager_approved" in fields:
            record_class_approval(actor, changed, why)
    return preview


def _save_staff_and_skipped_dates(class_offer: ClassOffer, draft: ClassDraft) -> None:
    if draft.skipped is not None:
        class_offer.skipped_dates.exclude(day__in=draft.skipped).delete()
        known = set(class_offer.skipped_dates.values_list("day", flat=True))
        SkippedDate.objects.bulk_create(
            SkippedDate(class_offer=class_offer, day=day) for day in set(draft.skipped) - known
        )
    if draft.teachers is not None or draft.assistants is not None:
        roles = draft.staff(class_offer)
        class_offer.assignments.all().delete()
        Assignment.objects.bulk_create(
            Assignment(class_offer=class_offer, staff=person, role=role)
            for role, people in roles.items()
            for person in people
        )


# -- approval --------------------------------------------------------------------------------------------------------


def set_class_approved(actor: User | None, class_offer: ClassOffer, approved: bool, *, why: str = "") -> None:
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update(of=("self",)).select_related("subject").get(pk=class_offer.pk)
        if stored.manager_approved == approved:
            return
        stored.manager_approved = approved
        stored.save(update_fields=["manager_approved", "date_modified"])
        record_class_approval(actor, stored, why)


def record_class_approval(actor: User | None, class_offer: ClassOffer, why: str) -> None:
    action = "classwork.class_approved" if class_offer.manager_approved else "classwork.class_hidden"
    record_action(actor, action, class_offer, why=why)


# -- deletion --------------------------------------------------------------------------------------------------------


def delete_class(actor: User | None, class_offer: ClassOffer, *, now: datetime | None = None) -> None:
    """For a class that was planned by mistake. A class that has begun cannot be deleted."""
    with transaction.atomic():
        stored = ClassOffer.objects.select_for_update().get(pk=class_offer.pk)
        if stored.meetings.filter(starts_at__lte=now or timezone.now()).exists():
            raise ChangeRefused(
                f"{stored.heading} has started and cannot be deleted. Cancel its remaining days instead."
            )
        record_action(actor, "classwork.class_deleted", stored, heading=stored.heading, session=stored.session.name)
        stored.delete()
