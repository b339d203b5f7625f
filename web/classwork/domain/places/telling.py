"""Who hears what about a place: attendees of having one, payers of an attendee whom nobody knows."""

from classwork.domain.places import attendees
from classwork.models import Registration
from mailroom.domain import draft


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
