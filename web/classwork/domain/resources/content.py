"""The resources of classes: adding, changing, ordering, hiding and removing them.

On an approved class or subject, resources need no approval. On a proposed one they are approved with it, because no one
has a spot in it yet. A public resource always needs the approval of the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Exists, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from classwork.domain.resources import attachments, releases
from classwork.domain.resources.attachments import attached_to
from classwork.errors import ChangeRefused
from classwork.models import Attachment, ClassOffer, Resource, Subject
from common.files import uploads
from common.files.uploads import Chosen, ReceivedUpload
from history.domain import record_action
from users.models import Staff, User

Thing = ClassOffer | Subject
FOLDER = "resources"


def may_manage_resources_of(staff: Staff, thing: Thing) -> bool:
    """For teachers, substitutes and proposers of a class. For a subject, teachers of any of its classes."""
    if staff.user.has_perm("classwork.change_resource"):
        return True
    class_offers = ClassOffer.objects.filter(pk=thing.pk) if isinstance(thing, ClassOffer) else thing.class_offers.all()
    teaches = class_offers.filter(Q(assignments__staff=staff) | Q(meetings__substitutes=staff))
    return type(thing).objects.filter(Exists(teaches) | Q(proposals__author=staff), pk=thing.pk).exists()


def resources_editable_by(staff: Staff) -> QuerySet[Resource]:
    if staff.user.has_perm("classwork.change_resource"):
        return Resource.objects.all()
    own = Resource.objects.filter(author=staff)
    taught = Resource.objects.filter(attachments__class_offer__assignments__staff=staff, attachments__subject=None)
    return (own | taught).distinct()


def add_resource(
    staff: Staff, thing: Thing, values: Mapping[str, Any], chosen: Mapping[str, Chosen | None]
) -> Resource:
    """`chosen` holds the uploads for `file` and `subtitles`. They are stored together with the row or not at all."""
    with transaction.atomic():
        approved = values["audience"] != Resource.Audience.PUBLIC
        resource = Resource(author=staff, manager_approved=approved, **values)
        store_files(resource, chosen)
        resource.save()
        last = attachments.attachments_to(thing).order_by("-position").values("position")[:1]
        position = Coalesce(Subquery(last), 0) + 1
        Attachment.objects.create(resource=resource, position=position, **_attachment_target(thing))
        releases.rebuild_after_attachment(thing)
        record_action(staff.user, "classwork.resource_added", resource, title=str(resource), to=str(thing))
    return resource


def add_library_resource(by: User, values: Mapping[str, Any]) -> Resource:
    with transaction.atomic():
        resource = Resource.objects.create(manager_approved=True, **values)
        record_action(by, "classwork.resource_added", resource, title=str(resource))
    return resource


def change_resource(
    staff: Staff, resource: Resource, values: Mapping[str, Any], chosen: Mapping[str, Chosen | None]
) -> Resource:
    # A replaced file is deleted later by a job, when no row refers to it.
    with transaction.atomic():
        stored = Resource.objects.select_for_update().get(pk=resource.pk)
        if values["audience"] == Resource.Audience.PUBLIC != stored.audience:
            stored.manager_approved = False
        for name, value in values.items():
            setattr(stored, name, value)
        store_files(stored, chosen)
        stored.save()
        releases.rebuild_for_resource(stored)
        record_action(staff.user, "classwork.resource_changed", stored, title=str(stored))
    return stored


def approve_resource(by: User, resource: Resource) -> bool:
    with transaction.atomic():
        changed = Resource.objects.filter(pk=resource.pk, manager_approved=False).update(manager_approved=True)
        if changed:
            record_action(by, "classwork.resource_approved", resource, title=str(resource))
    return bool(changed)


def set_resource_hidden(staff: Staff, class_offer: ClassOffer, resource: Resource, hidden: bool) -> None:
    with transaction.atomic():
        inherited = Attachment.objects.filter(resource=resource, subject=class_offer.subject_id).first()
        attachment, _ = Attachment.objects.get_or_create(
            resource=resource, class_offer=class_offer, defaults={"position": inherited.position if inherited else 0}
        )
        attachment.hidden = hidden
        attachment.save(update_fields=["hidden"])
        releases.rebuild_after_attachment(class_offer)
        action = "hidden" if hidden else "shown"
        record_action(staff.user, f"classwork.resource_{action}", resource, title=str(resource), to=str(class_offer))


def detach_resource(staff: Staff, thing: Thing, resource: Resource) -> None:
    """Removing the last attachment also deletes the resource."""
    with transaction.atomic():
        resource.attachments.filter(**_attachment_target(thing)).delete()
        releases.rebuild_after_attachment(thing)
        record_action(staff.user, "classwork.resource_removed", resource, title=str(resource), to=str(thing))
        if not resource.attachments.exists():
            resource.delete()


def reorder_resources(staff: Staff, thing: Thing, order: list[int]) -> None:
    """Resources that were added after the page was shown are put last."""
    with transaction.atomic():
        known = {each.resource.pk: each for each in attached_to(thing)}
        new_order = [pk for pk in order if pk in known] + [pk for pk in known if pk not in order]
        for position, pk in enumerate(new_order, 1):
            attachment, _ = Attachment.objects.get_or_create(resource=known[pk].resource, **_attachment_target(thing))
            attachment.position = position
            attachment.save(update_fields=["position"])
        releases.rebuild_after_attachment(thing)
        record_action(staff.user, "classwork.resources_arranged", thing, order=new_order)


def move_resource(staff: Staff, thing: Thing, resource: Resource, by: int) -> None:
    order = [each.resource.pk for each in attached_to(thing)]
    if resource.pk not in order:
        raise ChangeRefused("It is no longer attached here.")
    at = order.index(resource.pk)
    to = min(max(at + by, 0), len(order) - 1)
    order.insert(to, order.pop(at))
    reorder_resources(staff, thing, order)


def store_files(resource: Resource, chosen: Mapping[str, Chosen | None]) -> None:
    for name, sent in chosen.items():
        if sent is None:
            continue
        setattr(resource, name, uploads.store_upload(sent, FOLDER))
        if name == "file":
            checked = sent.checked if isinstance(sent, ReceivedUpload) else sent
            resource.file_title, resource.size, resource.seconds = checked.title, checked.size, checked.seconds


def _attachment_target(thing: Thing) -> dict[str, Any]:
    return {"class_offer": thing} if isinstance(thing, ClassOffer) else {"subject": thing}
