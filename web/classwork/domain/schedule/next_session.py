"""Planning the next session from an earlier one: all classes are adjusted on one page and created in one step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from django.db import transaction
from django.db.models import Model

from classwork.domain.class_fields import KEPT_FIELDS, KEPT_ROWS
from classwork.domain.schedule import sessions
from classwork.domain.schedule.class_offers import ClassDraft, create_class, plan_class
from classwork.domain.schedule.previews import Preview, build_preview
from classwork.errors import ChangeRefused, FieldProblem
from classwork.models import ClassOffer, Location, Session, Subject
from classwork.rules import timetable
from classwork.rules.calendar import first_day
from common import dates
from history.domain import record_action
from users.models import Staff, User


@dataclass(frozen=True)
class RepeatedClass:
    """A class of the new session. `source` is the class that it repeats, if any."""

    subject: Subject
    class_day: int
    start_time: time
    location: Location | None = None
    teachers: tuple[Staff, ...] = ()
    assistants: tuple[Staff, ...] = ()
    source: ClassOffer | None = None

    def draft(self, session: Session) -> ClassDraft:
        values: dict[str, Any] = {
            "session": session,
            "subject": self.subject,
            "class_day": self.class_day,
            "start_time": self.start_time,
            "location": self.location,
        }
        if self.source is not None:
            values |= {name: getattr(self.source, name) for name in KEPT_FIELDS}
            values |= _minimum_enrollment_values(self.source, first_day(session.plan, self.class_day))
        return ClassDraft(values, (), self.teachers, self.assistants)


def propose_next_session(source: Session) -> tuple[dict[str, Any], list[RepeatedClass]]:
    """The suggested values have the shape of this session and start after all existing sessions."""
    shape = {"max_day_shift": source.max_day_shift, "num_weeks": source.num_weeks}
    return sessions.propose_session() | shape, [
        repeat_class(class_offer) for class_offer in source.class_offers.with_timetable()
    ]


def repeat_class(class_offer: ClassOffer) -> RepeatedClass:
    roles = ClassDraft({}).staff(class_offer)
    teachers, assistants = (tuple(people) for people in roles.values())
    return RepeatedClass(
        class_offer.subject,
        class_offer.class_day,
        class_offer.start_time,
        class_offer.location,
        teachers,
        assistants,
        class_offer,
    )


def create_repeated_class(actor: User | None, repeated: RepeatedClass, session: Session) -> ClassOffer:
    with transaction.atomic():
        class_offer = create_class(actor, repeated.draft(session))
        if repeated.source is not None:
            for name in KEPT_ROWS:
                relation = ClassOffer._meta.get_field(name)
                model: type[Model] = relation.related_model  # type: ignore[assignment]
                link = relation.remote_field.name  # type: ignore[union-attr]
                columns = [
                    field for field in model._meta.concrete_fields if not field.primary_key and field.name != link
                ]
                for row in model._default_manager.filter(**{link: repeated.source}):
                    values = {field.attname: getattr(row, field.attname) for field in columns}
                    model._default_manager.create(**{link: class_offer}, **values)
    return class_offer


def _minimum_enrollment_values(source: ClassOffer, begins: date) -> dict[str, Any]:
    """The decision date keeps its distance from the first class, but is never in the past.

    If the class has begun by then, it gets no minimum.
    """
    if source.minimum_enrollment is None or source.decision_date is None:
        return {}
    began = timetable.meeting_slots(source.session.plan, source.rule)[0].starts_at
    ahead = dates.to_local_time(began).date() - source.decision_date
    day = max(begins - ahead, dates.local_today())
    return {"minimum_enrollment": source.minimum_enrollment, "decision_date": day} if day < begins else {}


def preview_next_session(values: Mapping[str, Any], repeats: Sequence[RepeatedClass]) -> Preview:
    """Creates everything in a transaction and rolls it back, so that all dates are real."""
    with transaction.atomic():
        sessions.lock_sessions()
        session_preview = sessions.plan_session(Session(), values)
        if session_preview.problems:
            return session_preview
        session = sessions.drafted_session(Session(), values)
        session.save()
        parts = []
        for repeated in repeats:
            parts.append(plan_class(ClassOffer(), repeated.draft(session)))
            if not parts[-1].problems:
                create_repeated_class(None, repeated, session)
        transaction.set_rollback(True)
    return build_preview(
        [effect for part in parts for effect in part.effects],
        warnings=dict.fromkeys(sentence for part in parts for sentence in part.warnings),
        problems=[
            FieldProblem(f"{number}-{problem.field}", problem.sentence, problem.proposal)
            for number, part in enumerate(parts)
            for problem in part.problems
        ],
    )


def create_next_session(actor: User | None, values: Mapping[str, Any], repeats: Sequence[RepeatedClass]) -> Session:
    """Either the session is created with all its classes, or nothing is."""
    with transaction.atomic():
        session = sessions.create_session(actor, values)
        for number, repeated in enumerate(repeats):
            try:
                create_repeated_class(actor, repeated, session)
            except ChangeRefused as error:
                raise ChangeRefused(
                    *(FieldProblem(f"{number}-{f.field}", f.sentence, f.proposal) for f in error.problems)
                ) from error
        sources = [repeated.source.pk for repeated in repeats if repeated.source]
        record_action(actor, "classwork.session_planned", session, repeats=sources, classes=len(repeats))
    return session
