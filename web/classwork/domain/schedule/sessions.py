"""Creating sessions and moving them with everything that depends on their dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from classwork.domain.schedule import effects as schedule_effects
from classwork.domain.schedule.announcements import apply_schedule_changes
from classwork.domain.schedule.changes import copy_with_values, field_differences
from classwork.domain.schedule.previews import Preview, PreviewRow, build_preview
from classwork.domain.schedule.problems import model_problems
from classwork.errors import FieldProblem
from classwork.models import ClassOffer, Session
from classwork.rules import calendar
from classwork.rules.calendar import CalendarRules, SessionPlan
from common import dates
from common.formats import format_date
from history.domain import record_action
from users.models import User

Values = Mapping[str, Any]


def school_calendar_rules() -> CalendarRules:
    return CalendarRules(
        settings.SESSION_MINIMUM_WEEKS,
        settings.DEFAULT_SESSION_EXPIRE,
        settings.SHORT_SESSION_EXPIRE,
        settings.DEFAULT_KEY_DAY,
    )


def propose_session() -> dict[str, Any]:
    plans = [session.plan for session in Session.objects.all()]
    defaults = calendar.next_defaults(plans, dates.local_today(), school_calendar_rules())
    return {
        "name": free_session_name(defaults.key_day),
        "key_day_date": defaults.key_day,
        "publish_date": defaults.publish,
    }


def free_session_name(key_day: date) -> str:
    plain = f"{key_day:%b_%Y}"
    taken = {name.casefold() for name in Session.objects.filter(name__istartswith=plain).values_list("name", flat=True)}
    names = [plain, *(f"{plain}_{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in taken)


def drafted_session(session: Session, values: Values) -> Session:
    """The session with its new values.

    The last day is moved only where weeks are skipped. An expiry date that followed the rule still follows it, while
    one that a person chose is kept. The publish date is always kept.
    """
    changed = copy_with_values(session, values)
    if not changed.skip_weeks:
        changed.flip_last_day = False
    rules = school_calendar_rules()
    by_rule = calendar.expire_default(session.plan, rules) if session.pk else None
    follows_rule = by_rule is not None and changed.expire_date == session.expire_date == by_rule
    if changed.expire_date is None or follows_rule:
        changed.expire_date = calendar.expire_default(changed.plan, rules)
    return changed


def session_problems(session: Session, others: Iterable[SessionPlan]) -> list[FieldProblem]:
    problems = []
    plan, plans = session.plan, list(others)
    if rivals := calendar.overlapping_sessions(plan, plans):
        rival, proposed = rivals[0], calendar.moved_clear_of_overlaps(plan, plans)
        sentence = (
            f"{format_date(plan.start)} to {format_date(plan.end)} overlaps with {rival.name.replace('_', ' ')}, "
            f"which has classes from {format_date(rival.start)} to {format_date(rival.end)}. "
            f"With the key day on {format_date(proposed.key_day)} nothing would overlap."
        )
        problems.append(FieldProblem("key_day_date", sentence, {"key_day_date": proposed.key_day}))
    if session.publish_date > session.expire_date:
        expire = calendar.expire_default(plan, school_calendar_rules())
        better = {"expire_date": expire} if session.publish_date <= expire else {"publish_date": plan.start}
        sentence = (
            f"It would be published on {format_date(session.publish_date)}, after the last day on which it is shown, "
            f"{format_date(session.expire_date)}."
        )
        problems.append(FieldProblem("publish_date", sentence, better))
    return problems


def plan_session(session: Session, values: Values, now: datetime | None = None) -> Preview:
    changed = drafted_session_or_problems(session, values)
    if isinstance(changed, list):
        return Preview(problems=tuple(changed))
    now = now or timezone.now()
    planned = [
        schedule_effects.planned_as_stored(class_offer, changed.plan) for class_offer in classes_of_session(session)
    ]
    effects = [schedule_effects.schedule_effect(each, now) for each in planned]
    return build_preview(
        effects,
        rows=_session_date_rows(session, changed),
        warnings=schedule_effects.new_schedule_warnings(planned, effects, now),
        problems=schedule_effects.schedule_problems(effects, now),
    )


def drafted_session_or_problems(session: Session, values: Values) -> Session | list[FieldProblem]:
    empty = [
        name for name in ("key_day_date", "publish_date") if copy_with_values(session, values).__dict__[name] is None
    ]
    if empty:
        return [FieldProblem(name, "Please enter a date.") for name in empty]
    try:
        changed = drafted_session(session, values)
    except calendar.ImpossiblePlan as impossible:
        fields = model_problems(copy_with_values(session, values), exclude=["expire_date"])
        return fields or [FieldProblem("", str(impossible))]
    others = [other.plan for other in Session.objects.exclude(pk=session.pk)]
    return model_problems(changed, session_problems(changed, others)) or changed


def classes_of_session(session: Session) -> list[ClassOffer]:
    return list(session.class_offers.with_timetable()) if session.pk else []


def _session_date_rows(before: Session, after: Session) -> list[PreviewRow]:
    if not before.pk:
        return []
    shown = [
        ("First class day", before.start_date, after.start_date),
        ("Last class day", before.end_date, after.end_date),
        ("Published from", before.publish_date, after.publish_date),
        ("Published until", before.expire_date, after.expire_date),
    ]
    return [
        PreviewRow(f"Session {after.title}", what, format_date(old), format_date(new))
        for what, old, new in shown
        if old != new
    ]


def lock_sessions() -> None:
    """Locks sessions until the transaction ends, so that two concurrent changes cannot overlap.

    Locking the rows of the sessions is not enough, because before the first session there is no row.
    """
    list(ContentType.objects.select_for_update(no_key=True).filter(app_label="classwork", model="session"))
    list(Session.objects.select_for_update())


def create_session(actor: User | None, values: Values, *, why: str = "") -> Session:
    with transaction.atomic():
        lock_sessions()
        plan_session(Session(), values).require_unchanged(None)
        session = drafted_session(Session(), values)
        session.save()
        record_action(actor, "classwork.session_created", session, why=why, name=session.name)
    return session


def change_session(
    actor: User | None,
    session: Session,
    values: Values,
    *,
    seen: str | None = None,
    why: str = "",
    now: datetime | None = None,
) -> Preview:
    now = now or timezone.now()
    with transaction.atomic():
        lock_sessions()
        stored = Session.objects.get(pk=session.pk)
        preview = plan_session(stored, values, now)
        preview.require_unchanged(seen)
        changed = drafted_session(stored, values)
        fields = field_differences(stored, changed)
        changed.save()
        apply_schedule_changes(actor, preview.effects, now, why)
        record_action(
            actor, "classwork.session_changed", changed, why=why, changes=fields, classes=len(preview.effects)
        )
    return preview
