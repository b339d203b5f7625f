"""A class that becomes full, races for its last spot, and holds that expire."""

from datetime import timedelta

from django.test import TransactionTestCase
from django.utils import timezone

from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain import capacity
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase


class FullClassTestCase(SchoolTestCase):
    def state_of(self, order: Order) -> list[str]:
        return [one.state for one in Registration.objects.filter(line__order=order).order_by("pk")]

    def limit(self, places: int) -> ClassOffer:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(capacity=places)
        self.class_offer.refresh_from_db()
        return self.class_offer

    def taken(self) -> int:
        return capacity.availability_of(self.class_offer, timezone.now()).spots_taken

    def run_out(self, order: Order) -> None:
        """The time for paying is over; nobody has written it down."""
        past = timezone.now() - timedelta(minutes=1)
        Order.objects.filter(pk=order.pk).update(held_until=past, placed_at=past - timedelta(minutes=30))
        order.refresh_from_db()


class LastSpotTestCase(TransactionTestCase):
    """A class with one spot, for races."""

    def setUp(self) -> None:
        self.class_offer = factories.create_class_offer(
            factories.create_session("Race"), factories.create_subject(), capacity=1
        )

    def taken(self) -> int:
        return capacity.availability_of(self.class_offer, timezone.now()).spots_taken
