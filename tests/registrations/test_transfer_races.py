"""A transfer runs at the same moment as a purchase, a transfer or a cancellation, with and without locks."""

from collections.abc import Callable
from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.refunds import exchanges
from billing.errors import OrderNotPlaced, OrderTransitionRefused
from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from registrations.domain import capacity
from registrations.domain.attendees import TypedPerson
from registrations.domain.transfers import to_class, to_person
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from tests import factories
from tests.racing import overlap, run_at_once, without_locks
from tests.registrations.purchases import cart, me, pay, place
from users.models import User


@tag("postgres")
class TransferRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        session = factories.create_session("Race")
        self.tuesday = factories.create_class_offer(session, factories.create_subject(), capacity=1)
        self.thursday = factories.create_class_offer(
            session, factories.create_subject(version="B"), class_day=3, capacity=1
        )
        self.staff = factories.create_account("sue@example.org", "Sue")

    def register(self, class_offer: ClassOffer, email: str = "ann@example.org") -> Registration:
        order = pay(place(cart((class_offer, me()), name="Ann", email=email)))
        return Registration.objects.get(line__order=order)

    def mover(self, spot: Registration, class_offer: ClassOffer) -> Callable[[], Any]:
        """Return a function that transfers the registration with a quote made in advance."""
        request, by = TransferRequest(class_offer), User.objects.get(email=spot.student.email)
        by.email_confirmed_at = timezone.now()
        by.save()
        seen = to_class.plan_transfer(spot, request, by, timezone.now()).fingerprint
        return lambda: to_class.transfer_to_class(spot, request, by, timezone.now(), seen=seen)

    def buyer(self, class_offer: ClassOffer) -> Callable[[], Order]:
        basket = cart((class_offer, me()), name="Ben", email="ben@example.org")
        return lambda: place(basket)

    def taken(self) -> tuple[int, int]:
        at = timezone.now()
        return capacity.availability_of(self.tuesday, at).spots_taken, capacity.availability_of(
            self.thursday, at
        ).spots_taken

    def test_last_spot_goes_to_a_transfer_or_to_a_buyer_but_not_to_both(self) -> None:
        outcomes = overlap(self.mover(self.register(self.tuesday), self.thursday), self.buyer(self.thursday))
        self.assertIsInstance(outcomes[0], Order)
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertEqual(self.taken(), (0, 1))

    def test_transfer_that_loses_the_last_spot_keeps_the_old_one(self) -> None:
        outcomes = overlap(self.buyer(self.thursday), self.mover(self.register(self.tuesday), self.thursday))
        self.assertIsInstance(outcomes[1], RegistrationRefused)
        self.assertEqual(outcomes[1].code, "order_refused")
        self.assertEqual(self.taken(), (1, 1))

    def test_control_without_locks_transfer_and_buyer_both_get_the_last_spot(self) -> None:
        mover, buyer = self.mover(self.register(self.tuesday), self.thursday), self.buyer(self.thursday)
        with without_locks():
            overlap(buyer, mover)
        self.assertEqual(self.taken()[1], 2)

    def test_transfer_submitted_in_two_tabs_happens_once(self) -> None:
        spot = self.register(self.tuesday)
        friday = factories.create_class_offer(self.tuesday.session, factories.create_subject(version="C"), class_day=4)
        outcomes = overlap(self.mover(spot, self.thursday), self.mover(spot, friday))
        self.assertEqual([type(outcome) for outcome in outcomes], [Order, RegistrationRefused])
        self.assertEqual(outcomes[1].code, "not_confirmed")
        self.assertEqual(OrderLine.objects.filter(exchanged_from=spot.line, reserves_exchange=True).count(), 1)

    def test_spot_is_not_transferred_and_canceled_at_the_same_time(self) -> None:
        spot = self.register(self.tuesday)
        outcomes = overlap(
            self.mover(spot, self.thursday),
            lambda: line_cancellation.cancel_line(spot.line, at=timezone.now(), why="x"),
        )
        self.assertIsInstance(outcomes[1], OrderTransitionRefused)
        self.assertEqual(self.taken(), (0, 1))

    def test_two_students_who_swap_classes_do_not_deadlock(self) -> None:
        ClassOffer.objects.update(capacity=2)
        one, two = self.register(self.tuesday), self.register(self.thursday, "bea@example.org")
        outcomes = run_at_once(self.mover(one, self.thursday), self.mover(two, self.tuesday))
        self.assertEqual([type(outcome) for outcome in outcomes], [Order, Order])
        self.assertEqual(self.taken(), (1, 1))

    def test_spot_transferred_to_two_people_at_once_goes_to_one(self) -> None:
        spot = self.register(self.tuesday)
        by = DeskOverride(self.staff, "x")

        def give(name: str) -> Callable[[], Any]:
            return lambda: to_person.transfer_to_person(
                spot, TypedPerson(name, name, f"{name}@example.org"), by, timezone.now()
            )

        outcomes = overlap(give("lee"), give("kim"))
        self.assertEqual([type(outcome) for outcome in outcomes], [Registration, RegistrationRefused])
        self.assertEqual(outcomes[1].code, "not_confirmed")
        self.assertEqual(self.taken()[0], 1)

    def test_line_exchanged_by_two_orders_at_once_is_exchanged_by_one(self) -> None:
        spot = self.register(self.tuesday)
        assert spot.line is not None
        self.assertEqual(exchanges.exchange_refusal(spot.line, timezone.now()), "")
        ClassOffer.objects.filter(pk=self.thursday.pk).update(capacity=5)
        outcomes = run_at_once(self.mover(spot, self.thursday), self.mover(spot, self.thursday))
        self.assertEqual(sorted(type(outcome).__name__ for outcome in outcomes), ["Order", "RegistrationRefused"])
