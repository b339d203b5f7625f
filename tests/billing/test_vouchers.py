"""Gift vouchers: purchase, redemption, refunds to vouchers and cancellation of the purchase."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import IntegrityError, OperationalError, transaction
from django.test import SimpleTestCase, override_settings

from billing import gateways
from billing.domain import locks
from billing.domain.cancellations import cancellation_options, line_cancellation, quoted_cancellation
from billing.domain.orders import cart as carts
from billing.domain.orders import placement, transitions, voucher_redemption
from billing.domain.payments import attempts, webhooks
from billing.domain.pricing import balances
from billing.domain.pricing.discount_codes import UNKNOWN
from billing.domain.refunds import reservations
from billing.domain.vouchers import eligibility, sales, voucher_codes
from billing.errors import (
    CancellationChanged,
    DiscountCodeRefused,
    OrderNotPlaced,
    OrderTransitionRefused,
    RefundExceedsPaid,
)
from billing.gateways.facts import DisputeState
from billing.models import DiscountCode, Order, PaymentIssue, Voucher
from common import dates
from common.formats import format_date
from outbox.testing import run_all
from tests.billing.vouchers import VoucherTestCase
from tests.statements import lost_connection


class VoucherExpiryTest(SimpleTestCase):
    def test_voucher_never_expires_by_default(self) -> None:
        self.assertIsNone(sales.expiry_date(date(2026, 5, 10)))

    @override_settings(VOUCHER_MONTHS=36)
    def test_voucher_expires_months_after_day_of_sale(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 12, 10)), date(2029, 12, 10))

    @override_settings(VOUCHER_MONTHS=18)
    def test_expiry_day_missing_in_month_becomes_last_day_of_month(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 8, 31)), date(2028, 2, 29))

    @override_settings(VOUCHER_MONTHS=36, VOUCHER_TO_YEARS_END=True)
    def test_voucher_can_expire_at_end_of_year(self) -> None:
        self.assertEqual(sales.expiry_date(date(2026, 1, 2)), date(2029, 12, 31))


class VoucherPurchaseTest(VoucherTestCase):
    def test_voucher_is_issued_when_its_order_is_paid(self) -> None:
        order = self.order_voucher(50)
        self.assertFalse(Voucher.objects.exists())
        self.pay_order(order)
        voucher = Voucher.objects.get()
        self.assertEqual((voucher.face_value, self.balance_of(voucher), voucher.recipient_name), (50, 50, "Rae"))
        self.assertRegex(
            voucher.grouped, f"^[{voucher_codes.SIGNS}]{{4}}-[{voucher_codes.SIGNS}]{{4}}-[{voucher_codes.SIGNS}]{{4}}$"
        )

    def test_voucher_with_due_date_is_not_issued_before_payment(self) -> None:
        order = self.create_cart()
        carts.add_line(order, "voucher", 0, {"amount": "50"})
        options = placement.PlacementOptions(Order.Due.DATE, due_date=dates.local_today(), by_staff=self.ada)
        placement.place_order(order, options, seen=None, at=self.now)
        self.assertFalse(Voucher.objects.exists())

    def test_second_confirmation_issues_no_second_voucher(self) -> None:
        voucher = self.buy_voucher()
        assert voucher.line is not None
        self.assertEqual(sales.issue_sold_voucher(voucher.line), voucher)
        self.assertEqual(voucher.entries.count(), 1)

    def test_discount_codes_do_not_reduce_voucher_price(self) -> None:
        DiscountCode.objects.create(code="half", percent=50)
        DiscountCode.objects.create(code="ten", amount=10)
        for text in ("half", "ten"):
            order = self.create_cart(2)
            carts.add_line(order, "voucher", 0, {"amount": "50"})
            carts.set_discount_code(order, text, self.now)
            lines = carts.price_cart(order, self.now).quote.now.lines
            self.assertEqual([lines[line.pk] for line in order.lines.all()], [25 if text == "half" else 40, 50])

    def test_voucher_cannot_be_sold_at_the_door_outside_limits_or_when_disabled(self) -> None:
        order = self.create_cart()
        line = carts.add_line(order, "voucher", 0, {"amount": "50"})
        self.assertFalse(carts.price_cart(order, self.now).at_the_door)
        with self.assertRaises(OrderNotPlaced):
            self.check_out(order, due_kind=Order.Due.DOOR)
        for amount, settings in (
            ("500.01", {}),
            ("9", {}),
            ("0", {}),
            ("20.005", {}),
            ("50", {"SELL_VOUCHERS": False}),
        ):
            line.details = {"amount": amount}
            line.save()
            with self.subTest(amount), self.settings(**settings), self.assertRaises(OrderNotPlaced):
                self.check_out(order)

    def test_voucher_for_a_class_costs_the_class_price(self) -> None:
        self.assertEqual(self.buy_voucher_for(1).face_value, 70)
        order = self.create_cart()
        carts.add_line(order, "voucher", 0, {"gift": "toy:99", "gift_title": "Toy 99"})
        with self.assertRaises(OrderNotPlaced):
            self.check_out(order)

    @override_settings(VOUCHER_MONTHS=12)
    def test_expiry_follows_settings_at_time_of_order(self) -> None:
        order = self.order_voucher()
        with override_settings(VOUCHER_MONTHS=1):
            self.pay_order(order)
        self.assertEqual(Voucher.objects.get().expires_on, sales.expiry_date(dates.to_local_time(self.now).date()))


class VoucherRedemptionTest(VoucherTestCase):
    def test_voucher_pays_part_and_rest_is_paid_otherwise(self) -> None:
        voucher, order = self.buy_voucher(30), self.create_cart(1)
        carts.enter_code_or_voucher(order, voucher.code, self.now)
        self.assertEqual(carts.price_cart(order, self.now).total_after_vouchers, 40)
        self.check_out(order)
        self.assertEqual(
            (balances.open_balance(Order.objects.get(pk=order.pk), self.now), self.balance_of(voucher)), (40, 0)
        )
        order.refresh_from_db()
        self.assertEqual(self.pay_order(order).total, 40)
        self.assertEqual(order.state, "paid")

    def test_remaining_balance_stays_on_voucher_and_zero_total_needs_no_gateway(self) -> None:
        voucher = self.buy_voucher(100)
        self.assertEqual(self.spend_vouchers(voucher).state, "paid")
        self.assertEqual(self.balance_of(voucher), 30)
        self.assertEqual(self.spend_vouchers(voucher, products=(2,)).state, "placed")
        self.assertEqual(self.balance_of(voucher), 0)

    def test_class_vouchers_and_soonest_expiring_vouchers_are_used_first(self) -> None:
        unlimited, expiring, for_class = self.buy_voucher(40), self.buy_voucher(40), self.buy_voucher_for(2)
        Voucher.objects.filter(pk=expiring.pk).update(expires_on=dates.local_today())
        order = self.spend_vouchers(unlimited, expiring, for_class, products=(1, 2))
        self.assertEqual([self.balance_of(each) for each in (unlimited, expiring, for_class)], [10, 0, 0])
        self.assertEqual(order.state, "paid")

    def test_class_voucher_pays_only_for_lines_of_that_class(self) -> None:
        voucher = self.buy_voucher_for(1)
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.FITS_NOTHING.format("Toy 1")):
            self.create_cart_with(voucher, products=(2,))
        order = self.spend_vouchers(voucher, self.buy_voucher_for(1), products=(1, 2))
        self.assertEqual(balances.open_balance(order, self.now), 50)

    def test_voucher_cannot_buy_voucher(self) -> None:
        voucher, order = self.buy_voucher(50), self.create_cart()
        carts.add_line(order, "voucher", 0, {"amount": "50"})
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.FITS_NO_VOUCHER):
            carts.enter_code_or_voucher(order, voucher.code, self.now)
        carts.add_line(order, "toy", 2, {})
        carts.enter_code_or_voucher(order, voucher.code, self.now)
        carts.enter_code_or_voucher(order, self.buy_voucher(50).code, self.now)
        self.assertEqual(carts.price_cart(order, self.now).total_after_vouchers, 50)

    def test_invalid_voucher_code_gets_unknown_code_message(self) -> None:
        for text in ("CDFG-HJKM-NPQR", "x", "CDFGHJKMNPQRT"):
            with self.subTest(text), self.assertRaisesMessage(DiscountCodeRefused, UNKNOWN):
                carts.enter_code_or_voucher(self.create_cart(1), text, self.now)

    def test_expired_void_foreign_currency_or_empty_voucher_is_refused_with_reason(self) -> None:
        yesterday = dates.local_today() - timedelta(days=1)
        ends = (
            ({"expires_on": yesterday}, eligibility.EXPIRED.format(format_date(yesterday))),
            ({"voided_at": self.now}, eligibility.VOID),
            ({"currency": "EUR"}, eligibility.CURRENCY.format("EUR")),
        )
        for change, sentence in ends:
            voucher = self.buy_voucher()
            order = self.create_cart_with(voucher)
            Voucher.objects.filter(pk=voucher.pk).update(**change)
            with self.assertRaisesMessage(DiscountCodeRefused, sentence):
                carts.enter_code_or_voucher(order, voucher.code, self.now)
            self.assertEqual([part.problem for part in carts.price_cart(order, self.now).vouchers], [sentence])
            with self.assertRaisesMessage(OrderNotPlaced, sentence):
                self.check_out(order)
            self.assertFalse(order.payments.exists())
        used = self.buy_voucher(70)
        self.spend_vouchers(used)
        with self.assertRaisesMessage(DiscountCodeRefused, eligibility.EMPTY):
            self.create_cart_with(used)

    def test_voucher_used_elsewhere_meanwhile_stops_placement(self) -> None:
        voucher = self.buy_voucher(70)
        first, second = self.create_cart_with(voucher), self.create_cart_with(voucher, products=(2,))
        self.check_out(first, by_vouchers=Decimal(70))
        with self.assertRaisesMessage(OrderNotPlaced, eligibility.EMPTY):
            self.check_out(second, by_vouchers=Decimal(50))
        second.refresh_from_db()
        self.assertEqual((second.state, self.balance_of(voucher)), ("cart", 0))

    def test_different_voucher_amount_than_shown_stops_placement(self) -> None:
        order = self.create_cart_with(self.buy_voucher(30))
        with self.assertRaises(OrderNotPlaced) as raised, transaction.atomic():
            self.check_out(order, by_vouchers=Decimal(70))
        self.assertEqual(raised.exception.code, "price_changed")
        self.assertFalse(order.payments.exists())

    def test_crash_during_placement_uses_no_balance(self) -> None:
        voucher = self.buy_voucher(100)
        order = self.create_cart_with(voucher)
        with self.assertRaises(OperationalError), lost_connection('UPDATE "billing_order" SET "state"'):
            self.check_out(order)
        self.assertEqual((self.balance_of(voucher), order.payments.count()), (100, 0))
        self.assertEqual(self.check_out(Order.objects.get(pk=order.pk)).state, "paid")

    def test_database_refuses_balance_below_zero_or_above_worth(self) -> None:
        voucher = self.buy_voucher()
        for balance in (-1, 51):
            with self.assertRaises(IntegrityError), transaction.atomic():
                Voucher.objects.filter(pk=voucher.pk).update(balance=balance)

    def test_voucher_is_not_offered_as_payment_method(self) -> None:
        self.assertNotIn("voucher", dict(gateways.online_methods()) | dict(gateways.desk_methods()))


class VoucherRefundTest(VoucherTestCase):
    def test_expired_or_canceled_order_returns_voucher_balance(self) -> None:
        voucher = self.buy_voucher(30)
        order = self.spend_vouchers(voucher)
        self.assertTrue(transitions.expire_order(order, self.time_in_days(1)))
        self.assertEqual(self.balance_of(voucher), 30)
        order = self.spend_vouchers(voucher)
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertEqual((self.balance_of(voucher), order.payments.get().status), (30, "refunded"))

    @override_settings(LATE_PAYMENT="credit")
    def test_voucher_payment_never_becomes_account_credit(self) -> None:
        voucher = self.buy_voucher(30)
        order = self.create_cart_with(voucher, payer=self.alice)
        self.check_out(order)
        transitions.expire_order(order, self.time_in_days(1))
        self.assertEqual((self.balance_of(voucher), self.alice.credit_entries.count()), (30, 0))

    def test_late_payment_redeems_the_voucher_again(self) -> None:
        voucher = self.buy_voucher(30)
        order = self.spend_vouchers(voucher)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(-1))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(40), "USD"))
        order.refresh_from_db()
        self.assertEqual((order.state, self.balance_of(voucher), balances.overpaid_amount(order)), ("paid", 0, 0))

    def test_late_payment_is_refunded_when_voucher_was_used_up(self) -> None:
        voucher = self.buy_voucher(30)
        order = self.spend_vouchers(voucher)
        payment = attempts.start_attempt(order, "practice", self.now)
        transitions.expire_order(order, self.time_in_days(1))
        self.spend_vouchers(voucher, products=(2,))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(40), "USD"))
        run_all()
        order.refresh_from_db()
        self.assertEqual((order.state, balances.amount_received(order), self.balance_of(voucher)), ("expired", 0, 0))

    def test_canceled_line_is_refunded_to_original_payment_methods(self) -> None:
        voucher = self.buy_voucher(30)
        order = self.spend_vouchers(voucher)
        self.pay_order(order)
        self.assertEqual(line_cancellation.cancel_line(order.lines.get(), at=self.now, why="ill"), 70)
        run_all()
        self.assertEqual((self.balance_of(voucher), balances.amount_received(order)), (30, 0))

    def test_canceled_class_line_is_refunded_to_class_voucher_first(self) -> None:
        voucher = self.buy_voucher_for(1)
        order = self.spend_vouchers(voucher, products=(1, 2))
        self.pay_order(order)
        line_cancellation.cancel_line(order.lines.get(product_id=1), at=self.now, why="ill")
        run_all()
        self.assertEqual((self.balance_of(voucher), balances.amount_received(order)), (70, 50))

    def test_canceled_class_line_of_partly_paid_order_is_refunded_to_class_voucher(self) -> None:
        voucher = self.buy_voucher_for(1)
        order = self.spend_vouchers(voucher, products=(1, 2), due_kind=Order.Due.DOOR)
        line_cancellation.cancel_line(order.lines.get(product_id=1), at=self.now, why="ill")
        order.refresh_from_db()
        self.assertEqual((self.balance_of(voucher), balances.open_balance(order, self.now)), (70, 50))

    def test_refund_to_expired_voucher_opens_payment_issue(self) -> None:
        voucher = self.buy_voucher(70)
        order = self.spend_vouchers(voucher)
        Voucher.objects.filter(pk=voucher.pk).update(expires_on=dates.local_today() - timedelta(days=2))
        line_cancellation.cancel_line(order.lines.get(), at=self.now, why="no teacher")
        self.assertEqual(self.balance_of(voucher), 70)
        self.assertIn("Should it be valid again?", PaymentIssue.objects.get().description)


class VoucherCancellationTest(VoucherTestCase):
    """The purchase of a voucher is canceled."""

    def purchase_line(self, voucher: Voucher) -> "object":
        assert voucher.line is not None
        return voucher.line

    def cancel_purchase(self, voucher: Voucher, **how: object) -> Decimal:
        refunded = line_cancellation.cancel_line(self.purchase_line(voucher), at=self.now, why="changed mind", **how)  # type: ignore[arg-type]
        run_all()
        return refunded

    def test_unused_voucher_is_fully_refunded_and_void(self) -> None:
        voucher = self.buy_voucher()
        self.assertEqual(self.cancel_purchase(voucher), 50)
        self.assertEqual(self.balance_of(voucher), 0)
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.VOID)
        self.assertFalse(PaymentIssue.objects.exists())

    def test_partly_used_voucher_is_refunded_only_its_balance(self) -> None:
        for percent in (None, Decimal(100)):
            voucher = self.buy_voucher("70.10")
            self.spend_vouchers(voucher, products=(2,))
            self.assertEqual(self.cancel_purchase(voucher, percent_back=percent), Decimal("20.10"))
            self.assertEqual(self.balance_of(voucher), 0)

    def test_quote_shows_kept_amount_and_fails_after_further_use(self) -> None:
        voucher = self.buy_voucher(90)
        line, order = voucher.line, voucher.line.order  # type: ignore[union-attr]
        assert line is not None
        self.spend_vouchers(voucher, products=(2,))
        option = cancellation_options.options_for_lines(order, [line], self.now)[0]
        seen = quoted_cancellation.quote_cancellation(order, option, self.now)
        self.assertEqual((seen.refunded, seen.kept, self.balance_of(voucher)), (40, 50, 40))
        self.spend_vouchers(voucher)
        with self.assertRaises(CancellationChanged):
            quoted_cancellation.cancel_as_quoted(order, option, self.now, seen=seen.fingerprint)
        self.assertIsNone(Voucher.objects.get(pk=voucher.pk).voided_at)

    def test_purchase_cannot_be_refunded_while_voucher_is_valid(self) -> None:
        voucher = self.buy_voucher()
        order = voucher.line.order  # type: ignore[union-attr]
        with self.assertRaisesMessage(RefundExceedsPaid, "is on gift vouchers"):
            reservations.refund_by_staff(order, Decimal(1), why="x", by=self.ada)
        self.assertEqual(self.balance_of(voucher), 50)

    def dispute(self, voucher: Voucher, state: str) -> None:
        payment = voucher.line.order.payments.get()  # type: ignore[union-attr]
        with transaction.atomic():
            order = locks.lock_order(payment.order_id)
            webhooks.apply_payment_fact(order, payment, DisputeState("dp_1", payment.total, "USD", state), sure=True)
        run_all()

    def test_voucher_is_blocked_while_its_payment_is_disputed(self) -> None:
        voucher = self.buy_voucher()
        self.dispute(voucher, "open")
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.WAITS)
        self.dispute(voucher, "won")
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), "")

    def test_lost_dispute_voids_voucher_and_opens_payment_issue_for_used_amount(self) -> None:
        for spent, cases in ((False, []), (True, ["$50.00 of gift voucher"])):
            voucher = self.buy_voucher(60)
            if spent:
                self.spend_vouchers(voucher, products=(2,))
            self.dispute(voucher, "open")
            self.dispute(voucher, "lost")
            self.assertEqual(self.balance_of(voucher), 0)
            self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.VOID)
            cases_found = PaymentIssue.objects.filter(kind=PaymentIssue.Kind.OTHER, order=voucher.line.order)  # type: ignore[union-attr]
            self.assertEqual([case.description[: len("$50.00 of gift voucher")] for case in cases_found], cases)

    def test_refund_outside_the_site_blocks_voucher(self) -> None:
        voucher = self.buy_voucher()
        order = voucher.line.order  # type: ignore[union-attr]
        Order.objects.filter(pk=order.pk).update(amount_charged=20)
        voucher = Voucher.objects.get(pk=voucher.pk)
        self.assertEqual(eligibility.voucher_refusal(voucher, "USD", self.now), eligibility.WAITS)


class VoucherOnPlacedOrderTest(VoucherTestCase):
    """A voucher pays an order that is already placed and not yet paid."""

    def test_voucher_pays_order_due_at_the_door(self) -> None:
        voucher, order = self.buy_voucher(100), self.place_new_order(1, due=Order.Due.DOOR)
        self.assertEqual(voucher_redemption.redeem_voucher_on_order(order, voucher.grouped, self.now), 70)
        order.refresh_from_db()
        self.assertEqual((order.state, self.balance_of(voucher)), ("paid", 30))
        with self.assertRaises(OrderTransitionRefused):
            voucher_redemption.redeem_voucher_on_order(order, voucher.code, self.now)

    def test_lines_paid_by_another_voucher_are_not_paid_again(self) -> None:
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        voucher_redemption.redeem_voucher_on_order(order, self.buy_voucher_for(1).code, self.now)
        with self.assertRaisesMessage(DiscountCodeRefused, voucher_redemption.NOTHING_FITS):
            voucher_redemption.redeem_voucher_on_order(order, self.buy_voucher_for(1).code, self.now)
        self.assertEqual(balances.open_balance(order, self.now), 50)
