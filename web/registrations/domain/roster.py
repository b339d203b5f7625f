"""The registrations and students that teachers may see, without anything about payments."""

from datetime import datetime

from django.db.models import Q, QuerySet

from classwork.models import ClassOffer, Meeting
from registrations.models import Registration, Ticket
from users.models import Staff, Student


def registrations_of_class(class_offer: ClassOffer, at: datetime) -> QuerySet[Registration]:
    rows = Registration.objects.filter(class_offer=class_offer).taking_a_spot(at).select_related("student")
    return rows.order_by("student__first_name", "student__last_name", "pk")


def students_taught_by(staff: Staff, at: datetime) -> QuerySet[Student]:
    unfinished = Meeting.objects.filter(canceled_at=None, ends_at__gt=at).values("class_offer")
    registrations = Registration.objects.taught_by(staff).taking_a_spot(at).filter(class_offer__in=unfinished)
    tickets = Ticket.objects.taught_by(staff).taking_a_spot(at).filter(meeting__class_offer__in=unfinished)
    return Student.objects.filter(Q(pk__in=registrations.values("student")) | Q(pk__in=tickets.values("student")))
