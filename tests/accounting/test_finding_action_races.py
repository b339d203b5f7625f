"""Two people resolve one finding at the same moment, with and without row locks."""

from typing import Any

from django.test import TransactionTestCase, tag
from django.utils import timezone

from accounting.domain.reconciliation import actions, runs
from accounting.errors import AccountingRefused
from accounting.models import Finding
from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.models import Order
from common import dates
from history.models import Entry
from outbox.testing import run_all
from tests import factories
from tests.billing.toys import TOY_CHANGE, Toy, ToyKind, with_toys
from tests.racing import overlap, without_locks


@tag("postgres")
@with_toys
class FindingActionRaceTest(TransactionTestCase):
    def setUp(self) -> None:
        self.ada = factories.create_account("ada@example.org", "Ada")
        ToyKind.catalogue = {1: Toy("70")}
        order = carts.create_cart(None)
        Order.objects.filter(pk=order.pk).update(payer_email="p@example.org")
        carts.add_line(order, "toy", 1, {})
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=timezone.now())
        payment = attempts.start_attempt(order, "practice", timezone.now())
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        ToyKind().store_state(order.lines.get(), "released")
        runs.start_run(dates.local_today(), dates.local_today(), by=self.ada)
        run_all()

    def confirm_in_two_tabs(self) -> list[Any]:
        def click() -> Any:
            return actions.perform_action(Finding.objects.get(verdict="not_opened"), "open", why="Seen", by=self.ada)

        return overlap(click, click, before=TOY_CHANGE)

    def test_only_one_of_two_people_resolves_the_finding(self) -> None:
        first, second = self.confirm_in_two_tabs()
        self.assertEqual(first, actions.OPEN)
        self.assertIsInstance(second, AccountingRefused)
        self.assertEqual(second.code, "already_resolved")
        self.assertEqual(Entry.objects.filter(action="accounting.finding_closed").count(), 1)

    def test_control_without_locks_both_people_resolve_the_finding(self) -> None:
        with without_locks():
            self.confirm_in_two_tabs()
        self.assertEqual(Entry.objects.filter(action="accounting.finding_closed").count(), 2)
