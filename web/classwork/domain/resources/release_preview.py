"""Shows how a schedule change moves the opening of resources, as rows of the preview."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from classwork.domain.resources import attachments, release_windows
from classwork.domain.resources.releases import rule_of
from classwork.domain.schedule.previews import Effect, Row
from classwork.domain.timetable import Standing
from classwork.models import Release
from common import dates
from common.formats import format_date, format_moment


def rows(effects: Sequence[Effect]) -> list[Row]:
    """Only existing releases can move. A class that is not saved yet has none."""
    known = [effect for effect in effects if effect.offer.pk]
    if not known:
        return []
    offers = [effect.offer for effect in known]
    attached = attachments.on_offers(offers)
    stored: dict[int, dict[int, Release]] = {offer.pk: {} for offer in offers}
    for release in Release.objects.filter(offer__in=offers).select_related("resource"):
        stored[release.offer_id][release.resource_id] = release
    return [row for effect in known for row in _of_offer(effect, attached[effect.offer.pk], stored[effect.offer.pk])]


def _of_offer(effect: Effect, attached: Iterable[attachments.Hung], stored: dict[int, Release]) -> Iterable[Row]:
    run = release_windows.run(after(effect), effect.skipped)
    if run is None:
        return
    for each in attached:
        release = stored.get(each.resource.pk)
        if release is None or each.hidden:
            continue
        window, heading, name = release_windows.window(rule_of(each), run), effect.offer.heading, f"“{each.resource}”"
        if release.opens_at != window.opens_at and not release.released_at:
            yield Row(heading, f"{name} opens", _moment(release.opens_at), _later(release.opens_at, window.opens_at))
        if release.last_day != window.last_day:
            yield Row(heading, f"{name} stays until", _day(release.last_day), _day(window.last_day))


def after(effect: Effect) -> list[Standing]:
    known = {each.pk: each.as_scheduled for each in effect.offer.meetings.all()}
    added = []
    for step in effect.steps:
        meeting = known.pop(step.pk, None) if step.pk else None
        if step.after is not None:
            by_hand = meeting.by_hand if meeting else False
            added.append(Standing(step.pk or 0, step.number, step.after, by_hand, step.cancelled))
    return [*known.values(), *added]


def _later(before: datetime | None, moved: datetime | None) -> str:
    if before is None or moved is None:
        return _moment(moved)
    days = (dates.local(moved).date() - dates.local(before).date()).days
    if not days:
        return _moment(moved)
    weeks, rest = divmod(abs(days), 7)
    count, unit = (abs(days), "day") if rest else (weeks, "week")
    shift = f"{'a' if count == 1 else count} {unit}{'' if count == 1 else 's'}"
    return f"{_moment(moved)}, {shift} {'later' if days > 0 else 'earlier'}"


def _moment(moment: datetime | None) -> str:
    if moment is None:
        return "with the registration"
    return format_moment(moment)


def _day(day: date | None) -> str:
    return format_date(day) if day else "it stays"
