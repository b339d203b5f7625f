"""The registrations and students that teachers may see, without anything about payments."""

from datetime import datetime

from django.db.models import Q, QuerySet

from classwork.models import ClassOffer, Meeting
from registrations.models import Registration, Ticket
from users.models import Staff, Student


def registrations_of_class(class_offer: ClassOffer, at: datetime) -> QuerySet[Registration]:
    rows = Registration.objects.filter(class_offer=class_offer).taking_a_place(at).select_related("student")
    return rows.order_by("student__first_name", "student__last_name", "pk")


def students_taught_by(staff: Staff, at: datetime) -> QuerySet[Student]:
    lasting = Meeting.objects.filter(canceled_at=None, ends_at__gt=at).values("class_offer")
    places = Registration.objects.taught_by(staff).taking_a_place(at).filter(class_offer__in=lasting)
    tickets = Ticket.objects.taught_by(staff).taking_a_place(at).filter(meeting__class_offer__in=lasting)
    return Student.objects.filter(Q(pk__in=places.values("student")) | Q(pk__in=tickets.values("student")))
