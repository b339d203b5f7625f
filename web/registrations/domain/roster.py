"""The people in a class and in its single meetings, and the students whom a teacher may see."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from classwork.models import ClassOffer, Meeting
from registrations.models import Registration
from registrations.models.registrations import RegistrationQuerySet
from users.models import Staff, Student


def registrations_of_class(class_offer: ClassOffer, at: datetime) -> QuerySet[Registration]:
    registrations = Registration.objects.whole_class().filter(class_offer=class_offer).taking_a_spot(at)
    return registrations.select_related("student__level_override__set_by").order_by(
        "student__first_name", "student__last_name", "pk"
    )


def tickets_for_class(class_offer: ClassOffer, at: datetime) -> RegistrationQuerySet:
    tickets = Registration.objects.single_meeting().filter(class_offer=class_offer).taking_a_spot(at)
    return tickets.for_meeting_lists().order_by("meeting__starts_at", "student__first_name", "student__last_name", "pk")


def shown_students(
    staff: Staff, class_offer: ClassOffer, registrations: Iterable[Registration], at: datetime
) -> set[int]:
    """The students of one of the teacher's classes whose pages the teacher may open."""
    listed = {registration.student_id for registration in registrations}
    if any(meeting.ends_at > at for meeting in class_offer.uncanceled_meetings):
        return listed
    return set(students_taught_by(staff, at).filter(pk__in=listed).values_list("pk", flat=True))


def students_taught_by(staff: Staff, at: datetime) -> QuerySet[Student]:
    unfinished = Meeting.objects.filter(canceled_at=None, ends_at__gt=at).values("class_offer")
    registrations = Registration.objects.taught_by(staff).taking_a_spot(at).filter(class_offer__in=unfinished)
    return Student.objects.filter(pk__in=registrations.values("student"))
