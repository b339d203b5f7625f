"""Two buyers at the same moment on two database connections, with and without locks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client, tag
from django.urls import reverse
from django.utils import timezone

from billing.domain.payments import attempts
from billing.errors import OrderNotPlaced
from billing.models import Order
from classwork.models import ClassOffer
from registrations.domain import notifications, spots
from registrations.models import Registration
from tests.billing.placements import count_placements
from tests.racing import overlap, without_locks
from tests.registrations.full_classes import LastSpotTestCase
from tests.registrations.purchases import cart, line, me, place
from tests.registrations.registration_pages import order_form
from users.models import Student, User


@tag("postgres")
class RegistrationRaceTest(LastSpotTestCase):
    def buyer(self, name: str, email: str = "") -> Callable[[], Order]:
        order = cart((self.class_offer, me()), name=name, email=email or f"{name.lower()}@example.org")
        return lambda: place(order)

    def test_last_spot_goes_to_one_of_two_buyers(self) -> None:
        outcomes = overlap(self.buyer("Ann"), self.buyer("Ben"))
        self.assertIsInstance(outcomes[0], Order)
        self.assertIsInstance(outcomes[1], OrderNotPlaced)
        self.assertIn("full", str(outcomes[1]))
        self.assertEqual(self.taken(), 1)

    def test_control_without_locks_both_buyers_get_the_last_spot(self) -> None:
        with without_locks():
            overlap(self.buyer("Ann"), self.buyer("Ben"))
        self.assertEqual(self.taken(), 2)

    def double_click(self) -> tuple[Client, list[Any]]:
        """Submit the last step of the checkout twice from one browser, each on its own connection."""
        browser = Client()
        browser.post(reverse("register"), {"classes": [self.class_offer.pk], "who": ["me"], "others": 0})
        review, form = reverse("checkout"), order_form(browser, "Pat Payer", "pat@example.org")
        other = Client()
        other.cookies = browser.cookies.copy()
        # Another network address, because the rate limit per address would make the second request wait for the first.
        return browser, overlap(
            lambda: browser.post(review, form), lambda: other.post(review, form, REMOTE_ADDR="198.51.100.7")
        )

    def test_double_click_places_one_order_with_one_spot(self) -> None:
        with count_placements() as placed:
            browser, outcomes = self.double_click()
        order = Order.objects.exclude(state=Order.State.CART).get()
        self.assertEqual(Registration.objects.get().line.order, order)
        self.assertEqual((order.payments.count(), len(placed)), (1, 1))
        for outcome in outcomes:
            self.assertEqual(browser.get(outcome.url).status_code, 200)

    def test_control_without_locks_double_click_places_the_order_twice(self) -> None:
        with count_placements() as placed, without_locks():
            self.double_click()
        self.assertEqual(len(placed), 2)

    def test_spot_released_during_a_purchase_is_available_to_the_next_attempt(self) -> None:
        order = place(cart((self.class_offer, me())))
        outcomes = overlap(lambda: spots.release_spot(line(order), "Given back"), self.buyer("Ben"))
        self.assertIsInstance(outcomes[1], OrderNotPlaced)  # it checks availability before it waits for the lock
        self.assertIsInstance(self.buyer("Ben")(), Order)

    def late_payment(self) -> tuple[Order, list[Any]]:
        """Pay after the hold has expired while somebody else orders the same last spot."""
        order = place(cart((self.class_offer, me())))
        payment = attempts.start_attempt(order, "practice", timezone.now())
        past = timezone.now() - timedelta(minutes=1)
        Order.objects.filter(pk=order.pk).update(held_until=past, placed_at=past - timedelta(minutes=30))
        taken = attempts.PaymentCaptured(payment.total, payment.currency)
        return order, overlap(lambda: attempts.confirm_payment(payment, taken), self.buyer("Ben"))

    def test_late_payment_and_new_buyer_do_not_share_the_last_spot(self) -> None:
        order, outcomes = self.late_payment()
        order.refresh_from_db()
        self.assertEqual((outcomes[0], order.state, self.taken()), (True, Order.State.PAID, 1))
        self.assertIsInstance(outcomes[1], OrderNotPlaced)

    def test_control_without_locks_late_payment_is_kept_without_a_spot(self) -> None:
        with without_locks():
            order, _ = self.late_payment()
        order.refresh_from_db()
        self.assertEqual(order.state, Order.State.PAID)
        self.assertEqual(Registration.objects.get(line__order=order).state, Registration.State.EXPIRED)

    def test_one_person_registered_twice_at_once_has_one_account_and_one_case(self) -> None:
        ClassOffer.objects.update(capacity=5)
        outcomes = overlap(self.buyer("Ann"), self.buyer("Ann"))
        self.assertEqual([type(each) for each in outcomes], [Order, Order], outcomes)
        self.assertEqual(User.objects.filter(email="ann@example.org").count(), 1)
        self.assertEqual(Student.objects.filter(user__email="ann@example.org").count(), 1)
        notifications.report_conflicts()
        self.assertEqual(sum(order.payment_issues.count() for order in outcomes), 1)
        self.assertEqual(Registration.objects.live().count(), 2)
