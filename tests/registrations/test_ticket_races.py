"""A ticket and a registration compete for the last spot of a class day, with and without locks."""

from collections.abc import Callable

from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.errors import OrderNotPlaced
from billing.models import Order
from classwork.models import Meeting
from registrations.domain import capacity
from registrations.models import Registration
from tests import factories
from tests.racing import overlap, run_at_once, without_locks
from tests.registrations.purchases import cart, me, place
from tests.registrations.started_classes import ticket_cart


@tag("postgres")
class TicketRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.session = factories.create_session("Race")
        self.class_offer = factories.create_class_offer(
            self.session, factories.create_subject(), capacity=1, drop_in_price=15, trial_price=0
        )
        self.day = self.class_offer.meetings.all()[1]

    def guest(self, email: str, day: Meeting | None = None, *, trial: bool = False) -> Callable[[], Order]:
        basket = ticket_cart(day or self.day, me(), email=email, trial=trial)
        return lambda: place(basket)

    def student(self, email: str) -> Callable[[], Order]:
        basket = cart((self.class_offer, me()), email=email)
        return lambda: place(basket)

    def taken(self) -> int:
        return Registration.objects.live().count()

    def test_last_spot_of_a_day_goes_to_the_ticket_or_to_the_registration(self) -> None:
        for first, second in (
            (self.guest("ann@example.org"), self.student("zoe@example.org")),
            (self.student("zoe@example.org"), self.guest("ann@example.org")),
        ):
            Registration.objects.all().delete()
            outcomes = overlap(first, second)
            self.assertIsInstance(outcomes[1], OrderNotPlaced)
            self.assertEqual(self.taken(), 1)

    def test_control_without_locks_last_spot_is_sold_twice(self) -> None:
        with without_locks():
            overlap(self.guest("ann@example.org"), self.student("zoe@example.org"))
        self.assertEqual(self.taken(), 2)
        self.assertEqual(capacity.availability_of(self.class_offer, timezone.now()).available_spots, 0)

    def test_simultaneous_orders_give_one_person_at_most_one_trial(self) -> None:
        other = factories.create_class_offer(self.session, self.class_offer.subject, class_day=4, trial_price=0)
        same = {"email": "ann@example.org", "trial": True}
        overlap(self.guest(**same), self.guest(day=other.meetings.all()[0], **same))
        trial_students = Registration.objects.single_meeting().live().values_list("student", flat=True)
        self.assertEqual(len(trial_students), len(set(trial_students)))

    def test_two_orders_for_the_same_two_classes_do_not_deadlock(self) -> None:
        other = factories.create_class_offer(
            self.session, factories.create_subject("L2"), class_day=4, drop_in_price=15
        )
        type(self.class_offer).objects.update(capacity=9)
        ann_order = cart((other, me()), email="ann@example.org")
        ticket_cart(self.day, me(), ann_order)
        zoe_order = cart((self.class_offer, me()), (other, me()), email="zoe@example.org")
        outcomes = run_at_once(lambda: place(ann_order), lambda: place(zoe_order))
        self.assertEqual([type(each) for each in outcomes], [Order, Order], outcomes)
