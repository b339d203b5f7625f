"""For random orders, the previewed compensation equals the booked one and the totals on the result page."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.test import override_settings, tag

from billing import gateways
from billing.domain.orders import cart as carts
from billing.domain.payments import attempts, webhooks
from billing.domain.pricing import balances, credit
from billing.domain.vouchers import office
from billing.gateways.facts import DisputeState
from billing.models import Credit, Order, Refund
from common import dates
from registrations.domain.cancellations import results
from registrations.domain.cancellations.compensation import CompensationTotals, spot_key
from registrations.domain.cancellations.plan import CancellationPlan
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation, CompensationPolicy, Registration
from tests import factories
from tests.registrations.class_cancellations import ZERO, CancellationResultTest
from tests.registrations.purchases import cart, me, other, pay, place
from users.models import User

SEEDS = range(14)
FIELDS = ("refund", "by_hand", "new_credit", "old_credit", "waived", "pending")


class ExampleRolledBack(Exception):
    """Raised at the end of each example to roll it back."""


@tag("long")
class CancellationLawTest(CancellationResultTest):
    def setUp(self) -> None:
        super().setUp()
        self.second = factories.create_class_offer(
            self.session, factories.create_subject("L2"), class_day=2, price=Decimal(65)
        )

    def place_random_order(self, name: str, payer: User | None, dice: random.Random) -> None:
        """Up to three people register for one or two classes and pay in up to three ways, partly or in full."""
        if payer and dice.random() < 0.3:
            credit.adjust_credit(payer, Decimal(dice.choice([10, 40, 100])), "USD", why="A present", by=self.ada)
        people = [me(), other(f"{name}b"), other(f"{name}c")][: dice.randint(1, 3)]
        choices = [(dice.choice([self.class_offer, self.class_offer, self.second]), person) for person in people]
        choices[0] = (self.class_offer, people[0])
        order = cart(*choices, payer=payer, name=name, email=f"{name.lower()}@example.org")
        for _ in range(dice.choice([0, 0, 1, 2])):
            voucher = office.issue_free_voucher(
                Decimal(dice.choice([20, 65, 100])), None, {}, why="A prize", by=self.ada
            )
            carts.enter_code_or_voucher(order, voucher.grouped, self.now)
        order = place(order, Order.Due.DOOR)
        for _ in range(dice.randint(0, 2)):
            self.pay_something(order, dice)
        card = order.payments.filter(variant="practice").exclude(captured_at=None).first()
        if card and dice.random() < 0.4:
            webhooks.apply_polled_state(card, [DisputeState(f"d-{order.pk}", card.total, card.currency, "open")])

    def pay_something(self, order: Order, dice: random.Random) -> None:
        order.refresh_from_db()
        owed = balances.open_balance(order, self.now)
        if order.state != Order.State.PLACED or owed <= 0:
            return
        if dice.random() < 0.4:
            pay(order)
            return
        part = owed if dice.random() < 0.5 else min(owed, Decimal(dice.choice([15, 20, 70])))
        day = dates.to_local_time(self.now).date()
        attempts.record_desk_payment(order, dice.choice(["cash", "transfer"]), part, by=self.ada, received_on=day)

    def random_request(self, dice: random.Random) -> CancellationRequest:
        policy = dice.choice([CompensationPolicy.REFUND, CompensationPolicy.CREDIT])
        spots = Registration.objects.filter(class_offer=self.class_offer).order_by("pk")
        those = [spot for spot in spots if dice.random() < 0.3]
        exceptions = {
            spot_key(spot): dice.choice([CompensationPolicy.REFUND, CompensationPolicy.CREDIT]) for spot in those
        }
        if dice.random() < 0.6:
            return CancellationRequest(policy, class_offer=self.class_offer.pk, exceptions=exceptions)
        days = self.class_offer.meetings.order_by("starts_at").values_list("pk", flat=True)[: dice.randint(1, 2)]
        return CancellationRequest(policy, frozenset(days), exceptions=exceptions)

    def booked_totals(self) -> dict[str, Decimal]:
        def total(rows: Any) -> Decimal:
            return rows.aggregate(sum=Sum("amount"))["sum"] or ZERO

        hands = dict(gateways.desk_methods())
        return {
            "refund": total(Refund.objects.all()),
            "by_hand": total(Refund.objects.filter(payment__variant__in=hands)),
            "new_credit": total(Credit.objects.filter(reason=Credit.Reason.INSTEAD)),
            "old_credit": total(Credit.objects.filter(reason=Credit.Reason.RETURNED)),
        }

    def cancel_mixed_orders(self, seed: int) -> tuple[CancellationPlan, ClassCancellation, dict[str, Decimal]]:
        dice = random.Random(seed)
        payers = dice.sample([self.alice, self.gus, self.sam, self.tess, None, None], 3)
        for name, payer in zip(("Ann", "Bob", "Cy"), payers, strict=True):
            self.place_random_order(name, payer, dice)
        before = self.booked_totals()
        plan, cancellation = self.cancel(self.random_request(dice))
        return plan, cancellation, {name: amount - before[name] for name, amount in self.booked_totals().items()}

    def assertEverythingAgrees(self, seed: int) -> None:
        plan, cancellation, booked = self.cancel_mixed_orders(seed)
        (quoted,) = plan.totals
        (shown,) = results.outcome_totals(cancellation)
        self.assertEqual(values(shown), values(quoted), "The result page adds up what was quoted.")
        self.assertEqual(booked, {name: getattr(quoted, name) for name in booked}, "The books are what was quoted.")
        rows = {outcome.registration_id: outcome for outcome in cancellation.compensations.all()}
        for one in plan.compensations:
            outcome = rows[one.spot.pk]
            previewed = (one.refund_outcome.refund, one.refund_outcome.new_credit, one.refund_outcome.by_hand)
            self.assertEqual((outcome.refunded, outcome.credited, outcome.by_hand), previewed, f"{one.spot}")

    def over_all_seeds(self) -> None:
        for seed in SEEDS:
            with self.subTest(seed):
                try:
                    with transaction.atomic():
                        self.assertEverythingAgrees(seed)
                        raise ExampleRolledBack
                except ExampleRolledBack:
                    pass

    @override_settings(LATE_PAYMENT="credit")
    def test_preview_ledger_and_result_page_agree_when_late_payments_become_credit(self) -> None:
        self.over_all_seeds()

    @override_settings(LATE_PAYMENT="refund")
    def test_preview_ledger_and_result_page_agree_when_late_payments_are_refunded(self) -> None:
        self.over_all_seeds()


def values(totals: CompensationTotals) -> dict[str, Decimal]:
    return {name: getattr(totals, name) for name in FIELDS}
