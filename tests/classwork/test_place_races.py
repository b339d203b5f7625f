"""Two buyers at the same moment, on two connections: with our locks, and without any."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.placing import NotPlaced
from billing.models import Order
from classwork.domain.places import registering, room
from classwork.models import ClassOffer, Registration
from outbox.testing import run_all
from tests import make
from tests.billing.test_races import without_locks
from tests.classwork.buying import cart, line, me, place
from users.models import Student, User

LONG_ENOUGH = 0.7


def overlap(first: Callable[[], Any], second: Callable[[], Any]) -> list[Any]:
    """`second` runs when `first` is done and not committed yet; where it has to wait for that, `first` goes on."""
    done, ended = Event(), Event()
    outcomes: dict[str, Any] = {}

    def slowly() -> Any:
        with transaction.atomic():
            outcome = first()
            done.set()
            ended.wait(LONG_ENOUGH)
            return outcome

    def then() -> Any:
        done.wait(5)
        try:
            return second()
        finally:
            ended.set()

    def run(name: str, deed: Callable[[], Any]) -> None:
        try:
            outcomes[name] = deed()
        except Exception as raised:
            outcomes[name] = raised
        finally:
            connection.close()

    threads = [Thread(target=run, args=args) for args in (("first", slowly), ("second", then))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes["first"], outcomes["second"]]


@tag("postgres")
class PlaceRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.offer = make.offer(make.session("Race"), make.subject(), capacity=1)

    def buyer(self, name: str, email: str = "") -> Callable[[], Order]:
        order = cart((self.offer, me()), name=name, email=email or f"{name.lower()}@example.org")
        return lambda: place(order)

    def taken(self) -> int:
        return room.of(self.offer, timezone.now()).taken

    def test_the_last_place_goes_to_one_of_two(self) -> None:
        outcomes = overlap(self.buyer("Ann"), self.buyer("Ben"))
        self.assertIsInstance(outcomes[0], Order)
        self.assertIsInstance(outcomes[1], NotPlaced)
        self.assertIn("full", str(outcomes[1]))
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_both_get_it(self) -> None:
        with without_locks():
            overlap(self.buyer("Ann"), self.buyer("Ben"))
        self.assertEqual(self.taken(), 2)

    def test_a_place_given_back_meanwhile_goes_to_whoever_waits(self) -> None:
        order = place(cart((self.offer, me())))
        outcomes = overlap(lambda: registering.release(line(order), "Given back"), self.buyer("Ben"))
        self.assertIsInstance(outcomes[1], NotPlaced)  # it looks first, and is told at once rather than made to wait
        self.assertIsInstance(self.buyer("Ben")(), Order)

    def test_one_person_registered_twice_at_once_is_one_account_and_one_case(self) -> None:
        ClassOffer.objects.update(capacity=5)
        outcomes = overlap(self.buyer("Ann"), self.buyer("Ann"))
        self.assertEqual([type(each) for each in outcomes], [Order, Order], outcomes)
        self.assertEqual(User.objects.filter(email="ann@example.org").count(), 1)
        self.assertEqual(Student.objects.filter(user__email="ann@example.org").count(), 1)
        run_all()
        self.assertEqual(sum(order.cases.count() for order in outcomes), 1)
        self.assertEqual(Registration.objects.live().count(), 2)
