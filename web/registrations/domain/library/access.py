"""Who may open a resource now. This is checked for the page and for every request of the file.

A confirmed spot opens what its class has released, and keeps it open after the class. A drop-in or trial opens only
what opens after its class day. A registration that is on hold, canceled, moved or fully refunded opens nothing.
Teachers see everything immediately.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from billing.models import Order
from classwork.domain.resources import content
from classwork.models import Attachment, Release, Resource
from common import dates
from registrations.models import Registration
from registrations.models.registrations import RegistrationQuerySet
from users.models import Staff, Student, User

Audience, Kind = Resource.Audience, Resource.Kind


class AccessState(Enum):
    OPEN = "open"
    LOCKED = "locked"  # It opens later.
    HELD = "held"  # The teacher holds it.
    UNPAID = "unpaid"
    MISSED = "missed"  # It opened before the student joined.
    EXPIRED = "expired"


@dataclass(frozen=True)
class AccessibleResource:
    """A resource that a person may open, with the registration that opens it, if any, and what its class releases."""

    resource: Resource
    registration: Registration | None = None
    releases: Sequence[Release] = ()


def find_accessible_resource(
    user: User | AnonymousUser, pk: int, at: datetime | None = None
) -> AccessibleResource | None:
    at = at or timezone.now()
    students = Student.objects.ids_of(user) if isinstance(user, User) else []
    if students and (opened := _opened_by_registration(students, pk, at)):
        return opened
    resource = Resource.objects.filter(pk=pk).first()
    if resource is None:
        return None
    if user.has_perm("classwork.view_resource"):
        return AccessibleResource(resource)
    if library_resources(user, at, is_student=registrations_of_students(students).exists()).filter(pk=pk).exists():
        return AccessibleResource(resource)
    return AccessibleResource(resource) if _teaches_resource(user, resource) else None


# -- whole classes and single days ----------------------------------------------------------------------------------


def registrations_of_students(students: Collection[int]) -> RegistrationQuerySet:
    return Registration.objects.whole_class().confirmed().filter(student__in=students)


def _opened_by_registration(students: Collection[int], pk: int, at: datetime) -> AccessibleResource | None:
    """Whole classes come first."""
    spots = Registration.objects.confirmed().filter(student__in=students, class_offer__releases__resource=pk)
    related = spots.select_related(
        "class_offer__subject__level", "class_offer__session", "meeting", "student", "line__order"
    )
    registrations = list(related.order_by(F("meeting").asc(nulls_first=True), "-pk").prefetch_related("openings"))
    releases = releases_by_class(registrations, Release.objects.for_students())
    for registration in registrations:
        here = releases[registration.class_offer_id]
        release = next((release for release in here if release.resource_id == pk), None)
        if release and is_open(release, registration, at):
            return AccessibleResource(release.resource, registration, here)
    return None


def is_open(release: Release, registration: Registration, at: datetime) -> bool:
    if registration.is_for_single_meeting:
        opens = opens_with_ticket(release, registration)
        return opens and access_state(release, registration, at) == AccessState.OPEN
    by_hand = any(opening.resource_id == release.resource_id for opening in registration.openings.all())
    return access_state(release, registration, at, by_hand=by_hand) == AccessState.OPEN


def releases_by_class(registrations: Iterable[Registration], among: QuerySet[Release]) -> dict[int, list[Release]]:
    """What the classes of these registrations release, in the order in which it opens."""
    by_class: dict[int, list[Release]] = {registration.class_offer_id: [] for registration in registrations}
    if by_class:
        releases = among.filter(class_offer__in=by_class).select_related("resource")
        for release in releases.order_by(F("opens_at").asc(nulls_first=True), "position", "resource_id"):
            by_class[release.class_offer_id].append(release)
    return by_class


def tickets_of_students(students: Collection[int]) -> RegistrationQuerySet:
    return Registration.objects.single_meeting().confirmed().filter(student__in=students)


def opens_with_ticket(release: Release, ticket: Registration) -> bool:
    meeting = ticket.day
    return release.class_number is not None and release.opens_at == meeting.ends_at and not meeting.is_canceled


def access_state(release: Release, registration: Registration, at: datetime, *, by_hand: bool = False) -> AccessState:
    """`by_hand` means that a teacher opened it for this one student."""
    if not is_settled(registration):
        return AccessState.UNPAID
    if by_hand:
        return AccessState.OPEN
    if release.is_over(dates.to_local_time(at).date()):
        return AccessState.EXPIRED
    if release.held_at:
        return AccessState.HELD
    opens_at = release.begins_at
    if opens_at is not None and opens_at > at:
        return AccessState.LOCKED
    joined = registration.confirmed_at
    is_missed = opens_at is not None and joined is not None and opens_at < joined
    return AccessState.MISSED if is_missed and not settings.LATE_JOINERS_SEE_EARLIER else AccessState.OPEN


def is_settled(registration: Registration) -> bool:
    """A full refund closes everything. By setting, so does an order that is not paid yet."""
    line = registration.line
    if line is None or line.order.state != Order.State.PAID:
        return settings.OPEN_BEFORE_PAID
    return not (line.early_total and not line.order.amount_charged)


# -- the libraries ---------------------------------------------------------------------------------------------------


def library_resources(user: User | AnonymousUser, at: datetime, *, is_student: bool) -> QuerySet[Resource]:
    """Resources without a class or subject, by their audience. Everyone also sees what a class has opened to all."""
    audiences = [Audience.PUBLIC]
    if is_student:
        audiences.append(Audience.STUDENT)
    if user.has_perm("classwork.add_proposal"):  # The link to Teaching needs the same permission.
        audiences.append(Audience.TEACHER)
    released = Release.objects.open_to_all(at).filter(
        resource=OuterRef("pk"), class_offer__manager_approved=True, class_offer__subject__manager_approved=True
    )
    attached = Attachment.objects.filter(resource=OuterRef("pk"))
    unattached = Q(~Exists(attached), audience__in=audiences)
    open_to_all = Q(Exists(released), audience=Audience.PUBLIC)
    return Resource.objects.filter(unattached | open_to_all, manager_approved=True).exclude(kind=Kind.EMAIL)


# -- teachers -------------------------------------------------------------------------------------------------


def _teaches_resource(user: User | AnonymousUser, resource: Resource) -> bool:
    staff = Staff.objects.filter(user=user.pk).first() if isinstance(user, User) else None
    if staff is None or resource.audience == Audience.ADMIN:
        return False
    if resource.author_id == staff.pk:
        return True
    attachments = resource.attachments.select_related("class_offer", "subject")
    things = [each.class_offer or each.subject for each in attachments]
    return any(content.may_manage_resources_of(staff, thing) for thing in things if thing is not None)
