"""The resources of a class as the teacher plans them, and as students see them at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from classwork.domain.resources import attachments
from classwork.domain.resources.attachments import AttachedResource
from classwork.models import ClassOffer, Release
from common import dates
from common.formats import format_date


class ReleaseState(StrEnum):
    """For a student who registered at the beginning."""

    OPEN = "open"
    LOCKED = "locked"
    HELD = "held"
    GONE = "gone"

    @property
    def is_open(self) -> bool:
        return self is ReleaseState.OPEN

    @property
    def is_held(self) -> bool:
        return self is ReleaseState.HELD

    @property
    def is_gone(self) -> bool:
        return self is ReleaseState.GONE


@dataclass(frozen=True)
class PlannedResource:
    """A resource of a class and its opening time. A hidden resource never opens."""

    attached: AttachedResource
    release: Release | None

    def at(self, now: datetime) -> ReleaseState | None:
        return state_by_schedule(self.release, now) if self.release else None

    @property
    def schedule_text(self) -> str:
        begins_at = self.release.begins_at if self.release else None
        begin = f": {format_date(begins_at)}" if begins_at else ""
        return f"{self.attached.resource.get_kind_display()}, {self.attached.opens}{begin}{self._end_text()}"

    def _end_text(self) -> str:
        if self.release and self.release.last_day:
            return f", stays until {format_date(self.release.last_day)}"
        weeks = self.attached.expires_after
        return f", expires after {weeks} {'week' if weeks == 1 else 'weeks'}" if weeks else ""


@dataclass(frozen=True)
class ViewingMoment:
    """A moment at which the class can be viewed."""

    number: int
    label: str
    at: datetime


def planned_resources(class_offer: ClassOffer) -> list[PlannedResource]:
    known = {release.resource_id: release for release in class_offer.releases.all()}
    return [PlannedResource(each, known.get(each.resource.pk)) for each in attachments.attached_to(class_offer)]


def state_by_schedule(release: Release, at: datetime) -> ReleaseState:
    if release.is_over(dates.to_local_time(at).date()):
        return ReleaseState.GONE
    if release.held_at:
        return ReleaseState.HELD
    begun = release.begins_at
    return ReleaseState.OPEN if begun is None or begun <= at else ReleaseState.LOCKED


def viewing_moments(class_offer: ClassOffer) -> list[ViewingMoment]:
    meetings = class_offer.uncanceled_meetings
    if not meetings:
        return []
    before = ViewingMoment(0, "Before it begins", min(meeting.starts_at for meeting in meetings) - timedelta(minutes=1))
    ends = sorted(meeting.ends_at for meeting in meetings)
    return [before, *(ViewingMoment(number, f"After class {number}", end) for number, end in enumerate(ends, 1))]


def resources_at(class_offer: ClassOffer, at: datetime) -> list[tuple[Release, ReleaseState]]:
    visible = class_offer.releases.for_students().select_related("resource")
    order = {each.resource.pk: place for place, each in enumerate(attachments.attached_to(class_offer))}
    releases = sorted(visible, key=lambda release: order.get(release.resource_id, 0))
    return [(release, state_by_schedule(release, at)) for release in releases]
