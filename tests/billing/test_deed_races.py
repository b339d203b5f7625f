"""Two people settle one finding at the same moment: with our row locks, and without any."""

from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.reconciling import deeds, runs
from billing.models import Finding, Order
from common import dates
from history.models import Entry
from outbox.testing import run_all
from tests import make
from tests.billing.racing import overlap
from tests.billing.toys import Toy, ToyKind, with_toys
from tests.racing import without_locks


@tag("postgres")
@with_toys
class DeedRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.ada = make.account("ada@example.org", "Ada")
        ToyKind.catalogue = {1: Toy("70")}
        order = carts.create_cart(None)
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, "toy", 1, {})
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=timezone.now())
        payment = attempts.start_attempt(order, "practice", timezone.now())
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        ToyKind().put(order.lines.get(), "released")
        runs.start_run(dates.local_today(), dates.local_today(), by=self.ada)
        run_all()

    def both_open_it(self) -> list[Any]:
        def click() -> Any:
            return deeds.perform_action(Finding.objects.get(verdict="not_opened"), "open", why="Seen", by=self.ada)

        return overlap(click, click)

    def test_one_settles_it_and_the_other_is_told_so(self) -> None:
        first, second = self.both_open_it()
        self.assertEqual(first, deeds.OPEN)
        self.assertIsInstance(second, deeds.FindingActionRefused)
        self.assertEqual(Entry.objects.filter(action="billing.finding_settled").count(), 1)

    def test_control_without_locks_both_settle_it(self) -> None:
        with without_locks():
            self.both_open_it()
        self.assertEqual(Entry.objects.filter(action="billing.finding_settled").count(), 2)
