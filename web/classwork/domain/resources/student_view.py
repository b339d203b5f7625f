"""The resources of a class as the teacher plans them, and as students see them at a given moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from classwork.domain.resources import content
from classwork.domain.resources.access import FOR_STUDENTS
from classwork.domain.resources.attachments import Hung
from classwork.models import ClassOffer, Release
from common import dates


@dataclass(frozen=True)
class Planned:
    """A resource of a class and its opening time. A hidden resource never opens."""

    hung: Hung
    release: Release | None

    def at(self, now: datetime) -> str:
        return state(self.release, now) if self.release else ""


@dataclass(frozen=True)
class Week:
    """A moment at which the class can be viewed."""

    number: int
    label: str
    at: datetime


def planned(offer: ClassOffer) -> list[Planned]:
    known = {release.resource_id: release for release in offer.releases.all()}
    return [Planned(each, known.get(each.resource.pk)) for each in content.hung_on(offer)]


def state(release: Release, at: datetime) -> str:
    """The state for a student who registered at the beginning."""
    if release.is_over(dates.local(at).date()):
        return "gone"
    if release.held_at:
        return "held"
    begun = release.begins_at
    return "open" if begun is None or begun <= at else "locked"


def weeks(offer: ClassOffer) -> list[Week]:
    meetings = [meeting for meeting in offer.meetings.all() if not meeting.is_cancelled]
    if not meetings:
        return []
    before = Week(0, "Before it begins", min(meeting.starts_at for meeting in meetings) - timedelta(minutes=1))
    ends = sorted(meeting.ends_at for meeting in meetings)
    return [before, *(Week(number, f"After class {number}", end) for number, end in enumerate(ends, 1))]


def seen(offer: ClassOffer, at: datetime) -> list[tuple[Release, str]]:
    visible = offer.releases.filter(FOR_STUDENTS).select_related("resource")
    order = {each.resource.pk: place for place, each in enumerate(content.hung_on(offer))}
    releases = sorted(visible, key=lambda release: order.get(release.resource_id, 0))
    return [(release, state(release, at)) for release in releases]
