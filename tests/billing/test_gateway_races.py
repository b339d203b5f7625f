"""What a gateway tells at the same moment as something else happens, on two connections. Each race is shown twice: with
our row locks, and without any, where the harness must see the damage."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unittest import mock

from django.db import IntegrityError
from django.test import TransactionTestCase, override_settings, tag
from django.utils import timezone
from payments.core import PROVIDER_CACHE

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts, gateway_polling, webhooks
from billing.domain.pricing import balances
from billing.domain.refunds import gateway_refunds, reservations
from billing.gateways.facts import DisputeState, Fact, PaymentDeclined, RefundState
from billing.models import Order, Payment
from outbox.models import Event
from outbox.testing import run_all
from tests import make
from tests.billing.hosted import with_double
from tests.billing.racing import Outcome, overlap
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.fakes.gateway import Double
from tests.racing import without_locks


@tag("postgres")
@with_toys
@with_double
class GatewayRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        Double.reset()
        ToyKind.catalogue = {1: Toy("70")}
        self.staff = make.account("sue@example.org", "Sue")
        order = carts.create_cart(None)
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, "toy", 1, {})
        self.order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=timezone.now())
        self.payment = attempts.start_attempt(self.order, "double", timezone.now())
        self.payment.keep_session(Double().create_session(self.payment, self.payment.key))

    def telling(self, fact: Fact | None = None) -> Callable[[], str]:
        heard = Double.says(self.payment, fact) if fact else Double.took(self.payment)
        return lambda: webhooks.process_webhook("double", heard)

    def paid(self) -> None:
        self.telling()()
        self.order.refresh_from_db()

    def back(self, reference: str, amount: int) -> Callable[[], str]:
        return self.telling(RefundState(reference, Decimal(amount), "USD", "done"))

    def click(self) -> Any:
        return reservations.refund_by_staff(self.order, Decimal(70), why="x", by=self.staff)

    def surplus(self) -> Decimal:
        return balances.overpaid_amount(Order.objects.get())

    # -- two messages ----------------------------------------------------------------------------------------------

    def test_two_messages_of_one_fact_pay_once(self) -> None:
        outcomes = overlap(self.telling(), self.telling())
        self.assertEqual(outcomes, ["applied", "nothing"])
        self.assertEqual(Event.objects.filter(type="billing.order_paid").count(), 1)

    def two_refunds_over_there(self) -> list[Outcome]:
        self.paid()
        with pausing(gateway_refunds, "count_refunded"):
            return overlap(self.back("r-1", 30), self.back("r-2", 40))

    def test_two_messages_of_two_refunds_leave_the_books_whole(self) -> None:
        self.assertEqual(self.two_refunds_over_there(), ["applied", "applied"])
        self.assertEqual(self.surplus(), 0)

    def test_control_without_locks_the_books_are_not_whole(self) -> None:
        with without_locks():
            self.two_refunds_over_there()
        self.assertNotEqual(self.surplus(), 0)

    def one_refund_told_twice(self) -> list[Outcome]:
        self.paid()
        with pausing(gateway_refunds, "count_refunded"):
            return overlap(self.back("r-1", 30), self.back("r-1", 30))

    def test_two_messages_of_one_refund_count_once(self) -> None:
        self.assertEqual(self.one_refund_told_twice(), ["applied", "nothing"])

    def test_control_without_locks_only_the_constraint_stands_between(self) -> None:
        with without_locks():
            self.assertIsInstance(self.one_refund_told_twice()[0], IntegrityError)

    # -- a message and the browser ---------------------------------------------------------------------------------

    def refused_late_and_back_with_money(self) -> None:
        """A message of the first card's refusal is being applied while the browser is back: the second card worked."""
        refusal = self.telling(PaymentDeclined("Try another card."))
        Double.took(self.payment)
        with pausing(Payment, "_write"):
            overlap(refusal, lambda: gateway_polling.poll_returning_payer(Payment.objects.get()))

    def test_money_wins_over_a_refusal_that_is_being_applied(self) -> None:
        self.refused_late_and_back_with_money()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("confirmed", "paid"))

    def test_control_without_locks_a_paid_order_has_a_payment_that_was_refused(self) -> None:
        with without_locks():
            self.refused_late_and_back_with_money()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("rejected", "paid"))

    def test_a_message_and_the_browser_at_once_pay_once(self) -> None:
        overlap(self.telling(), lambda: gateway_polling.poll_returning_payer(Payment.objects.get()))
        self.assertEqual(Event.objects.filter(type="billing.order_paid").count(), 1)

    def a_message_while_we_ask(self) -> list[Outcome]:
        self.paid()
        found = [RefundState("r-1", Decimal(30), "USD", "done")]
        with pausing(gateway_refunds, "count_refunded"):
            return overlap(lambda: webhooks.apply_polled_state(Payment.objects.get(), found), self.back("r-2", 40))

    def test_what_we_ask_and_what_we_are_told_at_once_leave_the_books_whole(self) -> None:
        self.assertEqual((self.a_message_while_we_ask(), self.surplus()), ([True, "applied"], 0))

    def test_control_without_locks_asking_and_hearing_spoil_the_books(self) -> None:
        with without_locks():
            self.a_message_while_we_ask()
        self.assertNotEqual(self.surplus(), 0)

    def two_buttons(self) -> None:
        """The practice gateway's: “Decline” in one tab, “Pay” in the other."""
        with pausing(Payment, "_write"):
            overlap(
                lambda: Payment.objects.get().change_status("rejected"),
                lambda: Payment.objects.get().change_status("confirmed"),
            )

    def test_of_two_buttons_money_wins(self) -> None:
        self.two_buttons()
        self.assertEqual(Payment.objects.get().status, "confirmed")

    def test_control_without_locks_a_paid_order_has_a_payment_that_was_declined(self) -> None:
        with without_locks():
            self.two_buttons()
        self.assertEqual((Payment.objects.get().status, Order.objects.get().state), ("rejected", "paid"))

    # -- the desk --------------------------------------------------------------------------------------------------

    def two_clicks(self) -> list[Outcome]:
        self.paid()
        with pausing(gateway_refunds, "count_refunded"):
            return overlap(self.click, self.click)

    def test_the_second_of_two_clicks_is_told_that_nothing_is_left(self) -> None:
        self.assertIsInstance(self.two_clicks()[1], reservations.RefundExceedsPaid)
        self.assertEqual(Payment.objects.get().refunded_amount, 70)

    def test_control_without_locks_only_the_constraint_refuses_the_click(self) -> None:
        with without_locks():
            self.assertIsInstance(self.two_clicks()[0], IntegrityError)

    def click_and_dispute(self) -> list[Outcome]:
        """What the click leaves to be sent waits for a worker. Else it would go out at the commit, which the dispute
        waits for as well, and nobody knows which of them is quicker."""
        self.paid()
        lost = self.telling(DisputeState("d-1", Decimal(70), "USD", "lost"))
        with pausing(gateway_refunds, "count_refunded"), override_settings(OUTBOX_ENGINE="worker"):
            return overlap(self.click, lost)

    def test_a_refund_that_is_overtaken_by_a_dispute_is_not_sent(self) -> None:
        outcomes = self.click_and_dispute()
        run_all()
        self.assertEqual((outcomes[0][0].payment_id, outcomes[1]), (self.payment.pk, "applied"))
        told = Payment.objects.get().refunds.values_list("origin", "state")
        self.assertEqual(sorted(told), [("dispute", "done"), ("ours", "failed")])
        self.assertEqual((Payment.objects.get().refunded_amount, self.surplus()), (70, 0))

    def test_control_without_locks_the_money_would_go_twice(self) -> None:
        with without_locks():
            self.assertIsInstance(self.click_and_dispute()[0], IntegrityError)


def pausing(place: Any, name: str) -> Any:
    """The first of the two stands still before this is called, as at the toys' counter."""
    function = getattr(place, name)

    def paused(*args: Any, **more: Any) -> Any:
        ToyKind.at_the_counter()
        return function(*args, **more)

    return mock.patch.object(place, name, paused)
