"""What follows for places from what happened; hepcat.workflows says when."""

from typing import Any

from classwork.domain.places import telling
from classwork.models import Registration
from users.domain.care import Answer


def tell_attendee(event: Any) -> None:
    telling.of_place(Registration.objects.select_related("student", "line").get(pk=event.payload.registration_id))


def look_for_twins(event: Any) -> None:
    held = Registration.objects.select_related("line__order", "offer__subject__level", "offer__session")
    telling.that_somebody_is_there_twice(held.get(pk=event.payload.registration_id))


def ask_for_address(event: Any) -> None:
    if event.payload.said == Answer.UNKNOWN:
        telling.that_nobody_is_known(event.payload.student_id)
