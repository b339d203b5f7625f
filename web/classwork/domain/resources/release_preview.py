"""Shows how a schedule change moves the opening of resources, as rows of the preview."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from classwork.domain.resources import attachments
from classwork.domain.resources.releases import release_rule
from classwork.domain.schedule.previews import Preview, PreviewRow, ScheduleEffect
from classwork.models import Release
from classwork.rules import release_windows
from classwork.rules.timetable import ScheduledMeeting
from common import dates
from common.formats import format_date, format_moment


def preview_releases(effects: Sequence[ScheduleEffect]) -> Preview:
    # Only existing releases can move. A class that is not saved yet has none.
    known = [effect for effect in effects if effect.class_offer.pk]
    if not known:
        return Preview()
    class_offers = [effect.class_offer for effect in known]
    attached = attachments.attached_to_classes(class_offers)
    stored: dict[int, dict[int, Release]] = {class_offer.pk: {} for class_offer in class_offers}
    for release in Release.objects.filter(class_offer__in=class_offers).select_related("resource"):
        stored[release.class_offer_id][release.resource_id] = release
    return Preview(
        rows=tuple(
            row
            for effect in known
            for row in _class_release_rows(effect, attached[effect.class_offer.pk], stored[effect.class_offer.pk])
        )
    )


def _class_release_rows(
    effect: ScheduleEffect, attached: Iterable[attachments.AttachedResource], stored: dict[int, Release]
) -> Iterable[PreviewRow]:
    run = release_windows.class_run(meetings_after(effect), effect.skipped)
    if run is None:
        return
    for each in attached:
        release = stored.get(each.resource.pk)
        if release is None or each.hidden:
            continue
        window, heading, name = (
            release_windows.release_window(release_rule(each), run),
            effect.class_offer.heading,
            f"“{each.resource}”",
        )
        if release.opens_at != window.opens_at and not release.released_at:
            yield PreviewRow(
                heading,
                f"{name} opens",
                _release_moment_text(release.opens_at),
                _moment_with_shift(release.opens_at, window.opens_at),
            )
        if release.last_day != window.last_day:
            yield PreviewRow(
                heading, f"{name} stays until", _last_day_text(release.last_day), _last_day_text(window.last_day)
            )


def meetings_after(effect: ScheduleEffect) -> list[ScheduledMeeting]:
    known = {each.pk: each.as_scheduled for each in effect.class_offer.meetings.all()}
    added = []
    for step in effect.steps:
        meeting = known.pop(step.pk, None) if step.pk else None
        if step.after is not None:
            by_hand = meeting.by_hand if meeting else False
            added.append(ScheduledMeeting(step.pk or 0, step.number, step.after, by_hand, step.canceled))
    return [*known.values(), *added]


def _moment_with_shift(before: datetime | None, moved: datetime | None) -> str:
    if before is None or moved is None:
        return _release_moment_text(moved)
    days = (dates.to_local_time(moved).date() - dates.to_local_time(before).date()).days
    if not days:
        return _release_moment_text(moved)
    weeks, rest = divmod(abs(days), 7)
    count, unit = (abs(days), "day") if rest else (weeks, "week")
    shift = f"{'a' if count == 1 else count} {unit}{'' if count == 1 else 's'}"
    return f"{_release_moment_text(moved)}, {shift} {'later' if days > 0 else 'earlier'}"


def _release_moment_text(moment: datetime | None) -> str:
    if moment is None:
        return "with the registration"
    return format_moment(moment)


def _last_day_text(day: date | None) -> str:
    return format_date(day) if day else "it stays"
