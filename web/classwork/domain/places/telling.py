"""Who hears what about a place: attendees of having one, payers of an attendee whom nobody knows."""

from django.db import transaction

from billing.domain import cases
from billing.models import Case
from classwork.domain.places import attendees
from classwork.models import Registration
from mailroom.domain import draft
from users.models import Student

TWICE = "{} was registered twice for {}: find out whether this is one person, and give the money back or rename."


def of_place(registration: Registration) -> None:
    """One mail for all places that an order gave one person, at the address of whoever attends."""
    to = attendees.address(registration.student)
    if not to or registration.line is None:
        return
    order_id, student_id = registration.line.order_id, registration.student_id
    data = {"order_id": order_id, "student_id": student_id}
    draft("classwork.registered", to=to, key=f"{order_id} {student_id}", data=data, about=("order", order_id))


def that_nobody_is_known(student_id: int) -> None:
    live = Registration.objects.live().filter(student=student_id).exclude(line=None)
    for registration in live.select_related("line__order"):
        order = registration.line.order  # type: ignore[union-attr]
        draft(
            "classwork.address_wanted",
            to=order.payer_email,
            key=f"{registration.pk} {registration.student.email}",
            data={"registration_id": registration.pk},
            about=("order", order.pk),
        )


@transaction.atomic
def that_somebody_is_there_twice(registration: Registration) -> None:
    """Told to the attendee and to the office, not to whoever typed the name; and not while they wait for an answer."""
    line = registration.line
    first = Student.objects.filter(pk=line.details.get("twin_of") or 0).first() if line else None
    if line is None or first is None:
        return
    cases.open_case(Case.Kind.OTHER, line.order, TWICE.format(first, registration.offer))
    if to := attendees.address(first):
        draft(
            "classwork.twice",
            to=to,
            key=str(line.pk),
            data={"student_id": first.pk, "offer_id": registration.offer_id},
            about=("order", line.order_id),
        )
