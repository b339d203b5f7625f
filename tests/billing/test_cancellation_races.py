"""Two browser tabs cancel the same line at the same moment, with and without row locks."""

from typing import Any

from django.db import IntegrityError
from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.errors import AlreadyCanceled
from billing.models import Order, Refund
from tests import racing
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.racing import without_locks


@tag("postgres")
@with_toys
class CancellationRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        ToyKind.catalogue = {1: Toy("70"), 2: Toy("80")}
        order = carts.create_cart(None)
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        for toy in ToyKind.catalogue:
            carts.add_line(order, "toy", toy, {})
        self.order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        payment = attempts.start_attempt(self.order, "practice", self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        self.order.refresh_from_db()

    def cancel_in_two_tabs(self) -> list[Any]:
        [option] = cancellation_options.options_for_lines(self.order, [self.order.lines.get(product_id=1)], self.now)
        seen = quoted_cancellation.quote_cancellation(self.order, option, self.now).fingerprint

        def click() -> CancellationQuote:
            return quoted_cancellation.cancel_as_quoted(self.order, option, self.now, seen=seen)

        return racing.overlap(click, click)

    def test_second_tab_finds_the_line_already_canceled(self) -> None:
        outcomes = self.cancel_in_two_tabs()
        self.assertEqual(
            [type(outcome) for outcome in outcomes],
            [CancellationQuote, AlreadyCanceled],
        )
        self.assertEqual(Refund.objects.get().amount, 70)

    def test_control_without_locks_only_a_constraint_stops_the_second_tab(self) -> None:
        with without_locks():
            outcomes = self.cancel_in_two_tabs()
        self.assertIsInstance(outcomes[1], IntegrityError)
