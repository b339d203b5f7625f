"""Adding and changing subjects. Longer classes or more weeks move the meetings of upcoming classes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from classwork.domain.schedule import effects as schedule_effects
from classwork.domain.schedule.announcements import apply_schedule_changes
from classwork.domain.schedule.changes import copy_with_values, field_differences
from classwork.domain.schedule.previews import Preview, build_preview
from classwork.domain.schedule.problems import model_problems
from classwork.models import ClassOffer, Subject
from history.domain import record_action
from users.models import User

Values = Mapping[str, Any]
ON_CALENDARS = {"level", "version", "name"}


def plan_subject(subject: Subject, values: Values, now: datetime | None = None) -> Preview:
    now = now or timezone.now()
    changed = copy_with_values(subject, values)
    if invalid := model_problems(changed):
        return Preview(problems=tuple(invalid))
    coming: list[ClassOffer] = []
    if subject.pk:
        coming = list(subject.class_offers.filter(meetings__starts_at__gt=now).distinct().with_timetable())
    planned = [
        schedule_effects.planned_as_stored(copy_with_values(class_offer, {"subject": changed}))
        for class_offer in coming
    ]
    effects = [schedule_effects.schedule_effect(each, now) for each in planned]
    return build_preview(
        effects,
        warnings=schedule_effects.new_schedule_warnings(planned, effects, now),
        problems=schedule_effects.schedule_problems(effects, now),
    )


def create_subject(actor: User | None, values: Values, *, why: str = "") -> Subject:
    with transaction.atomic():
        plan_subject(Subject(), values).require_unchanged(None)
        subject = copy_with_values(Subject(), values)
        subject.save()
        record_action(actor, "classwork.subject_created", subject, why=why, title=str(subject))
    return subject


def change_subject(
    actor: User | None,
    subject: Subject,
    values: Values,
    *,
    seen: str | None = None,
    why: str = "",
    now: datetime | None = None,
) -> Preview:
    now = now or timezone.now()
    with transaction.atomic():
        stored = Subject.objects.select_for_update().get(pk=subject.pk)
        preview = plan_subject(stored, values, now)
        preview.require_unchanged(seen)
        changed = copy_with_values(stored, values)
        fields = field_differences(stored, changed)
        changed.save()
        apply_schedule_changes(actor, preview.effects, now, why)
        if ON_CALENDARS & fields.keys():
            for class_offer in changed.class_offers.all():
                schedule_effects.bump_revisions(class_offer, now)
        record_action(actor, "classwork.subject_changed", changed, why=why, changes=fields)
        if "manager_approved" in fields:
            record_subject_approval(actor, changed, why)
    return preview


def copy_subject(actor: User | None, subject: Subject) -> Subject:
    """The copy has everything except the code, and is not approved yet."""
    own = {"id", "code", "manager_approved", "date_added", "date_modified"}
    fields = [field.name for field in Subject._meta.concrete_fields if field.name not in own]
    values = {name: getattr(subject, name) for name in fields}
    return create_subject(actor, values | {"manager_approved": False}, why=f"Copied from {subject}")


def set_subject_approved(actor: User | None, subject: Subject, approved: bool, *, why: str = "") -> None:
    with transaction.atomic():
        stored = Subject.objects.select_for_update().get(pk=subject.pk)
        if stored.manager_approved == approved:
            return
        stored.manager_approved = approved
        stored.save(update_fields=["manager_approved", "date_modified"])
        record_subject_approval(actor, stored, why)


def record_subject_approval(actor: User | None, subject: Subject, why: str = "") -> None:
    action = "classwork.subject_approved" if subject.manager_approved else "classwork.subject_hidden"
    record_action(actor, action, subject, why=why)
