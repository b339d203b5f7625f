"""Any sequence of buying, cancelling, withdrawing, goodwill, disputes: given back + kept = paid, as it was quoted."""

from contextlib import suppress
from decimal import Decimal

from django.db.models import Sum
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from billing.domain import credit, disputes, ledger, locks, quoting, terms, ways
from billing.domain.orders import CannotBe
from billing.domain.ways import Way
from billing.gateways.facts import Disputed
from billing.kinds import Gives, Step
from billing.models import Dispute, Order, Refund
from outbox.testing import run_all
from tests.billing import test_ledger
from tests.billing.toys import ToyKind, with_toys

ACTS = ["place", "place", "place_door", "pay", "pay", "give", "wait", "lapse", "refund",
        "quit", "quit", "quit_all", "desk_quits", "dispute", "decide", "edit_terms", "use"]  # fmt: skip
STEP = st.tuples(st.sampled_from(ACTS), st.integers(0, 5))


class School(test_ledger.School):
    def __init__(self, test: TestCase, logged_in: bool) -> None:
        super().__init__(logged_in)
        self.test = test
        self.bought: dict[int, object] = {}

    def quit(self, number: int) -> None:
        if order := self.order(number):
            lines = order.lines.order_by("pk")
            self._quit(order, [lines[number % len(lines)]], number)

    def quit_all(self, number: int) -> None:
        if order := self.order(number):
            self._quit(order, list(order.lines.filter(cancelled_at=None)), number)

    def desk_quits(self, number: int) -> None:
        if order := self.order(number):
            line = order.lines.order_by("pk")[number % order.lines.count()]
            step = Step(Decimal(20 * number), Gives.CREDIT if number % 2 else Gives.REFUND)
            with suppress(CannotBe):
                self._do(order, Way.of_staff(line, step, self.staff))

    def _quit(self, order: Order, lines: list, number: int) -> None:  # type: ignore[type-arg]
        with suppress(CannotBe):
            found = ways.of(order, lines, self.now)
            self._do(order, found[number % len(found)])

    def _do(self, order: Order, way: Way) -> None:
        """What comes of it is what was said, to the last coin; and saying it changed nothing."""
        before = self.sums(order)
        quote = quoting.quote(order, way, self.now)
        self.test.assertEqual(self.sums(order), before)
        done = quoting.cancel_as_quoted(order, way, self.now, seen=quote.fingerprint)
        after = self.sums(order)
        moved = [now - then for now, then in zip(after, before, strict=True)]
        self.test.assertEqual(moved, [done.back, done.credit, done.kept])
        self.test.assertEqual((done.back, done.credit, done.kept), (quote.back, quote.credit, quote.kept))
        for part in done.parts:
            if part.rows:
                self.test.assertEqual(max(part.worth, Decimal(0)), part.back + part.credit + part.returned + part.kept)
        with self.test.assertRaises(CannotBe):
            quoting.cancel_as_quoted(order, way, self.now, seen=quote.fingerprint)

    def sums(self, order: Order) -> list[Decimal]:
        order.refresh_from_db()
        refunds = Refund.objects.filter(payment__order=order).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        entries = [entry.amount for entry in order.credit_entries.filter(reason__in=["instead", "returned"])]
        kept = sum((line.kept for line in order.lines.all()), order.credit_kept)
        return [refunds, sum(entries, Decimal(0)), kept]

    def dispute(self, number: int) -> None:
        if (order := self.order(number)) and (payment := order.payments.exclude(captured_at=None).first()):
            self._told(order, payment, "open")

    def decide(self, number: int) -> None:
        if open_one := Dispute.objects.filter(state="open").select_related("payment__order").first():
            self._told(open_one.payment.order, open_one.payment, "lost" if number % 2 else "won")

    def _told(self, order: Order, payment, state: str) -> None:  # type: ignore[no-untyped-def]
        fact = Disputed(reference=f"d{payment.pk}", amount=payment.total, currency="USD", state=state)
        disputes.told(locks.order(order.pk), payment, fact)

    def edit_terms(self, number: int) -> None:
        for toy in ToyKind.catalogue.values():
            toy.percent_back, toy.gives = str(20 * number), "credit" if number % 2 else "refund"

    def use(self, number: int) -> None:
        ToyKind.catalogue[0].used = str(Decimal(number) / 6)

    def check(self, test: TestCase) -> None:
        """Beside the laws of the ledger: what was promised is what is promised still."""
        super().check(test)
        for order in Order.objects.placed():
            paid = order.payments.aggregate(sum=Sum("captured_amount"))["sum"] or Decimal(0)
            back = order.payments.aggregate(sum=Sum("refunded_amount"))["sum"] or Decimal(0)
            kept = order.charged + ledger.surplus(order)
            test.assertEqual(paid, back + order.returned_as_credit + kept)
            test.assertGreaterEqual(credit.spent_on(order), order.credit_kept)
            for line in order.lines.all():
                promised = terms.sold(line, self.now)
                test.assertEqual(self.bought.setdefault(line.pk, promised), promised)


@with_toys
class CancellingLawTest(TestCase):
    @settings(max_examples=30, deadline=None)
    @given(st.lists(STEP, min_size=4, max_size=14), st.booleans(), st.sampled_from([0, 14]))
    def test_given_back_and_kept_is_what_was_paid_and_what_was_quoted_is_done(
        self, steps: list[tuple[str, int]], logged_in: bool, days: int
    ) -> None:
        school = School(self, logged_in)
        with override_settings(WITHDRAWAL_DAYS=days):
            for act, number in steps:
                getattr(school, act)(number)
                school.check(self)
            run_all()
            school.check(self)
