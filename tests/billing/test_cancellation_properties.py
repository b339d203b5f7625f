"""For any sequence of purchases, cancellations, withdrawals, goodwill refunds and disputes, the refunded and the kept
amounts add up to the amount paid, as quoted."""

from contextlib import suppress
from decimal import Decimal

from django.db.models import Sum
from django.test import override_settings, tag
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import CancellationOption
from billing.domain.pricing import balances, credit
from billing.domain.refunds import terms
from billing.errors import OrderTransitionRefused
from billing.models import Credit, Order, OrderLine, Refund
from billing.rules.terms import RefundMethod, TermsStep
from outbox.testing import run_all
from tests.billing import exchange_simulation
from tests.billing.toys import ToyKind, with_toys

STEPS = """
    place_order place_order place_door_order pay_order pay_order give_credit let_holds_pass expire_holds
    refund_order cancel_as_payer cancel_as_payer cancel_all_as_payer cancel_at_desk exchange_line exchange_line
    dispute_payment edit_terms use_share
""".split()
STEP = st.tuples(st.sampled_from(STEPS), st.integers(0, 5))


class CancellationSimulation(exchange_simulation.ExchangeSimulation):
    def __init__(self, test: TestCase, logged_in: bool) -> None:
        super().__init__(logged_in)
        self.test = test
        self.bought: dict[int, object] = {}

    def cancel_as_payer(self, number: int) -> None:
        if order := self.pick_order(number):
            lines = order.lines.order_by("pk")
            self._cancel_lines(order, [lines[number % len(lines)]], number)

    def cancel_all_as_payer(self, number: int) -> None:
        if order := self.pick_order(number):
            live = order.lines.filter(canceled_at=None)
            self._cancel_lines(order, [line for line in live if not line.given_away(self.now)], number)

    def cancel_at_desk(self, number: int) -> None:
        if order := self.pick_order(number):
            line = order.lines.order_by("pk")[number % order.lines.count()]
            step = TermsStep(Decimal(20 * number), RefundMethod.CREDIT if number % 2 else RefundMethod.REFUND)
            with suppress(OrderTransitionRefused):
                self._cancel_as_quoted(order, CancellationOption.of_staff(line, step, self.staff))

    def _cancel_lines(self, order: Order, lines: list, number: int) -> None:  # type: ignore[type-arg]
        with suppress(OrderTransitionRefused):
            options = cancellation_options.options_for_lines(order, lines, self.now)
            self._cancel_as_quoted(order, options[number % len(options)])

    def _cancel_as_quoted(self, order: Order, option: CancellationOption) -> None:
        """Cancel as quoted and check that the quote changed nothing and that the amounts moved are those quoted."""
        before = self.refund_sums()
        quote = quoted_cancellation.quote_cancellation(order, option, self.now)
        self.test.assertEqual(self.refund_sums(), before)
        done = quoted_cancellation.cancel_as_quoted(order, option, self.now, seen=quote.fingerprint)
        after = self.refund_sums()
        moved = [sum_after - sum_before for sum_after, sum_before in zip(after, before, strict=True)]
        self.test.assertEqual(moved, [done.refunded, done.credit, done.kept])
        self.test.assertEqual((done.refunded, done.credit, done.kept), (quote.refunded, quote.credit, quote.kept))
        for part in done.parts:
            if part.rows:
                self.test.assertEqual(
                    max(part.worth, Decimal(0)), part.refunded + part.credit + part.returned + part.kept
                )
        with self.test.assertRaises(OrderTransitionRefused):
            quoted_cancellation.cancel_as_quoted(order, option, self.now, seen=quote.fingerprint)

    def refund_sums(self) -> list[Decimal]:
        """Return the refunds, the credit and the kept amounts of all orders, because exchanges span several orders."""
        refunds = [refund.amount for refund in Refund.objects.all()]
        entries = [entry.amount for entry in Credit.objects.filter(reason__in=["instead", "returned"])]
        kept = [line.retained for line in OrderLine.objects.all()] + [
            order.credit_retained for order in Order.objects.all()
        ]
        return [sum(amounts, Decimal(0)) for amounts in (refunds, entries, kept)]

    def edit_terms(self, number: int) -> None:
        for toy in ToyKind.catalogue.values():
            toy.percent_back, toy.gives = str(20 * number), "credit" if number % 2 else "refund"

    def use_share(self, number: int) -> None:
        ToyKind.catalogue[0].used = str(Decimal(number) / 6)

    def check_invariants(self, test: TestCase) -> None:
        """Check the ledger as in the simulation, and also that the terms of a line never change after its purchase."""
        super().check_invariants(test)
        for order in Order.objects.placed():
            paid = order.payments.aggregate(sum=Sum("captured_amount"))["sum"] or Decimal(0)
            back = order.payments.aggregate(sum=Sum("refunded_amount"))["sum"] or Decimal(0)
            kept = order.amount_charged + balances.overpaid_amount(order)
            test.assertEqual(paid, back + order.returned_as_credit + kept)
            test.assertGreaterEqual(credit.credit_spent_on(order), order.credit_retained)
            for line in order.lines.all():
                promised = terms.terms_sold(line, self.now)
                test.assertEqual(self.bought.setdefault(line.pk, promised), promised)


@with_toys
@tag("once", "long")
class CancellationPropertiesTest(TestCase):
    @settings(max_examples=25, deadline=None, phases=[Phase.generate])
    @given(st.lists(STEP, min_size=4, max_size=14), st.booleans(), st.sampled_from([0, 14]))
    def test_refunded_and_kept_amounts_add_up_to_the_payment_and_match_the_quote(
        self, steps: list[tuple[str, int]], logged_in: bool, days: int
    ) -> None:
        simulation = CancellationSimulation(self, logged_in)
        with override_settings(WITHDRAWAL_DAYS=days):
            for step, number in steps:
                getattr(simulation, step)(number)
                simulation.check_invariants(self)
            run_all()
            simulation.check_invariants(self)
