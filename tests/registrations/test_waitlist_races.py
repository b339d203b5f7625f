"""The waitlist and a buyer compete for the last spot on two database connections, with and without locks."""

from collections.abc import Callable

from django.test import tag
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.errors import OrderNotPlaced
from billing.models import Order
from registrations.domain import capacity, spot_offers
from registrations.domain.line_details import OTHER, Attendee, AttendeeDetails
from registrations.domain.waitlist import class_roles, entries
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from registrations.rules.role_balance import RoleCapacity
from tests import factories
from tests.racing import overlap, without_locks
from tests.registrations.full_classes import LastSpotTestCase
from tests.registrations.purchases import cart, line, me, other, place

State = WaitlistEntry.State


@tag("postgres")
class WaitlistRaceTest(LastSpotTestCase):
    def wait(self, name: str) -> WaitlistEntry:
        attendee = Attendee(OTHER, first_name=name, email=f"{name}@example.org")
        return entries.join_waitlist(
            self.class_offer, [WaitlistRequest(attendee)], Contact(name, f"{name}@example.org")
        )

    def buyer(self, email: str, role: str = "") -> Callable[[], Order]:
        basket = cart(email=email)
        carts.add_line(basket, "class", self.class_offer.pk, AttendeeDetails(me()).as_json(), role=role)
        return lambda: place(basket)

    def free(self, order: Order) -> None:
        """Release a spot without processing the waitlist."""
        canceled = {"state": Registration.State.CANCELED, "ended_at": timezone.now()}
        Registration.objects.filter(line__order=order).update(**canceled)

    def test_released_spot_goes_to_the_waitlist_and_not_to_a_new_buyer(self) -> None:
        sold = self.buyer("first@example.org")()
        self.wait("ann")
        self.free(sold)
        outcomes = overlap(lambda: spot_offers.offer_free_spots(self.class_offer.pk), self.buyer("zoe@example.org"))
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertEqual((self.taken(), WaitlistEntry.objects.get().state), (1, State.OFFERED))

    def test_person_who_joins_while_the_last_spot_is_sold_stays_on_the_waitlist(self) -> None:
        outcomes = overlap(self.buyer("zoe@example.org"), lambda: self.wait("ann"))
        self.assertEqual((outcomes[1].state, self.taken()), (State.WAITING, 1))

    def test_control_without_locks_spot_is_sold_and_offered(self) -> None:
        with without_locks():
            overlap(self.buyer("zoe@example.org"), lambda: self.wait("ann"))
        self.assertEqual(self.taken(), 2)

    def test_automatic_offer_and_offer_by_hand_do_not_share_a_spot(self) -> None:
        ben = self.put_two_on_waitlist()
        outcomes = overlap(lambda: spot_offers.offer_free_spots(self.class_offer.pk), self.offer_by_hand(ben))
        self.assertIsInstance(outcomes[1], RegistrationRefused)
        self.assertEqual(outcomes[1].code, "no_spot")
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_spot_is_offered_to_two_people(self) -> None:
        ben = self.put_two_on_waitlist()
        with without_locks():
            overlap(lambda: spot_offers.offer_free_spots(self.class_offer.pk), self.offer_by_hand(ben))
        self.assertEqual(self.taken(), 2)

    def test_offer_claimed_in_two_tabs_takes_one_spot(self) -> None:
        outcomes = overlap(*self.two_tabs())
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_both_tabs_take_a_spot(self) -> None:
        tabs = self.two_tabs()
        with without_locks():
            overlap(*tabs)
        self.assertEqual(self.taken(), 2)

    def two_tabs(self) -> list[Callable[[], Order]]:
        entry = self.wait("ann")
        tabs = [carts.create_cart(), carts.create_cart()]
        for tab in tabs:
            entries.accept_offer(entry, tab)
        second = line(tabs[1])  # for a friend, because the database refuses one person twice
        second.details = AttendeeDetails(other("Bea", "bea@example.org")).as_json()
        second.save()
        return [lambda tab=tab: place(tab) for tab in tabs]

    def put_two_on_waitlist(self) -> WaitlistEntry:
        sold = self.buyer("first@example.org")()
        self.wait("ann")
        ben = self.wait("ben")
        self.free(sold)
        return ben

    def offer_by_hand(self, entry: WaitlistEntry) -> Callable[[], None]:
        host = factories.create_account("host@example.org", "Host")
        return lambda: entries.offer_spot_by_hand(entry, why="A promise", by=host)

    def test_two_simultaneous_leads_cannot_break_the_role_balance(self) -> None:
        self.limit_balance()
        outcomes = overlap(self.buyer("ann@example.org", "lead"), self.buyer("ben@example.org", "lead"))
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_two_leads_break_the_role_balance(self) -> None:
        self.limit_balance()
        with without_locks():
            overlap(self.buyer("ann@example.org", "lead"), self.buyer("ben@example.org", "lead"))
        self.assertEqual(capacity.availability_of(self.class_offer, timezone.now()).counts, {"lead": 2})

    def limit_balance(self) -> None:
        self.class_offer.capacity = 9
        self.class_offer.save()
        host = factories.create_account("host@example.org", "Host")
        class_roles.set_class_roles(
            self.class_offer, [RoleCapacity("lead"), RoleCapacity("follow")], BalanceLimits(most_apart=1), host
        )
