import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.pricing.quotes import (
    Discount,
    Price,
    PriceLine,
    PriceRequest,
    compute_price,
    lines_past_early_price,
    quote_both_totals,
)
from billing.rules.price_facts import PriceFacts
from common.money import is_payable_amount

START = datetime(2026, 11, 20, 19, tzinfo=UTC)


def item(key: int, full: str, *, prepay: str = "0", multi: str = "0", attendee: str = "A", **more: object) -> PriceLine:
    facts = PriceFacts(Decimal(full), Decimal(prepay), Decimal(multi), attendee=attendee, **more)  # type: ignore[arg-type]
    return PriceLine(key, "toy", key, facts)


def totals(price: Price) -> list[str]:
    return [f"{amount:.2f}" for amount in price.lines.values()]


class MultiClassDiscountTest(SimpleTestCase):
    def multi_class_discount(self, *multi: str) -> Decimal:
        items = tuple(item(key, "70", multi=each) for key, each in enumerate(multi))
        return -compute_price(PriceRequest(items, "USD")).by_step("multi_class")

    def test_second_largest_discount_is_applied_once(self) -> None:
        self.assertEqual(self.multi_class_discount("10", "10"), 10)
        self.assertEqual(self.multi_class_discount("10", "0"), 0)
        self.assertEqual(self.multi_class_discount("10", "8", "6"), 8)
        self.assertEqual(self.multi_class_discount("10"), 0)

    def test_discount_goes_to_line_offering_it_or_to_first_added_line_in_a_tie(self) -> None:
        self.assertEqual(
            totals(compute_price(PriceRequest((item(1, "70", multi="8"), item(2, "70", multi="10")), "USD"))),
            ["62.00", "70.00"],
        )
        self.assertEqual(
            totals(compute_price(PriceRequest((item(1, "70", multi="10"), item(2, "70", multi="10")), "USD"))),
            ["60.00", "70.00"],
        )

    def test_each_attendee_gets_discount_separately(self) -> None:
        items = (
            item(1, "70", multi="10", attendee="A"),
            item(2, "70", multi="10", attendee="B"),
            item(3, "70", multi="6", attendee="B"),
        )
        self.assertEqual(totals(compute_price(PriceRequest(items, "USD"))), ["70.00", "70.00", "64.00"])


class PriceStepsTest(SimpleTestCase):
    def test_percentage_applies_to_what_earlier_steps_left_of_the_line(self) -> None:
        items = (item(1, "70", prepay="5", multi="10"), item(2, "70", prepay="5", multi="10"))
        quote = quote_both_totals(PriceRequest(items, "USD", Discount("TEN", percent=Decimal(10)), credit=Decimal(20)))
        self.assertEqual(totals(quote.now), ["29.50", "58.50"])  # 55 and 65, minus 10%, minus 20 of credit
        self.assertEqual(totals(quote.door), ["34.00", "63.00"])  # 60 and 70, minus 10%, minus the same 20

    def test_discounts_are_rounded_half_up_and_capped_at_remaining_amount(self) -> None:
        price = compute_price(
            PriceRequest((item(1, "0.05", prepay="9"), item(2, "0.05")), "USD", Discount("HALF", percent=Decimal(50)))
        )
        self.assertEqual(totals(price), ["0.00", "0.02"])

    def test_code_applies_to_fitting_lines_and_fixed_amount_to_the_largest_first(self) -> None:
        items = (item(1, "30"), item(2, "40"), item(3, "90", student_id=5))
        self.assertEqual(
            totals(compute_price(PriceRequest(items, "USD", Discount("C", amount=Decimal(100))))),
            ["30.00", "30.00", "0.00"],
        )
        only = Discount("C", amount=Decimal(100), student_id=5)
        self.assertEqual(totals(compute_price(PriceRequest(items, "USD", only))), ["30.00", "40.00", "0.00"])
        other = Discount("C", percent=Decimal(50), kind="toy", product_id=1)
        self.assertEqual(totals(compute_price(PriceRequest(items, "USD", other))), ["15.00", "40.00", "90.00"])

    def test_credit_is_capped_at_early_total_and_equal_in_both_quotes(self) -> None:
        quote = quote_both_totals(PriceRequest((item(1, "70", prepay="5"),), "USD", credit=Decimal(500)))
        self.assertEqual((quote.now.total, quote.now.credit), (0, 65))
        self.assertEqual((quote.door.total, quote.door.credit), (5, 65))

    def test_early_price_applies_to_payment_at_the_exact_start(self) -> None:
        items = (item(1, "70", prepay="5", first_meeting_at=START),)
        self.assertFalse(lines_past_early_price(items, START))
        self.assertTrue(lines_past_early_price(items, START + timedelta(microseconds=1)))

    @override_settings(
        PRICE_RULES=["billing.domain.pricing.price_rules.apply_list_price", "tests.billing.test_pricing.too_much"]
    )
    def test_custom_price_step_cannot_make_price_negative(self) -> None:
        self.assertEqual(compute_price(PriceRequest((item(1, "70"),), "USD")).total, 0)

    def test_facts_and_discounts_survive_json_round_trip(self) -> None:
        facts = item(1, "70.10", prepay="5", first_meeting_at=START, student_id=3, at_the_door=True).price_facts
        self.assertEqual(PriceFacts.from_json(json.loads(json.dumps(facts.as_json()))), facts)
        discount = Discount("C", percent=Decimal("12.5"), product_id=3)
        self.assertEqual(Discount.from_json(json.loads(json.dumps(discount.as_json()))), discount)
        self.assertIsNone(Discount.from_json(None))


def too_much(price: Price, request: PriceRequest) -> Price:
    return price.adjust("too_much", ((each.key, "Everything", Decimal(-1000)) for each in request.lines))


AMOUNTS = st.decimals(0, 200, places=2)
SMALL = st.decimals(0, 20, places=2)


@st.composite
def price_requests(draw: st.DrawFn) -> PriceRequest:
    items = tuple(
        PriceLine(
            key,
            draw(st.sampled_from(["toy", "book"])),
            draw(st.integers(1, 2)),
            PriceFacts(
                draw(AMOUNTS),
                draw(SMALL),
                draw(SMALL),
                attendee=draw(st.sampled_from("ABC")),
                student_id=draw(st.sampled_from([None, 1, 2])),
                first_meeting_at=draw(st.sampled_from([None, START, START + timedelta(days=1)])),
            ),
        )
        for key in range(draw(st.integers(1, 5)))
    )
    limits = {"kind": draw(st.sampled_from(["", "toy"])), "student_id": draw(st.sampled_from([None, 1]))}
    discount = draw(
        st.one_of(
            st.none(),
            st.builds(Discount, st.just("P"), percent=st.decimals("0.01", 100, places=2), **map_just(limits)),
            st.builds(Discount, st.just("A"), amount=st.decimals("0.01", 300, places=2), **map_just(limits)),
        )
    )
    return PriceRequest(
        items, draw(st.sampled_from(["USD", "JPY", "KWD"])), discount, draw(st.sampled_from([0, 5, 500])) * Decimal(1)
    )


def map_just(values: dict[str, object]) -> dict[str, st.SearchStrategy[object]]:
    return {name: st.just(value) for name, value in values.items()}


class PriceLawsTest(SimpleTestCase):
    @given(price_requests())
    def test_lines_sum_to_total_without_negative_or_unpayable_amounts(self, request: PriceRequest) -> None:
        for price in (quote_both_totals(request).now, quote_both_totals(request).door):
            self.assertEqual(sum(price.lines.values()), price.total)
            for key, amount in price.lines.items():
                self.assertEqual(amount, sum(part.amount for part in price.adjustments if part.key == key))
                self.assertGreaterEqual(amount, 0)
                self.assertTrue(is_payable_amount(amount, request.currency))
            self.assertLessEqual(price.credit, request.credit)
            self.assertTrue(all(part.amount < 0 for part in price.adjustments if part.step != "full_price"))

    @given(price_requests())
    def test_line_order_does_not_change_prices(self, request: PriceRequest) -> None:
        results = {
            str(sorted(compute_price(replace(request, lines=items)).lines.items()))
            for items in permutations(request.lines)
        }
        self.assertEqual(len(results), 1)

    @given(price_requests(), st.sampled_from([START, START + timedelta(hours=1), START + timedelta(days=2)]))
    def test_amount_due_lies_between_early_and_regular_total(self, request: PriceRequest, at: datetime) -> None:
        quote = quote_both_totals(request)
        owed = compute_price(replace(request, lost=lines_past_early_price(request.lines, at), credit=quote.now.credit))
        self.assertLessEqual(quote.now.total, owed.total)
        self.assertLessEqual(owed.total, quote.door.total)

    @given(price_requests())
    def test_credit_never_raises_the_price(self, request: PriceRequest) -> None:
        quote = quote_both_totals(request)
        self.assertLessEqual(quote.now.total, quote_both_totals(replace(request, credit=Decimal(0))).now.total)
