"""Planning the next session from an earlier one: all classes are adjusted on one page and created in one step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast

from django.db import transaction
from django.db.models import ForeignObjectRel
from django.utils import timezone

from classwork.domain.class_fields import KEPT_FIELDS, KEPT_ROWS
from classwork.domain.schedule import sessions
from classwork.domain.schedule.class_offers import ClassDraft, create_classes, plan_new_classes
from classwork.domain.schedule.previews import Preview
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
        repeat_class(class_offer) for class_offer in source.class_offers.for_lists()
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


@transaction.atomic
def create_repeated_classes(
    actor: User | None, repeats: Sequence[RepeatedClass], session: Session, *, seen: str | None = None
) -> list[ClassOffer]:
    created = create_classes(actor, session, [repeated.draft(session) for repeated in repeats], seen=seen)
    copies: dict[int, list[ClassOffer]] = defaultdict(list)
    for class_offer, repeated in zip(created, repeats, strict=True):
        if repeated.source is not None:
            copies[repeated.source.pk].append(class_offer)
    for name in KEPT_ROWS:
        relation = cast(ForeignObjectRel, ClassOffer._meta.get_field(name))
        model, link = relation.related_model, relation.field
        columns = [field for field in model._meta.concrete_fields if not field.primary_key and field.name != link.name]
        model._default_manager.bulk_create(
            model(**{link.name: copy}, **{field.attname: getattr(row, field.attname) for field in columns})
            for row in model._default_manager.filter(**{f"{link.name}__in": copies})
            for copy in copies[getattr(row, link.attname)]
        )
    return created


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
    session = sessions.drafted_session_or_problems(Session(), values)
    if isinstance(session, list):
        return Preview(problems=tuple(session))
    return plan_new_classes([repeated.draft(session) for repeated in repeats], timezone.now()).preview


@transaction.atomic
def create_next_session(
    actor: User | None, values: Mapping[str, Any], repeats: Sequence[RepeatedClass], *, seen: str | None = None
) -> Session:
    """Either the session is created with all its classes, or nothing is. Raises ChangeRefused, and PreviewOutdated if
    the preview differs from the one that was `seen`."""
    session = sessions.create_session(actor, values)
    create_repeated_classes(actor, repeats, session, seen=seen)
    sources = [repeated.source.pk for repeated in repeats if repeated.source]
    record_action(actor, "classwork.session_planned", session, repeats=sources, classes=len(repeats))
    return session
