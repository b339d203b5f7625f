"""What those who teach see of those who come: of their own classes, and nothing of money."""

from datetime import datetime

from django.db.models import Q, QuerySet

from classwork.models import ClassOffer, Registration, Ticket
from users.models import Staff, Student


def participants(offer: ClassOffer, at: datetime) -> QuerySet[Registration]:
    rows = Registration.objects.filter(offer=offer).taking_a_place(at).select_related("student")
    return rows.order_by("student__first_name", "student__last_name", "pk")


def students(staff: Staff, at: datetime) -> QuerySet[Student]:
    """Also of classes that are over."""
    places = Registration.objects.taught_by(staff).taking_a_place(at)
    tickets = Ticket.objects.taught_by(staff).taking_a_place(at)
    return Student.objects.filter(Q(pk__in=places.values("student")) | Q(pk__in=tickets.values("student")))
