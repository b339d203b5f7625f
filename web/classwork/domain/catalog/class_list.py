"""The classes that the public pages list, with their sessions, groups and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q

from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer, Level, Meeting, Session
from classwork.rules import calendar
from common import dates
from common.formats import format_date


@dataclass(frozen=True)
class ClassGroup:
    title: str
    classes: list[ClassSummary]


@dataclass(frozen=True)
class SessionSection:
    """A session with its classes. `period` covers their actual meetings, which may reach beyond the dates of the
    session."""

    session: Session
    groups: list[ClassGroup]

    @property
    def period(self) -> str:
        days = [
            meeting.local_date for group in self.groups for summary in group.classes for meeting in summary.meetings
        ]
        if not days:
            return f"{format_date(self.session.start_date)} to {format_date(self.session.end_date)}"
        return f"{format_date(min(days))} to {format_date(max(days))}"


@dataclass(frozen=True)
class FilterChoice:
    """One value of a filter that occurs among the listed classes."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ClassFilters:
    """The filters of a visitor. An unknown value is ignored, so that an old link shows everything instead of an
    error."""

    level: str = ""
    day: str = ""
    place: str = ""

    def fits(self, class_offer: ClassOffer) -> bool:
        return (
            self.level in ("", class_offer.subject.level.code)
            and self.day in ("", str(class_offer.class_day))
            and self.place in ("", str(class_offer.location_id))
        )

    def known_among(self, class_offers: Sequence[ClassOffer]) -> ClassFilters:
        occurring = {
            "level": {class_offer.subject.level.code for class_offer in class_offers},
            "day": {str(class_offer.class_day) for class_offer in class_offers},
            "place": {str(class_offer.location_id) for class_offer in class_offers if class_offer.location_id},
        }
        return ClassFilters(
            **{name: value if (value := getattr(self, name)) in occurring[name] else "" for name in occurring}
        )

    @property
    def any(self) -> bool:
        return bool(self.level or self.day or self.place)


@dataclass(frozen=True)
class RunningClassesRule:
    """Which classes of other sessions are shown at a moment."""

    at: datetime
    can_begin: Callable[[ClassOffer], bool]


@dataclass(frozen=True)
class ClassList:
    sections: list[SessionSection]
    running: list[ClassGroup]
    """Classes of other sessions that people can still join or try."""
    filters: ClassFilters
    levels: list[FilterChoice]
    days: list[FilterChoice]
    places: list[FilterChoice]
    by: str

    @property
    def is_by_level(self) -> bool:
        return self.by == "level"

    @property
    def count(self) -> int:
        return len(self.class_offers)

    @property
    def class_offers(self) -> list[ClassOffer]:
        groups = [*self.running, *(group for section in self.sections for group in section.groups)]
        return [summary.class_offer for group in groups for summary in group.classes]


# -- which sessions --------------------------------------------------------------------------------------------------


def sessions_to_show(
    *, names: str | None = None, on: date | None = None, today: date, everything: bool = False
) -> list[Session]:
    """Sessions by name (`all`, or several names between commas), by a day, or the current ones.

    A name and a day exclude each other. Only staff (`everything`) see unpublished sessions.
    """
    if names is not None and on is not None:
        raise ValueError("Select sessions by name or by day, not by both.")
    known = [session for session in Session.objects.all() if everything or session.publish_date <= today]
    if names is None:
        return calendar.current_sessions(known, on or today)
    asked = {name.strip().casefold() for name in names.split(",")}
    chosen = [session for session in known if "all" in asked or session.name.casefold() in asked]
    return sorted(chosen, key=lambda session: session.key_day_date)


def past_sessions(today: date) -> list[Session]:
    """Latest first, without sessions that are current, still running or have a class in the future."""
    to_come = Meeting.objects.filter(canceled_at=None, starts_at__gte=dates.local_moment(today, time.min))
    known = [session for session in Session.objects.all() if session.publish_date <= today]
    now = {session.pk for session in calendar.current_sessions(known, today)} | set(
        to_come.values_list("class_offer__session", flat=True)
    )
    return [session for session in known if session.pk not in now and session.end_date < today]


# -- which classes ---------------------------------------------------------------------------------------------------


def build_class_list(
    sessions: Sequence[Session],
    chosen: ClassFilters,
    *,
    by: str = "day",
    today: date,
    everything: bool = False,
    running: RunningClassesRule | None = None,
) -> ClassList:
    """With `running` the list includes classes of other sessions that people can still join or try."""
    shown = {session.pk for session in sessions}
    listed = Q(session__in=shown)
    if running is not None:
        to_come = Meeting.objects.filter(class_offer=OuterRef("pk"), canceled_at=None, starts_at__gt=running.at)
        published = ClassOffer.objects.published(dates.to_local_time(running.at).date()).filter(canceled_at=None)
        listed |= Q(pk__in=published.filter(Exists(to_come)).values("pk"))
    class_offers = [
        class_offer
        for class_offer in ClassOffer.objects.filter(listed).for_lists()
        if everything or (class_offer.is_listed and not class_offer.is_canceled)
    ]
    if running is not None:
        class_offers = [
            class_offer
            for class_offer in class_offers
            if class_offer.session_id in shown or running.can_begin(class_offer)
        ]
    filters = chosen.known_among(class_offers)
    fitting = [ClassSummary(class_offer, today) for class_offer in class_offers if filters.fits(class_offer)]
    levels = [class_offer.subject.level for class_offer in class_offers]
    places = [class_offer.location for class_offer in class_offers if class_offer.location]
    sections = [
        SessionSection(
            session,
            _group_classes([summary for summary in fitting if summary.class_offer.session_id == session.pk], by),
        )
        for session in sessions
    ]
    return ClassList(
        sections=[section for section in sections if section.groups] if filters.any else sections,
        running=_group_classes([summary for summary in fitting if summary.class_offer.session_id not in shown], by),
        filters=filters,
        levels=_filter_choices(filters.level, ((_level_order(level), level.code, level.name) for level in levels)),
        days=_filter_choices(
            filters.day,
            ((class_offer.class_day, str(class_offer.class_day), class_offer.weekday) for class_offer in class_offers),
        ),
        places=_filter_choices(filters.place, ((place.name, str(place.pk), place.name) for place in places)),
        by=by,
    )


def _level_order(level: Level) -> Decimal:
    return level.rank or Decimal("Infinity")


def _filter_choices(chosen: str, occurring: Iterable[tuple[Any, str, str]]) -> list[FilterChoice]:
    return [FilterChoice(value, label, value == chosen) for _, value, label in sorted(set(occurring))]


def _group_classes(classes: Iterable[ClassSummary], by: str) -> list[ClassGroup]:
    def order(summary: ClassSummary) -> tuple[Any, ...]:
        level, when = (
            summary.class_offer.subject.level,
            (summary.class_offer.class_day, summary.class_offer.start_time, summary.class_offer.pk),
        )
        return (_level_order(level), level.code, *when) if by == "level" else when

    groups: dict[str, list[ClassSummary]] = {}
    for summary in sorted(classes, key=order):
        title = summary.class_offer.subject.level.name if by == "level" else summary.class_offer.weekday
        groups.setdefault(title, []).append(summary)
    return [ClassGroup(name, members) for name, members in groups.items()]
