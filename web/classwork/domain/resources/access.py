"""Who may open which resource now; asked anew for the page and for every request of the bytes."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from classwork.domain.resources import content
from classwork.models import ClassOffer, Resource
from users.models import Staff, User


@dataclass(frozen=True)
class Found:
    """A resource that somebody may open, and the class through which they may, where it is one."""

    resource: Resource
    offer: ClassOffer | None = None


def find(user: User | AnonymousUser, pk: int) -> Found | None:
    resource = Resource.objects.filter(pk=pk).first()
    if resource is None:
        return None
    if _is_public(resource) or user.has_perm("classwork.view_resource") or _gives(user, resource):
        return Found(resource)
    return None


def _is_public(resource: Resource) -> bool:
    is_for_all = resource.manager_approved and resource.audience == Resource.Audience.PUBLIC
    return is_for_all and not resource.attachments.exists()


def _gives(user: User | AnonymousUser, resource: Resource) -> bool:
    """Who gives it, or teaches what it hangs on."""
    staff = Staff.objects.filter(user=user.pk).first() if isinstance(user, User) else None
    if staff is None or resource.audience == Resource.Audience.ADMIN:
        return False
    if resource.author_id == staff.pk:
        return True
    attachments = resource.attachments.select_related("offer", "subject")
    things = [each.offer or each.subject for each in attachments]
    return any(content.may_give(staff, thing) for thing in things if thing is not None)
