"""The people with a ticket for a class or for one of its meetings."""

from datetime import datetime

from classwork.models import ClassOffer, Meeting
from registrations.models import Ticket
from registrations.models.tickets import TicketQuerySet


def tickets_for_meeting(meeting: Meeting, at: datetime) -> TicketQuerySet:
    return Ticket.objects.filter(meeting=meeting).taking_a_spot(at).for_lists()


def tickets_for_class(class_offer: ClassOffer, at: datetime) -> TicketQuerySet:
    found = Ticket.objects.filter(meeting__class_offer=class_offer).taking_a_spot(at).for_lists()
    return found.order_by("meeting__starts_at", "student__first_name", "student__last_name", "pk")
