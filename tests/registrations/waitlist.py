"""People on the waitlist of a full class."""

from datetime import timedelta

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.models import Order
from registrations.domain import spot_offers, spots
from registrations.domain.line_details import OTHER, Attendee
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import WaitlistEntry
from tests.registrations.full_classes import FullClassTestCase
from tests.registrations.purchases import cart, line, me, pay, place
from users.models import User


def person(name: str, role: str = "") -> WaitlistRequest:
    return WaitlistRequest(Attendee(OTHER, first_name=name, email=f"{name.lower()}@example.org"), role)


class WaitlistTestCase(FullClassTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.limit(1)

    def wait(self, *requests: WaitlistRequest, account: User | None = None) -> WaitlistEntry:
        first = requests[0].attendee
        contact = Contact(first.first_name, first.email) if account is None else account
        if isinstance(contact, User):
            contact = Contact(contact.get_full_name(), contact.email, contact)
        return entries.join_waitlist(self.class_offer, requests, contact)

    def full(self) -> Order:
        return pay(place(cart((self.class_offer, me()))))

    def free(self, order: Order) -> None:
        spots.release_spot(line(order), "Moved away")
        spot_offers.offer_free_spots(self.class_offer.pk)

    def now(self, entry: WaitlistEntry) -> str:
        entry.refresh_from_db()
        return entry.state

    def take(self, entry: WaitlistEntry) -> Order:
        basket = carts.create_cart()
        basket.payer_name, basket.payer_email = entry.contact_name, entry.contact_email
        basket.save()
        entry.refresh_from_db()
        entries.accept_offer(entry, basket)
        return place(basket)

    def run_late(self, entry: WaitlistEntry) -> None:
        WaitlistEntry.objects.filter(pk=entry.pk).update(offer_expires_at=timezone.now() - timedelta(minutes=1))
