from datetime import datetime, timedelta
from decimal import Decimal

from django.test import SimpleTestCase, override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.orders import cart as carts
from billing.domain.refunds import terms
from billing.models import OrderLine
from billing.rules.terms import NOTHING, RefundMethod, Terms, TermsStep
from common.formats import format_moment
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind

MOMENTS = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda when: when.astimezone())
PERCENTS = st.decimals(0, 100, places=2)
STEPS = st.builds(
    TermsStep, PERCENTS, st.sampled_from(list(RefundMethod)), MOMENTS, st.text(max_size=9), st.text(max_size=9)
)


class RefundTermsTest(SimpleTestCase):
    @settings(max_examples=30)
    @given(st.lists(STEPS, max_size=4), st.integers(0, 366), st.booleans())
    def test_terms_survive_json_round_trip(self, steps: list[TermsStep], days: int, keeps: bool) -> None:
        promised = Terms(tuple(steps), days, keeps)
        self.assertEqual(Terms.from_json(promised.as_json()), promised)

    def test_step_includes_its_last_moment_and_nothing_is_refunded_after_last_step(self) -> None:
        first, second = (datetime(2026, 9, day).astimezone() for day in (3, 10))
        promised = Terms((TermsStep(until=first), TermsStep(Decimal(50), RefundMethod.CREDIT, second)))
        self.assertEqual([promised.at(first).percent, promised.at(second).percent], [100, 50])
        self.assertEqual(promised.at(first + timedelta(microseconds=1)).gives, RefundMethod.CREDIT)
        self.assertEqual(promised.at(second + timedelta(microseconds=1)), NOTHING)

    def test_each_step_becomes_a_sentence_with_its_date(self) -> None:
        until = datetime(2026, 9, 3, 18).astimezone()
        promised = Terms(
            (
                TermsStep(until=until, label="a week before the first class"),
                TermsStep(Decimal("12.50"), "credit", until),
            )
        )
        first, second, last = map(str, terms.terms_sentences(promised, until + timedelta(1)))
        self.assertEqual(first, f"Until {format_moment(until)} (a week before the first class), you get a full refund.")
        self.assertIn("you get 12.5% back as account credit.", second)
        self.assertEqual(last, "No refunds after that.")
        self.assertEqual(str(terms.terms_sentences(Terms())[0]), "You get a full refund.")
        self.assertEqual(str(terms.terms_sentences(Terms(()))[0]), "No refunds.")
        unknown = Terms((TermsStep(rule="days 7", label="7 days before the first class"),))
        self.assertIn("Until 7 days before the first class, you get", str(terms.terms_sentences(unknown)[0]))


class TermsOfSoldLineTest(BillingTestCase):
    def sold_line(self, **toy: object) -> OrderLine:
        ToyKind.catalogue[1] = Toy(**toy)  # type: ignore[arg-type]
        return self.place_new_order(1).lines.get()

    def refund_percent(self, line: OrderLine, days: float = 0) -> Decimal:
        return terms.terms_sold(line, self.now).at(self.time_in_days(days)).percent

    def test_terms_promised_at_sale_apply_despite_later_changes(self) -> None:
        line = self.sold_line(percent_back="80")
        ToyKind.catalogue[1].percent_back = "0"
        self.assertEqual(self.refund_percent(line), 80)
        with override_settings(WITHDRAWAL_DAYS=14):
            self.assertEqual(terms.withdrawal_text(terms.terms_sold(line, self.now)), "")

    def test_line_without_stored_terms_gets_current_terms(self) -> None:
        line = self.sold_line(percent_back="80")
        OrderLine.objects.update(sold_terms=None)
        line.refresh_from_db()
        self.assertEqual(self.refund_percent(line), 80)

    def test_free_line_promises_no_refund(self) -> None:
        line = self.sold_line(price="0")
        self.assertEqual(
            [str(sentence) for sentence in terms.terms_of_lines(line.order, self.now)[0].sentences], [terms.FREE]
        )
        in_cart = carts.price_cart(self.create_cart(1), self.now).lines[0]
        self.assertEqual(([str(sentence) for sentence in in_cart.sentences], in_cart.withdrawal), ([terms.FREE], ""))

    def test_deadline_moves_with_the_product_only_in_the_buyers_favor(self) -> None:
        line = self.sold_line(until=self.time_in_days(7))
        for moved_to, last_day in ((self.time_in_days(9), 9), (self.time_in_days(3), 7), (None, 7)):
            ToyKind.catalogue[1].until = moved_to
            with self.subTest(moved_to):
                self.assertEqual(
                    (self.refund_percent(line, last_day), self.refund_percent(line, last_day + 0.1)), (100, 0)
                )

    @override_settings(WITHDRAWAL_DAYS=14)
    def test_withdrawal_is_possible_until_the_end_of_the_last_day(self) -> None:
        line = self.sold_line()
        sold_terms = terms.terms_sold(line, self.now)
        last = terms.last_day_to_withdraw(line.order, sold_terms)
        self.assertIsNotNone(last)
        self.assertTrue(terms.can_withdraw(line.order, sold_terms, self.time_in_days(14)))
        self.assertFalse(terms.can_withdraw(line.order, sold_terms, self.time_in_days(15)))
        self.assertIn("Until the end of", terms.withdrawal_text(sold_terms, line.order))
        self.assertIn("Within 14 days after ordering", terms.withdrawal_text(sold_terms))
