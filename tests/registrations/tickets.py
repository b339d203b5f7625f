"""Tickets for single days of a class that has begun."""

from typing import Any

from django.utils import timezone

from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain import capacity
from registrations.domain.line_details import Attendee
from registrations.models import Registration
from tests.base import SchoolTestCase
from tests.registrations.purchases import line, me, place
from tests.registrations.started_classes import reload_class, start_class, ticket_cart


class TicketTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.change(price=60, drop_in_price=15, trial_price=0)
        self.days = start_class(self.class_offer, 0)

    def change(self, **values: Any) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(**values)

    def buy(self, day: int, attendee: Attendee | None = None, **more: Any) -> Order:
        return place(ticket_cart(self.days[day], attendee or me(), **more))

    def left(self) -> int | None:
        return capacity.availability_of(reload_class(self.class_offer), timezone.now()).available_spots

    def ticket(self, order: Order) -> Registration:
        return Registration.objects.single_meeting().get(line=line(order))
