"""A simulation of a busy evening, with random people who join waitlists and answer offers."""

import random
from datetime import timedelta

from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain import capacity, spot_offers
from registrations.domain.line_details import OTHER, Attendee
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import WaitlistEntry
from registrations.rules.role_balance import EITHER, RoleCapacity
from users.models import User

ROLES = ("lead", "follow")
PLACES = 20
State = WaitlistEntry.State


def simulate_evening(class_offers: list[ClassOffer], people: int, seed: int, by: User) -> None:
    chance = random.Random(seed)
    for class_offer in class_offers:
        ClassOffer.objects.filter(pk=class_offer.pk).update(capacity=PLACES, pay_at_door=True)
        roles = [RoleCapacity(name, PLACES * 3 // 5) for name in ROLES]
        class_roles.set_class_roles(class_offer, roles, BalanceLimits(most_apart=2, active_from=6), by)
    for number in range(people):
        class_offer = chance.choice(class_offers)
        requests = [_random_request(f"p{number}", chance)]
        if chance.random() < 0.2:
            requests.append(_random_request(f"p{number}b", chance))
        entries.join_waitlist(class_offer, requests, Contact(f"P {number}", f"p{number}@evening.invalid"))
        _answer_random_offer(class_offer, chance)


def print_availability(class_offers: list[ClassOffer]) -> bool:
    """Returns whether a class has more people than spots."""
    crowded = False
    for class_offer in ClassOffer.objects.for_lists().filter(pk__in=[each.pk for each in class_offers]):
        spots = capacity.availability_of(class_offer, timezone.now())
        print(f"{class_offer}: {spots.spots_taken} of {spots.capacity} spots, {spots.waiting} still waiting")
        crowded = crowded or spots.spots_taken > (spots.capacity or 0)
    return crowded


def _random_request(name: str, chance: random.Random) -> WaitlistRequest:
    attendee = Attendee(OTHER, first_name=name, email=f"{name}@evening.invalid")
    return WaitlistRequest(attendee, chance.choice((*ROLES, EITHER)))


def _answer_random_offer(class_offer: ClassOffer, chance: random.Random) -> None:
    offered = list(WaitlistEntry.objects.filter(class_offer=class_offer, state=State.OFFERED))
    if not offered:
        if chance.random() < 0.1:
            entries.leave_waitlist(chance.choice(list(spot_offers.waiting_entries(class_offer))))
        return
    entry, luck = chance.choice(offered), chance.random()
    if luck < 0.5:
        cart = carts.create_cart()
        cart.payer_name, cart.payer_email = entry.contact_name, entry.contact_email
        cart.save(update_fields=["payer_name", "payer_email"])
        entries.accept_offer(entry, cart)
        placement.place_order(
            cart, placement.PlacementOptions(Order.Due.DOOR, is_known=True), seen=None, at=timezone.now()
        )
    elif luck < 0.8 or entry.offer_expires_at is None:
        entries.leave_waitlist(entry)
    else:
        spot_offers.offer_free_spots(class_offer.pk, entry.offer_expires_at + timedelta(minutes=1))
