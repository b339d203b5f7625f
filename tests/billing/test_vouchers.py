"""Gift vouchers: bought, used, given back, undone."""

from datetime import date, timedelta
from decimal import Decimal
from unittest import mock

from django.db import IntegrityError, transaction
from django.test import SimpleTestCase, override_settings

from billing import gateways
from billing.domain import locks
from billing.domain.cancellations import cancellation_options, line_cancellation, quoted_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions, voucher_redemption
from billing.domain.payments import attempts, webhooks
from billing.domain.pricing import balances
from billing.domain.pricing.discount_codes import UNKNOWN, DiscountCodeRefused
from billing.domain.refunds import reservations
from billing.domain.vouchers import eligibility, sales, voucher_codes
from billing.gateways.facts import DisputeState
from billing.models import Case, Code, Order, Voucher
from common import dates
from common.formats import format_date
from outbox.testing import run_all
from tests.billing.vouchers import VoucherTestCase


class ExpiryTest(SimpleTestCase):
    def test_never_by_default(self) -> None:
        self.assertIsNone(sales.expiry_date(date(2026, 5, 10)))

    @override_settings(VOUCHER_MONTHS=36)
    def test_months_from_the_day_of_the_sale(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 12, 10)), date(2029, 12, 10))

    @override_settings(VOUCHER_MONTHS=18)
    def test_a_day_that_the_month_lacks_is_its_last(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 8, 31)), date(2028, 2, 29))

    @override_settings(VOUCHER_MONTHS=36, VOUCHER_TO_YEARS_END=True)
    def test_to_the_end_of_that_year_as_some_laws_count(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 1, 2)), date(2029, 12, 31))


class BuyingTest(VoucherTestCase):
    def test_a_voucher_is_there_once_its_order_is_paid(self) -> None:
        order = self.ordered(50)
        self.assertFalse(Voucher.objects.exists())
        self.pay(order)
        voucher = Voucher.objects.get()
        self.assertEqual((voucher.worth, self.balance(voucher), voucher.recipient_name), (50, 50, "Rae"))
        self.assertRegex(
            voucher.grouped, f"^[{voucher_codes.SIGNS}]{{4}}-[{voucher_codes.SIGNS}]{{4}}-[{voucher_codes.SIGNS}]{{4}}$"
        )

    def test_one_that_is_to_be_paid_by_a_date_waits_for_the_money(self) -> None:
        order = self.cart()
        carts.add_line(order, "voucher", 0, {"amount": "50"})
        how = placement.PlacementOptions(Order.Due.DATE, on=dates.local_today(), by_staff=self.ada)
        placement.place_order(order, how, seen=None, at=self.now)
        self.assertFalse(Voucher.objects.exists())

    def test_a_second_confirmation_makes_no_second_voucher(self) -> None:
        voucher = self.bought()
        assert voucher.line is not None
        self.assertEqual(sales.issue_sold_voucher(voucher.line), voucher)
        self.assertEqual(voucher.entries.count(), 1)

    def test_nothing_is_taken_off_and_credit_does_not_buy_it(self) -> None:
        Code.objects.create(text="half", percent=50)
        Code.objects.create(text="ten", amount=10)
        for text in ("half", "ten"):
            order = self.cart(2)
            carts.add_line(order, "voucher", 0, {"amount": "50"})
            carts.set_discount_code(order, text, self.now)
            lines = carts.price_cart(order, self.now).quote.now.lines
            self.assertEqual([lines[line.pk] for line in order.lines.all()], [25 if text == "half" else 40, 50])

    def test_it_is_not_sold_at_the_door_outside_the_limits_or_when_the_school_sells_none(self) -> None:
        order = self.cart()
        line = carts.add_line(order, "voucher", 0, {"amount": "50"})
        self.assertFalse(carts.price_cart(order, self.now).at_the_door)
        with self.assertRaises(placement.OrderNotPlaced):
            self.checkout(order, due=Order.Due.DOOR)
        for amount, settings in (
            ("500.01", {}),
            ("9", {}),
            ("0", {}),
            ("20.005", {}),
            ("50", {"SELL_VOUCHERS": False}),
        ):
            line.details = {"amount": amount}
            line.save()
            with self.subTest(amount), self.settings(**settings), self.assertRaises(placement.OrderNotPlaced):
                self.checkout(order)

    def test_a_class_costs_what_the_class_costs(self) -> None:
        self.assertEqual(self.for_toy(1).worth, 70)
        order = self.cart()
        carts.add_line(order, "voucher", 0, {"gift": "toy:99", "gift_title": "Toy 99"})
        with self.assertRaises(placement.OrderNotPlaced):
            self.checkout(order)

    @override_settings(VOUCHER_MONTHS=12)
    def test_its_last_day_is_that_of_the_sale_whatever_the_school_says_later(self) -> None:
        order = self.ordered()
        with override_settings(VOUCHER_MONTHS=1):
            self.pay(order)
        self.assertEqual(Voucher.objects.get().expires_on, sales.expiry_date(dates.to_local_time(self.now).date()))


class UsingTest(VoucherTestCase):
    def test_it_pays_part_and_the_rest_is_paid_otherwise(self) -> None:
        voucher, order = self.bought(30), self.cart(1)
        carts.enter_code_or_voucher(order, voucher.code, self.now)
        self.assertEqual(carts.price_cart(order, self.now).total_after_vouchers, 40)
        self.checkout(order)
        self.assertEqual(
            (balances.open_balance(Order.objects.get(pk=order.pk), self.now), self.balance(voucher)), (40, 0)
        )
        order.refresh_from_db()
        self.assertEqual(self.pay(order).total, 40)
        self.assertEqual(order.state, "paid")

    def test_what_is_left_stays_on_it_and_a_total_of_nothing_needs_no_gateway(self) -> None:
        voucher = self.bought(100)
        self.assertEqual(self.spent(voucher).state, "paid")
        self.assertEqual(self.balance(voucher), 30)
        self.assertEqual(self.spent(voucher, products=(2,)).state, "placed")
        self.assertEqual(self.balance(voucher), 0)

    def test_several_pay_one_order_the_narrow_and_the_old_ones_first(self) -> None:
        late, soon, narrow = self.bought(40), self.bought(40), self.for_toy(2)
        Voucher.objects.filter(pk=soon.pk).update(expires_on=dates.local_today())
        order = self.spent(late, soon, narrow, products=(1, 2))
        self.assertEqual([self.balance(each) for each in (late, soon, narrow)], [10, 0, 0])
        self.assertEqual(order.state, "paid")

    def test_one_for_a_class_pays_for_lines_of_that_class_only(self) -> None:
        voucher = self.for_toy(1)
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.FITS_NOTHING.format("Toy 1")):
            self.with_vouchers(voucher, products=(2,))
        order = self.spent(voucher, self.for_toy(1), products=(1, 2))
        self.assertEqual(balances.open_balance(order, self.now), 50)

    def test_vouchers_do_not_buy_vouchers(self) -> None:
        voucher, order = self.bought(50), self.cart()
        carts.add_line(order, "voucher", 0, {"amount": "50"})
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.FITS_NO_VOUCHER):
            carts.enter_code_or_voucher(order, voucher.code, self.now)
        carts.add_line(order, "toy", 2, {})
        carts.enter_code_or_voucher(order, voucher.code, self.now)
        carts.enter_code_or_voucher(order, self.bought(50).code, self.now)
        self.assertEqual(carts.price_cart(order, self.now).total_after_vouchers, 50)

    def test_a_wrong_code_is_answered_like_any_other(self) -> None:
        for text in ("CDFG-HJKM-NPQR", "x", "CDFGHJKMNPQRT"):
            with self.subTest(text), self.assertRaisesMessage(DiscountCodeRefused, UNKNOWN):
                carts.enter_code_or_voucher(self.cart(1), text, self.now)

    def test_what_has_ended_says_so_in_a_sentence(self) -> None:
        yesterday = dates.local_today() - timedelta(days=1)
        ends = (
            ({"expires_on": yesterday}, eligibility.EXPIRED.format(format_date(yesterday))),
            ({"voided_at": self.now}, eligibility.VOID),
            ({"currency": "EUR"}, eligibility.CURRENCY.format("EUR")),
        )
        for change, sentence in ends:
            voucher = self.bought()
            order = self.with_vouchers(voucher)
            Voucher.objects.filter(pk=voucher.pk).update(**change)
            with self.assertRaisesMessage(DiscountCodeRefused, sentence):
                carts.enter_code_or_voucher(order, voucher.code, self.now)
            self.assertEqual([part.problem for part in carts.price_cart(order, self.now).vouchers], [sentence])
            with self.assertRaisesMessage(placement.OrderNotPlaced, sentence):
                self.checkout(order)
            self.assertFalse(order.payments.exists())
        used = self.bought(70)
        self.spent(used)
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.EMPTY):
            self.with_vouchers(used)

    def test_used_elsewhere_meanwhile_the_price_is_shown_anew(self) -> None:
        voucher = self.bought(70)
        first, second = self.with_vouchers(voucher), self.with_vouchers(voucher, products=(2,))
        self.checkout(first, by_vouchers=Decimal(70))
        with self.assertRaisesMessage(placement.OrderNotPlaced, eligibility.EMPTY):
            self.checkout(second, by_vouchers=Decimal(50))
        second.refresh_from_db()
        self.assertEqual((second.state, self.balance(voucher)), ("cart", 0))

    def test_seen_to_pay_another_amount_nothing_is_placed(self) -> None:
        order = self.with_vouchers(self.bought(30))
        with self.assertRaises(placement.PriceChanged), transaction.atomic():
            self.checkout(order, by_vouchers=Decimal(70))
        self.assertFalse(order.payments.exists())

    def test_a_process_that_dies_while_placing_has_used_nothing(self) -> None:
        voucher = self.bought(100)
        order = self.with_vouchers(voucher)
        with mock.patch.object(transitions, "mark_paid", side_effect=SystemExit), self.assertRaises(SystemExit):
            self.checkout(order)
        self.assertEqual((self.balance(voucher), order.payments.count()), (100, 0))
        self.assertEqual(self.checkout(Order.objects.get(pk=order.pk)).state, "paid")

    def test_the_table_refuses_a_balance_below_nothing_or_beyond_its_worth(self) -> None:
        voucher = self.bought()
        for balance in (-1, 51):
            with self.assertRaises(IntegrityError), transaction.atomic():
                Voucher.objects.filter(pk=voucher.pk).update(balance=balance)

    def test_nobody_is_offered_to_pay_with_it_at_a_gateway(self) -> None:
        self.assertNotIn("voucher", dict(gateways.online_methods()) | dict(gateways.desk_methods()))


class GoingBackTest(VoucherTestCase):
    def test_an_order_that_lapses_or_is_cancelled_puts_it_back(self) -> None:
        voucher = self.bought(30)
        order = self.spent(voucher)
        self.assertTrue(transitions.expire_order(order, self.day(1)))
        self.assertEqual(self.balance(voucher), 30)
        order = self.spent(voucher)
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertEqual((self.balance(voucher), order.payments.get().status), (30, "refunded"))

    @override_settings(LATE_PAYMENT="credit")
    def test_it_never_becomes_credit(self) -> None:
        voucher = self.bought(30)
        order = self.with_vouchers(voucher, payer=self.alice)
        self.checkout(order)
        transitions.expire_order(order, self.day(1))
        self.assertEqual((self.balance(voucher), self.alice.credit_entries.count()), (30, 0))

    def test_late_money_finds_the_voucher_again(self) -> None:
        voucher = self.bought(30)
        order = self.spent(voucher)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.day(-1))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(40), "USD"))
        order.refresh_from_db()
        self.assertEqual((order.state, self.balance(voucher), balances.overpaid_amount(order)), ("paid", 0, 0))

    def test_late_money_goes_back_when_the_voucher_is_used_up(self) -> None:
        voucher = self.bought(30)
        order = self.spent(voucher)
        payment = attempts.start_attempt(order, "practice", self.now)
        transitions.expire_order(order, self.day(1))
        self.spent(voucher, products=(2,))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(40), "USD"))
        run_all()
        order.refresh_from_db()
        self.assertEqual((order.state, balances.amount_received(order), self.balance(voucher)), ("lapsed", 0, 0))

    def test_a_cancelled_line_goes_back_the_way_it_was_paid(self) -> None:
        voucher = self.bought(30)
        order = self.spent(voucher)
        self.pay(order)
        self.assertEqual(line_cancellation.cancel_line(order.lines.get(), at=self.now, why="ill"), 70)
        run_all()
        self.assertEqual((self.balance(voucher), balances.amount_received(order)), (30, 0))

    def test_what_a_voucher_for_one_class_paid_goes_back_onto_it_first(self) -> None:
        voucher = self.for_toy(1)
        order = self.spent(voucher, products=(1, 2))
        self.pay(order)
        line_cancellation.cancel_line(order.lines.get(product_id=1), at=self.now, why="ill")
        run_all()
        self.assertEqual((self.balance(voucher), balances.amount_received(order)), (70, 50))

    def test_before_all_is_paid_too(self) -> None:
        voucher = self.for_toy(1)
        order = self.spent(voucher, products=(1, 2), due=Order.Due.DOOR)
        line_cancellation.cancel_line(order.lines.get(product_id=1), at=self.now, why="ill")
        order.refresh_from_db()
        self.assertEqual((self.balance(voucher), balances.open_balance(order, self.now)), (70, 50))

    def test_what_comes_back_onto_one_that_has_ended_is_for_a_person(self) -> None:
        voucher = self.bought(70)
        order = self.spent(voucher)
        Voucher.objects.filter(pk=voucher.pk).update(expires_on=dates.local_today() - timedelta(days=2))
        line_cancellation.cancel_line(order.lines.get(), at=self.now, why="no teacher")
        self.assertEqual(self.balance(voucher), 70)
        self.assertIn("Should it be valid again?", Case.objects.get().text)


class UndoneTest(VoucherTestCase):
    """The purchase of a voucher is reversed."""

    def line(self, voucher: Voucher) -> "object":
        assert voucher.line is not None
        return voucher.line

    def undo(self, voucher: Voucher, **how: object) -> Decimal:
        back = line_cancellation.cancel_line(self.line(voucher), at=self.now, why="changed mind", **how)  # type: ignore[arg-type]
        run_all()
        return back

    def test_unused_it_is_void_and_all_comes_back(self) -> None:
        voucher = self.bought()
        self.assertEqual(self.undo(voucher), 50)
        self.assertEqual(self.balance(voucher), 0)
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.VOID)
        self.assertFalse(Case.objects.exists())

    def test_partly_used_only_what_is_left_comes_back_whoever_asks(self) -> None:
        for percent in (None, Decimal(100)):
            voucher = self.bought("70.10")
            self.spent(voucher, products=(2,))
            self.assertEqual(self.undo(voucher, percent_back=percent), Decimal("20.10"))
            self.assertEqual(self.balance(voucher), 0)

    def test_the_quote_says_what_stays_and_holds_only_while_nothing_more_is_used(self) -> None:
        voucher = self.bought(90)
        line, order = voucher.line, voucher.line.order  # type: ignore[union-attr]
        assert line is not None
        self.spent(voucher, products=(2,))
        way = cancellation_options.options_for_lines(order, [line], self.now)[0]
        seen = quoted_cancellation.quote_cancellation(order, way, self.now)
        self.assertEqual((seen.back, seen.kept, self.balance(voucher)), (40, 50, 40))
        self.spent(voucher)
        with self.assertRaises(quoted_cancellation.CancellationChanged):
            quoted_cancellation.cancel_as_quoted(order, way, self.now, seen=seen.fingerprint)
        self.assertIsNone(Voucher.objects.get(pk=voucher.pk).voided_at)

    def test_money_does_not_go_back_while_the_voucher_stands(self) -> None:
        voucher = self.bought()
        order = voucher.line.order  # type: ignore[union-attr]
        with self.assertRaisesMessage(reservations.RefundExceedsPaid, "is on gift vouchers"):
            reservations.refund_by_staff(order, Decimal(1), why="x", by=self.ada)
        self.assertEqual(self.balance(voucher), 50)

    def dispute(self, voucher: Voucher, state: str) -> None:
        payment = voucher.line.order.payments.get()  # type: ignore[union-attr]
        with transaction.atomic():
            order = locks.lock_order(payment.order_id)
            webhooks.apply_payment_fact(order, payment, DisputeState("dp_1", payment.total, "USD", state), sure=True)
        run_all()

    def test_while_a_bank_asks_the_money_back_the_voucher_waits(self) -> None:
        voucher = self.bought()
        self.dispute(voucher, "open")
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.WAITS)
        self.dispute(voucher, "won")
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), "")

    def test_a_lost_dispute_takes_what_is_left_and_the_office_hears_of_what_was_used(self) -> None:
        for spent, cases in ((False, []), (True, ["$50.00 of gift voucher"])):
            voucher = self.bought(60)
            if spent:
                self.spent(voucher, products=(2,))
            self.dispute(voucher, "open")
            self.dispute(voucher, "lost")
            self.assertEqual(self.balance(voucher), 0)
            self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.VOID)
            told = Case.objects.filter(kind=Case.Kind.OTHER, order=voucher.line.order)  # type: ignore[union-attr]
            self.assertEqual([case.text[: len("$50.00 of gift voucher")] for case in told], cases)

    def test_money_that_left_in_the_gateways_own_pages_stops_it(self) -> None:
        voucher = self.bought()
        order = voucher.line.order  # type: ignore[union-attr]
        Order.objects.filter(pk=order.pk).update(charged=20)
        voucher = Voucher.objects.get(pk=voucher.pk)
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.WAITS)


class PlacedOrderTest(VoucherTestCase):
    """A voucher for an order that stands and waits for its money."""

    def test_it_pays_what_is_to_be_paid_at_the_door(self) -> None:
        voucher, order = self.bought(100), self.placed(1, due=Order.Due.DOOR)
        self.assertEqual(voucher_redemption.redeem_voucher_on_order(order, voucher.grouped, self.now), 70)
        order.refresh_from_db()
        self.assertEqual((order.state, self.balance(voucher)), ("paid", 30))
        with self.assertRaises(transitions.OrderTransitionRefused):
            voucher_redemption.redeem_voucher_on_order(order, voucher.code, self.now)

    def test_what_another_voucher_has_paid_for_is_not_paid_again(self) -> None:
        order = self.placed(1, 2, due=Order.Due.DOOR)
        voucher_redemption.redeem_voucher_on_order(order, self.for_toy(1).code, self.now)
        with self.assertRaisesMessage(DiscountCodeRefused, voucher_redemption.NOTHING_FITS):
            voucher_redemption.redeem_voucher_on_order(order, self.for_toy(1).code, self.now)
        self.assertEqual(balances.open_balance(order, self.now), 50)
