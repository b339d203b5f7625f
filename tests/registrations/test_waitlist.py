"""The waitlist, its offers and their deadlines."""

from datetime import datetime, timedelta

from django.db.models import F
from django.test import SimpleTestCase, tag
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.payments import attempts
from billing.errors import OrderNotPlaced
from billing.models import Order
from common import dates
from mailroom.models import Message
from outbox.testing import run_all
from registrations.domain import capacity, spot_offers, spots
from registrations.domain.line_details import ME, Attendee, AttendeeDetails
from registrations.domain.waitlist import class_roles, entries, presentation
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry, WaitlistWalk
from registrations.rules import walk_log
from registrations.rules.offer_deadlines import offer_deadline
from registrations.rules.role_balance import EITHER, RoleCapacity
from tests.registrations.purchases import cart, line, me, pay, place
from tests.registrations.waitlist import WaitlistTestCase, person

State = WaitlistEntry.State


class WaitlistTest(WaitlistTestCase):
    def test_released_spot_is_offered_to_the_first_person_on_the_waitlist(self) -> None:
        order = self.full()
        ann, ben = self.wait(person("Ann")), self.wait(person("Ben"))
        self.free(order)
        self.assertEqual((self.now(ann), self.now(ben)), (State.OFFERED, State.WAITING))
        self.assertEqual(ben.skip_rule, "full")

    def test_spot_held_for_an_offer_is_not_sold_to_a_buyer(self) -> None:
        order = self.full()
        self.wait(person("Ann"))
        self.free(order)
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(cart((self.class_offer, me()), email="zoe@example.org"))

    def test_buyer_cannot_take_a_released_spot_before_the_waitlist_is_processed(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        spots.release_spot(line(order), "Moved away")
        with self.assertRaises(OrderNotPlaced):
            place(cart((self.class_offer, me()), email="zoe@example.org"))
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.assertEqual(self.now(ann), State.OFFERED)

    def test_accepted_and_paid_offer_confirms_the_registration(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        self.free(order)
        bought = pay(self.take(ann))
        self.assertEqual(self.state_of(bought), [Registration.State.CONFIRMED])
        self.assertEqual(self.now(ann), State.ACCEPTED)
        self.assertEqual(ann.order, bought)

    def test_accepting_an_offer_twice_takes_one_spot(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        self.free(order)
        self.take(ann)
        with self.assertRaises(RegistrationRefused) as refused:
            self.take(ann)
        self.assertEqual(refused.exception.code, "no_open_offer")
        self.assertEqual(self.taken(), 1)

    def test_unanswered_offer_expires_and_goes_to_the_next_person(self) -> None:
        order = self.full()
        ann, ben = self.wait(person("Ann")), self.wait(person("Ben"))
        self.free(order)
        self.run_late(ann)
        spot_offers.offer_free_spots_everywhere()
        self.assertEqual((self.now(ann), self.now(ben)), (State.EXPIRED, State.OFFERED))
        with self.assertRaisesMessage(RegistrationRefused, "next person"):
            self.take(ann)

    def test_offer_expires_at_its_deadline_to_the_microsecond(self) -> None:
        order = self.full()
        ann, ben = self.wait(person("Ann")), self.wait(person("Ben"))
        self.free(order)
        ann.refresh_from_db()
        deadline = ann.offer_expires_at or timezone.now()
        last = deadline - timedelta(microseconds=1)
        kept = [capacity.availability_of(self.class_offer, at).spots_taken for at in (last, deadline)]
        self.assertEqual((kept, [entries.is_offer_open(ann, at) for at in (last, deadline)]), ([1, 0], [True, False]))
        spot_offers.offer_free_spots(self.class_offer.pk, last)
        self.assertEqual((self.now(ann), self.now(ben)), (State.OFFERED, State.WAITING))
        spot_offers.offer_free_spots(self.class_offer.pk, deadline)
        self.assertEqual((self.now(ann), self.now(ben)), (State.EXPIRED, State.OFFERED))

    def test_cart_filled_from_an_expired_offer_cannot_be_placed(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        self.wait(person("Ben"))
        self.free(order)
        basket = carts.create_cart()
        basket.payer_name, basket.payer_email = "Ann", "ann@example.org"
        basket.save()
        ann.refresh_from_db()
        entries.accept_offer(ann, basket)
        self.run_late(ann)
        with self.assertRaises(OrderNotPlaced):
            place(basket)

    def test_declining_an_offer_offers_the_spot_to_the_next_person_and_ends_the_entry(self) -> None:
        order = self.full()
        ann, ben = self.wait(person("Ann")), self.wait(person("Ben"))
        self.free(order)
        entries.leave_waitlist(ann)
        entries.leave_waitlist(ann)
        self.assertEqual((self.now(ann), self.now(ben)), (State.DECLINED, State.OFFERED))

    def test_spot_canceled_after_acceptance_does_not_revive_the_entry(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        self.free(order)
        self.free(pay(self.take(ann)))
        self.assertEqual(self.now(ann), State.ACCEPTED)

    def test_late_payment_of_an_accepted_offer_does_not_take_the_spot_from_the_next_person(self) -> None:
        order = self.full()
        ann, ben = self.wait(person("Ann")), self.wait(person("Ben"))
        self.free(order)
        unpaid = self.take(ann)
        payment = attempts.start_attempt(unpaid, "practice", timezone.now())
        self.run_out(unpaid)
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.assertEqual(self.now(ben), State.OFFERED)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        self.assertEqual(self.state_of(unpaid), [Registration.State.EXPIRED])

    def test_pair_is_offered_two_spots_or_none(self) -> None:
        self.limit(2)
        first, second = self.full(), pay(place(cart((self.class_offer, me()), email="p2@example.org")))
        pair, single = self.wait(person("Ann"), person("Ben")), self.wait(person("Cat"))
        self.free(first)
        self.assertEqual((self.now(pair), self.now(single)), (State.WAITING, State.OFFERED))
        entries.leave_waitlist(single)
        self.free(second)
        self.assertEqual(self.now(pair), State.OFFERED)
        order = pay(self.take(pair))
        self.assertEqual(self.state_of(order), [Registration.State.CONFIRMED] * 2)
        self.assertEqual(self.taken(), 2)

    def test_one_partner_cannot_take_a_spot_of_the_pair_alone(self) -> None:
        self.limit(2)
        orders = self.full(), pay(place(cart((self.class_offer, me()), email="p2@example.org")))
        pair = self.wait(person("Ann"), person("Ben"))
        for order in orders:
            spots.release_spot(line(order), "Moved away")
        spot_offers.offer_free_spots(self.class_offer.pk)
        basket = cart(email="ann@example.org")
        pair.refresh_from_db()
        entries.accept_offer(pair, basket)
        carts.remove_line(basket, line(basket).pk, timezone.now())
        with self.assertRaisesMessage(OrderNotPlaced, "together"):
            place(basket)

    def test_spots_of_a_pair_that_is_checking_out_are_not_offered_to_the_next_person(self) -> None:
        self.limit(2)
        orders = self.full(), pay(place(cart((self.class_offer, me()), email="p2@example.org")))
        pair, behind = self.wait(person("Ann"), person("Ben")), self.wait(person("Cat"))
        for order in orders:
            spots.release_spot(line(order), "Moved away")
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.take(pair)
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.assertEqual((self.taken(), self.now(behind)), (2, State.WAITING))

    def test_waitlist_is_closed_when_the_class_is_over(self) -> None:
        self.full()
        ann = self.wait(person("Ann"))
        past = timedelta(weeks=60)
        self.class_offer.meetings.update(starts_at=F("starts_at") - past, ends_at=F("ends_at") - past)
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.assertEqual(self.now(ann), State.CLOSED)

    def test_same_person_is_on_the_waitlist_once(self) -> None:
        self.full()
        self.assertEqual(self.wait(person("Ann")), self.wait(person("Ann")))

    def test_processing_the_waitlists_again_changes_nothing(self) -> None:
        order = self.full()
        self.wait(person("Ann"))
        self.free(order)
        before = (WaitlistWalk.objects.count(), Message.objects.count())
        spot_offers.offer_free_spots_everywhere()
        run_all()
        spot_offers.offer_free_spots_everywhere()
        self.assertEqual(WaitlistWalk.objects.count(), before[0])

    def test_every_recorded_walk_can_be_replayed(self) -> None:
        order = self.full()
        self.wait(person("Ann"), person("Ben"))
        self.wait(person("Cat"))
        self.free(order)
        self.assertGreater(WaitlistWalk.objects.count(), 1)
        for walk in WaitlistWalk.objects.all():
            self.assertTrue(walk_log.replay_matches(walk.given, walk.steps), walk.steps)

    def test_replay_detects_a_tampered_walk(self) -> None:
        order = self.full()
        self.wait(person("Ann"))
        self.free(order)
        walk = WaitlistWalk.objects.latest("id")
        self.assertFalse(walk_log.replay_matches(walk.given | {"capacity": 0}, walk.steps))


class RolesTest(WaitlistTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.limit(6)
        self.arrange(BalanceLimits(most_apart=1))

    def arrange(self, apart: BalanceLimits) -> None:
        class_roles.set_class_roles(
            self.class_offer, [RoleCapacity("lead"), RoleCapacity("follow", 3)], apart, self.ada
        )
        self.class_offer.refresh_from_db()

    def register(self, name: str, role: str) -> Order:
        basket = cart(email=f"{name}@example.org")
        details = AttendeeDetails(Attendee(ME)).as_json()
        carts.add_line(basket, "class", self.class_offer.pk, details, role=role)
        return pay(place(basket))

    def role_of(self, order: Order) -> str:
        return Registration.objects.get(line__order=order).role

    def test_class_with_roles_requires_a_role(self) -> None:
        with self.assertRaisesMessage(OrderNotPlaced, "role"):
            place(cart((self.class_offer, me())))

    def test_role_balance_limits_buyers(self) -> None:
        self.register("a", "lead")
        with self.assertRaisesMessage(OrderNotPlaced, "too many people in the lead role"):
            self.register("b", "lead")
        self.assertEqual(self.role_of(self.register("c", "follow")), "follow")

    def test_either_is_assigned_the_scarcer_role(self) -> None:
        self.register("a", "lead")
        self.assertEqual(self.role_of(self.register("b", EITHER)), "follow")

    def test_partners_can_register_together(self) -> None:
        self.arrange(BalanceLimits(most_apart=0))
        order = self.partners("lead", "follow")
        self.assertEqual(self.state_of(order), [Registration.State.CONFIRMED] * 2)

    def partners(self, *roles: str) -> Order:
        basket = cart(email="pair@example.org")
        for name, role in zip(("Ann", "Ben"), roles, strict=True):
            carts.add_line(
                basket, "class", self.class_offer.pk, AttendeeDetails(person(name).attendee).as_json(), role=role
            )
        return pay(place(basket))

    def test_partner_who_chose_either_gets_the_other_role(self) -> None:
        self.arrange(BalanceLimits(most_apart=0))
        order = self.partners(EITHER, "lead")
        roles = Registration.objects.filter(line__order=order).order_by("line").values_list("role", flat=True)
        self.assertEqual(list(roles), ["follow", "lead"])

    def test_partners_register_ahead_of_a_waiting_person_who_would_break_the_balance(self) -> None:
        self.arrange(BalanceLimits(most_apart=0))
        dan = self.wait(person("Dan", "follow"))
        order = self.partners("lead", "follow")
        self.assertEqual(self.state_of(order), [Registration.State.CONFIRMED] * 2)
        self.assertEqual(self.now(dan), State.WAITING)

    def test_waiting_lead_is_offered_a_spot_when_a_follow_registers(self) -> None:
        self.register("a", "lead")
        waiting = self.wait(person("Ann", "lead"))
        self.assertEqual((self.now(waiting), waiting.skip_rule, waiting.skip_role), (State.WAITING, "balance", "lead"))
        self.register("b", "follow")
        spot_offers.offer_free_spots(self.class_offer.pk)
        self.assertEqual((self.now(waiting), waiting.offered_roles), (State.OFFERED, ["lead"]))

    def test_schedule_shows_the_spots_left_in_each_role(self) -> None:
        self.register("a", "lead")
        self.class_offer.refresh_from_db()
        self.assertEqual(
            capacity.availability_of(self.class_offer, timezone.now()).status_text,
            "Spots left: lead waitlist, follow 3",
        )

    def test_role_in_use_cannot_be_removed(self) -> None:
        self.register("a", "lead")
        with self.assertRaises(RegistrationRefused) as refused:
            class_roles.set_class_roles(
                self.class_offer, [RoleCapacity("first"), RoleCapacity("second")], BalanceLimits(), self.ada
            )
        self.assertEqual(refused.exception.code, "role_in_use")


@tag("once")
class OfferDeadlineTest(SimpleTestCase):
    def at(self, day: int, hour: int) -> datetime:
        return dates.wall_time_to_utc(datetime(2026, 1, day, hour), timezone.get_default_timezone())

    def test_offer_lasts_a_day_when_the_class_is_far_away(self) -> None:
        self.assertEqual(offer_deadline(self.at(5, 12), 24, self.at(20, 19)), self.at(6, 12))

    def test_offer_never_expires_at_night(self) -> None:
        self.assertEqual(offer_deadline(self.at(5, 23), 24, None), self.at(7, 8))
        self.assertEqual(offer_deadline(self.at(5, 3), 24, None), self.at(6, 8))
        self.assertEqual(offer_deadline(self.at(5, 22), 24, None), self.at(7, 8))

    def test_offer_lasts_three_hours_when_the_class_is_near_and_ends_before_it_starts(self) -> None:
        self.assertEqual(offer_deadline(self.at(5, 12), 24, self.at(6, 19)), self.at(5, 15))
        self.assertEqual(offer_deadline(self.at(5, 18), 24, self.at(5, 19)), self.at(5, 19))
        self.assertEqual(offer_deadline(self.at(5, 21), 24, self.at(6, 7)), self.at(6, 7))

    def test_waitlist_positions_are_written_as_ordinals(self) -> None:
        ordinals = [presentation.format_ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
        self.assertEqual(ordinals, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"])
