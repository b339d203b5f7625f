"""Release rows. They are rebuilt from the schedule in the transaction that changes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, prefetch_related_objects
from django.utils import timezone

from classwork.domain.resources import attachments
from classwork.domain.resources.attachments import AttachedResource
from classwork.models import ClassOffer, Release, Resource, Subject
from classwork.rules import release_windows
from classwork.rules.release_windows import ReleaseRule
from history.domain import record_action
from users.models import User

PLANNED = ("opens_at", "last_day", "class_number", "position")


def rebuild_class_releases(class_offers: Iterable[int]) -> None:
    # Locks the rows of the classes, so that of two concurrent changes the later one wins.
    with transaction.atomic():
        locked = ClassOffer.objects.select_for_update(of=("self",)).filter(pk__in=set(class_offers)).order_by("pk")
        classes = list(locked.prefetch_related("meetings", "releases"))
        attached = attachments.attached_to_classes(classes)
        if any(each.expires_after for here in attached.values() for each in here):
            prefetch_related_objects(classes, "skipped_dates")
        for class_offer in classes:
            _save_planned_releases(class_offer, planned_releases(class_offer, attached[class_offer.pk]))


def planned_releases(class_offer: ClassOffer, attached: Iterable[AttachedResource]) -> dict[int, dict[str, Any]]:
    """The values of each release. Hidden resources have none, and neither has a class without dates."""
    attached = [each for each in attached if not each.hidden]
    # Skipped dates only delay the expiry.
    skipped = class_offer.skipped_dates.all() if any(each.expires_after for each in attached) else ()
    run = release_windows.class_run(
        [each.as_scheduled for each in class_offer.meetings.all()], [each.day for each in skipped]
    )
    if run is None:
        return {}
    values: dict[int, dict[str, Any]] = {}
    for each in attached:
        window = release_windows.release_window(release_rule(each), run)
        columns = (window.opens_at, window.last_day, each.class_number, each.position)
        values[each.resource.pk] = dict(zip(PLANNED, columns, strict=True))
    return values


def release_rule(each: AttachedResource) -> ReleaseRule:
    return ReleaseRule(each.release_moment, each.class_number, each.expires_after)


def _save_planned_releases(class_offer: ClassOffer, rows: dict[int, dict[str, Any]]) -> None:
    stored = {release.resource_id: release for release in class_offer.releases.all()}
    if obsolete := stored.keys() - rows.keys():
        Release.objects.filter(class_offer=class_offer, resource__in=obsolete).delete()
    changed = []
    for pk in stored.keys() & rows.keys():
        if any(getattr(stored[pk], name) != value for name, value in rows[pk].items()):
            changed.append(stored[pk])
            for name, value in rows[pk].items():
                setattr(stored[pk], name, value)
    Release.objects.bulk_update(changed, PLANNED)
    Release.objects.bulk_create(
        Release(class_offer=class_offer, resource_id=pk, **values) for pk, values in rows.items() if pk not in stored
    )


def rebuild_after_attachment(*things: ClassOffer | Subject) -> None:
    class_offers = {thing.pk for thing in things if isinstance(thing, ClassOffer)}
    subjects = [thing.pk for thing in things if isinstance(thing, Subject)]
    rebuild_class_releases(
        class_offers.union(ClassOffer.objects.filter(subject__in=subjects).values_list("pk", flat=True))
    )


def rebuild_for_resource(resource: Resource) -> None:
    rebuild_class_releases(classes_with_resource(resource))


def classes_with_resource(resource: Resource) -> Collection[int]:
    has_resource = Q(attachments__resource=resource) | Q(subject__attachments__resource=resource)
    return set(ClassOffer.objects.filter(has_resource).values_list("pk", flat=True))


# -- actions of a teacher ---------------------------------------------------------------------------------------------


def release_now(by: User, release: Release) -> None:
    """The last day stays as planned."""
    _update_release(by, release, "released", released_at=timezone.now(), held_at=None)


def hold_release(by: User, release: Release) -> None:
    _update_release(by, release, "held_back", released_at=None, held_at=timezone.now())


def reset_release(by: User, release: Release) -> None:
    _update_release(by, release, "as_planned", released_at=None, held_at=None)


def _update_release(by: User, release: Release, action: str, **values: object) -> None:
    with transaction.atomic():
        if Release.objects.filter(pk=release.pk).update(**values):
            resource = release.resource
            record_action(
                by, f"classwork.resource_{action}", resource, title=str(resource), class_offer=release.class_offer_id
            )
