"""Resources of classes, registrations and tickets, created directly in the database."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from billing.models import Order
from classwork.domain.resources import releases
from classwork.models import Attachment, ClassOffer, Meeting, Resource, Subject
from registrations.models import Registration
from users.models import Student


def resource(title: str = "Rock step", *attached_to: ClassOffer | Subject, **values: Any) -> Resource:
    defaults = {"kind": "text", "text": "Left, *right*.", "when": "sign_up", "manager_approved": True}
    resource = Resource.objects.create(title=title, **defaults | values)
    for thing in attached_to:
        attach_resource(resource, thing)
    releases.rebuild_after_attachment(*attached_to)
    return resource


def attach_resource(resource: Resource, thing: ClassOffer | Subject, **values: Any) -> Attachment:
    to = {"class_offer": thing} if isinstance(thing, ClassOffer) else {"subject": thing}
    return Attachment.objects.create(resource=resource, **to, **values)


def create_registration(
    student: Student, class_offer: ClassOffer, state: str = "confirmed", at: datetime | None = None
) -> Registration:
    at = at or timezone.now()
    ended = at if state in ("canceled", "expired", "transferred") else None
    return Registration.objects.create(
        student=student, class_offer=class_offer, state=state, confirmed_at=at, ended_at=ended
    )


def ticket(student: Student, meeting: Meeting) -> Registration:
    order = Order.objects.create(payer_email="pat@example.org", currency="USD")
    line = order.lines.create(kind="class", product_id=meeting.class_offer_id, part_id=meeting.pk)
    return Registration.objects.create(
        student=student,
        class_offer=meeting.class_offer,
        meeting=meeting,
        line=line,
        state="confirmed",
        confirmed_at=timezone.now(),
    )
