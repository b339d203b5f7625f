from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import override_settings

from billing.domain.orders import cart, pay_at_door, placement, transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.pricing.quotes import Price, PriceRequest, compute_price
from billing.domain.refunds import order_snapshot
from billing.errors import (
    CartFull,
    DiscountCodeRefused,
    InsufficientCredit,
    NoOpenBalance,
    OrderAlreadyPlaced,
    OrderNotPlaced,
    OrderTransitionRefused,
)
from billing.models import DiscountCode, Order, Payment, PaymentIssue
from outbox.testing import delivery_problems, run_all
from tests.billing.base import BillingTestCase, create_second_attempt
from tests.billing.toys import Toy, ToyKind, toy_states

HOLD = timedelta(minutes=settings.HOLD_MINUTES)
MOMENT = timedelta(seconds=1)
Due, State = Order.Due, Order.State


class OrderPlacementTest(BillingTestCase):
    def test_placed_order_stores_quoted_amounts_and_holds_every_line(self) -> None:
        order = self.place_new_order(1, 3)
        self.assertEqual((order.state, order.due_kind, order.held_until), (State.PLACED, Due.NOW, self.now + HOLD))
        self.assertEqual((order.early_total, order.regular_total), (Decimal(130), Decimal(135)))
        self.assertEqual(toy_states(order), ["held", "held"])
        for plan, total in (("now", order.early_total), ("door", order.regular_total)):
            steps = [step for one in order.lines.all() for step in quotes.stored_steps(one, plan)]
            self.assertEqual(sum(step.amount for step in steps), total)
        self.assertEqual(order.lines.get(product_id=1).title, "Toy 1")

    def test_placing_an_order_twice_is_refused(self) -> None:
        order = self.create_cart(1)
        placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        with self.assertRaises(OrderAlreadyPlaced):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def test_empty_cart_cannot_be_placed(self) -> None:
        with self.assertRaises(OrderNotPlaced):
            self.place_new_order()

    def test_order_is_not_placed_at_a_price_that_changed_since_it_was_shown(self) -> None:
        order = self.create_cart(1)
        ToyKind.catalogue[1] = Toy("71")
        with self.assertRaises(OrderNotPlaced) as raised:
            placement.place_order(order, placement.PlacementOptions(), seen=(Decimal(70), Decimal(70)), at=self.now)
        self.assertEqual(raised.exception.code, "price_changed")
        order.refresh_from_db()
        self.assertEqual((order.state, toy_states(order)), (State.CART, [""]))

    def test_sold_out_product_holds_no_line_and_keeps_the_cart(self) -> None:
        ToyKind.catalogue[2] = Toy(stock=0)
        order = self.create_cart(1, 2)
        with self.assertRaisesMessage(OrderNotPlaced, "Toy 2: sold out"):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual((Order.objects.get(pk=order.pk).state, toy_states(order)), (State.CART, ["", ""]))

    def test_product_that_sells_out_while_holding_lines_rolls_back_the_whole_order(self) -> None:
        ToyKind.catalogue[1] = Toy(stock=1)
        order = self.create_cart(1, 1)
        with self.assertRaises(OrderNotPlaced):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual((Order.objects.get(pk=order.pk).state, toy_states(order)), (State.CART, ["", ""]))
        self.assertEqual(set(order.lines.values_list("price_steps", flat=True)), {None})

    def test_pay_at_the_door_requires_that_every_product_allows_it(self) -> None:
        ToyKind.catalogue[2] = Toy(at_the_door=False)
        with self.assertRaises(OrderNotPlaced):
            self.place_new_order(1, 2, due=Due.DOOR)
        self.assertEqual(toy_states(self.place_new_order(1, due=Due.DOOR)), ["confirmed"])

    def test_free_order_is_paid_immediately_without_a_payment(self) -> None:
        ToyKind.catalogue[1] = Toy("0")
        order = self.place_new_order(1)
        self.assertEqual((order.state, toy_states(order)), (State.PAID, ["confirmed"]))
        self.assertFalse(order.payments.exists())
        self.assertEqual(self.events_of(order), ["order_paid"])

    def test_database_refuses_a_second_cart_for_one_account(self) -> None:
        cart.create_cart(self.alice)
        with self.assertRaises(IntegrityError), transaction.atomic():
            cart.create_cart(self.alice)


def take_half_off_from_now_on(price: Price, request: PriceRequest) -> Price:
    if request.ordered_at < LaterPriceRuleTest.begins:
        return price
    return price.adjust("half", ((key, "Half", -amount / 2) for key, amount in price.lines.items()))


class LaterPriceRuleTest(BillingTestCase):
    begins: ClassVar[datetime]

    def test_price_rule_that_begins_later_leaves_earlier_orders_alone(self) -> None:
        type(self).begins = self.time_in_days(1)
        earlier = self.place_new_order(1)
        rules = [*settings.PRICE_RULES[:-1], f"{__name__}.take_half_off_from_now_on", settings.PRICE_RULES[-1]]
        with override_settings(PRICE_RULES=rules):
            self.assertEqual(balances.open_balance(earlier, self.time_in_days(0.001)), 70)
            snapshot = order_snapshot.load_order_snapshots([earlier.pk], self.time_in_days(2))[earlier.pk]
            self.assertEqual(compute_price(snapshot.priced_order.price_request).total, 70)
            self.now = self.time_in_days(2)
            self.assertEqual(self.place_new_order(1).early_total, 35)


class OrderPaymentTest(BillingTestCase):
    def test_paid_order_is_confirmed_and_publishes_one_paid_event(self) -> None:
        order = self.place_new_order(1)
        payment = self.pay_order(order)
        payment.change_status("confirmed")
        self.assertEqual((order.state, order.amount_charged, order.paid_at is not None), (State.PAID, 70, True))
        self.assertEqual((toy_states(order), balances.overpaid_amount(order)), (["confirmed"], 0))
        self.assertEqual(self.events_of(order), ["order_paid"])

    def test_balance_is_the_early_price_until_the_first_class_starts_and_the_regular_price_afterwards(self) -> None:
        order = self.place_new_order(3, due=Due.DOOR)
        self.assertEqual(balances.open_balance(order, self.time_in_days(2)), 60)
        self.assertEqual(balances.open_balance(order, self.time_in_days(2) + MOMENT), order.regular_total)

    def test_double_click_starts_one_payment_attempt(self) -> None:
        order = self.place_new_order(1)
        self.assertEqual(
            attempts.start_attempt(order, "practice", self.now), attempts.start_attempt(order, "practice", self.now)
        )

    def test_order_can_be_paid_after_a_failed_attempt(self) -> None:
        order = self.place_new_order(1)
        attempts.start_attempt(order, "practice", self.now).change_status("rejected", "no")
        self.pay_order(order)
        self.assertEqual(order.state, State.PAID)
        self.assertEqual(self.events_of(order), ["order_paid"])

    def test_wrong_amount_or_currency_opens_a_payment_issue_and_confirms_nothing(self) -> None:
        order = self.place_new_order(1)
        payment = attempts.start_attempt(order, "practice", self.now)
        for taken in (attempts.PaymentCaptured(Decimal(1), "USD"), attempts.PaymentCaptured(Decimal(70), "EUR")):
            self.assertFalse(attempts.confirm_payment(payment, taken))
        order.refresh_from_db()
        self.assertEqual((order.state, Payment.objects.get().status), (State.PLACED, "error"))
        self.assertEqual(PaymentIssue.objects.filter(kind=PaymentIssue.Kind.WRONG_AMOUNT).count(), 2)

    def test_confirmed_payment_overrides_an_earlier_cancellation(self) -> None:
        order = self.place_new_order(1)
        payment = attempts.start_attempt(order, "practice", self.now)
        payment.change_status("cancelled")
        payment.change_status("confirmed")
        self.assertEqual(Order.objects.get().state, State.PAID)

    def test_forbidden_or_unknown_payment_status_is_ignored(self) -> None:
        payment = self.pay_order(self.place_new_order(1))
        for status in ("waiting", "rejected", "no-such-status"):
            payment.change_status(status)
            self.assertEqual(Payment.objects.get().status, "confirmed")

    def test_saving_a_stale_payment_does_not_overwrite_its_status(self) -> None:
        order = self.place_new_order(1)
        stale = attempts.start_attempt(order, "practice", self.now)
        self.pay_order(order)
        stale.save()
        stale.change_fraud_status("accept")
        self.assertEqual((Payment.objects.get().status, Payment.objects.get().captured_amount), ("confirmed", 70))

    def test_overpayment_opens_a_payment_issue(self) -> None:
        order = self.place_new_order(1)
        first = attempts.start_attempt(order, "practice", self.now)
        second = create_second_attempt(order, "cash")
        first.change_status("confirmed")
        second.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual(balances.overpaid_amount(order), 70)
        self.assertEqual(PaymentIssue.objects.get().kind, PaymentIssue.Kind.OVERPAID)

    def test_overpayment_issue_formats_the_amount_with_the_decimals_of_its_currency(self) -> None:
        for currency, price, formatted_amount in (
            ("JPY", "500", "¥500"),
            ("KWD", "1.5", "KWD\N{NO-BREAK SPACE}1.500"),
            ("USD", "60", "$60.00"),
        ):
            with self.subTest(currency), override_settings(CURRENCY=currency):
                ToyKind.catalogue[9] = Toy(price)
                order = self.place_new_order(9)
                first = attempts.start_attempt(order, "practice", self.now)
                second = create_second_attempt(order, "cash")
                first.change_status("confirmed")
                second.change_status("confirmed")
                self.assertEqual(
                    PaymentIssue.objects.get(order=order).description, f"{formatted_amount} more than the order costs."
                )

    def test_paid_product_that_cannot_be_confirmed_opens_a_payment_issue_and_keeps_the_payment(self) -> None:
        order = self.place_new_order(1)
        ToyKind.catalogue.clear()
        self.pay_order(order)
        self.assertEqual((order.state, PaymentIssue.objects.get().kind), (State.PAID, PaymentIssue.Kind.NOT_CONFIRMED))

    def test_desk_records_a_partial_payment_and_later_the_rest(self) -> None:
        order = self.place_new_order(1, due=Due.DOOR)
        for amount, state in ((30, State.PLACED), (40, State.PAID)):
            attempts.record_desk_payment(order, "cash", Decimal(amount), by=self.sam, received_on=self.date_in_days())
            order.refresh_from_db()
            self.assertEqual(order.state, state)
        with self.assertRaises(NoOpenBalance):
            attempts.record_desk_payment(order, "cash", Decimal(1), by=self.sam, received_on=self.date_in_days())

    def test_cash_received_on_an_earlier_day_pays_the_price_of_that_day(self) -> None:
        order = self.place_new_order(3, due=Due.DOOR)
        ToyKind.catalogue[3].starts = None
        line = order.lines.get()
        line.price_facts["first_meeting_at"] = self.time_in_days(-1).isoformat()
        line.save()
        self.assertEqual(balances.open_balance(order, self.now), 65)
        attempts.record_desk_payment(order, "cash", Decimal(60), by=self.sam, received_on=self.date_in_days(-3))
        order.refresh_from_db()
        self.assertEqual((order.state, order.amount_charged), (State.PAID, 60))


class OrderExpirationTest(BillingTestCase):
    def test_only_an_order_that_is_due_now_expires(self) -> None:
        now, door = self.place_new_order(1), self.place_new_order(1, due=Due.DOOR)
        self.assertEqual(transitions.expire_overdue_holds(self.time_in_days(1)), 1)
        now.refresh_from_db()
        door.refresh_from_db()
        self.assertEqual((now.state, toy_states(now)), (State.EXPIRED, ["released"]))
        self.assertEqual((door.state, toy_states(door)), (State.PLACED, ["confirmed"]))
        self.assertEqual(self.mails_of(now), ["order_expired"])

    def test_order_past_its_hold_cannot_be_paid_even_before_the_job_expires_it(self) -> None:
        order = self.place_new_order(1)
        self.assertTrue(order.can_be_paid(self.now + HOLD - MOMENT))
        with self.assertRaises(NoOpenBalance):
            attempts.start_attempt(order, "practice", self.now + HOLD)

    def test_hold_ends_exactly_at_its_deadline(self) -> None:
        order = self.place_new_order(1)
        before, deadline = self.now + HOLD - timedelta(microseconds=1), self.now + HOLD
        self.assertEqual([order.has_expired(at) for at in (before, deadline)], [False, True])
        self.assertEqual([order.can_be_paid(at) for at in (before, deadline)], [True, False])
        self.assertEqual([transitions.expire_overdue_holds(at) for at in (before, deadline)], [0, 1])

    def test_hold_reminder_is_sent_once(self) -> None:
        order = self.place_new_order(1)
        self.assertEqual(
            [
                transitions.remind_of_expiring_holds(self.now),
                transitions.remind_of_expiring_holds(self.now + HOLD - MOMENT),
            ],
            [0, 1],
        )
        self.assertEqual(transitions.remind_of_expiring_holds(self.now + HOLD - MOMENT), 0)
        self.assertEqual(self.mails_of(order), ["hold_reminder"])

    def place_and_pay_late(self, *products: int) -> Order:
        """The payer paid on time, but the gateway confirms the payment after the hold has ended."""
        order = self.place_new_order(*products)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now - MOMENT)
        self.before_late_payment(order)
        payment.change_status("confirmed")
        run_all()
        order.refresh_from_db()
        return order

    def before_late_payment(self, order: Order) -> None:
        pass

    def test_late_payment_confirms_the_order_while_a_spot_is_available(self) -> None:
        order = self.place_and_pay_late(1)
        self.assertEqual(
            (order.state, toy_states(order), balances.overpaid_amount(order)), (State.PAID, ["confirmed"], 0)
        )
        self.assertEqual(self.events_of(order), ["order_paid"])
        self.assertEqual(self.mails_of(order, state="sent"), ["receipt", "late_payment_received"])

    def test_late_payment_is_refunded_when_no_spot_is_left(self) -> None:
        ToyKind.catalogue[1].stock = 1
        self.before_late_payment = lambda order: (transitions.expire_order(order, self.now), self.place_new_order(1))  # type: ignore[method-assign]
        order = self.place_and_pay_late(1)
        self.assertEqual(
            (order.state, toy_states(order), balances.amount_received(order)), (State.EXPIRED, ["released"], 0)
        )
        self.assertEqual(delivery_problems(), [])
        self.assertEqual(order.payments.get().status, "refunded")

    @override_settings(LATE_PAYMENT="credit")
    def test_late_payment_becomes_account_credit_when_the_school_chose_credit(self) -> None:
        ToyKind.catalogue[1].stock = 1
        self.before_late_payment = lambda order: (  # type: ignore[method-assign]
            Order.objects.filter(pk=order.pk).update(payer=self.alice),
            transitions.expire_order(order, self.now),
            self.place_new_order(1),
        )
        order = self.place_and_pay_late(1)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), balances.overpaid_amount(order)), (70, 0))

    def test_late_payment_confirms_available_lines_and_refunds_the_rest(self) -> None:
        ToyKind.catalogue[2].stock = 1
        self.before_late_payment = lambda order: (transitions.expire_order(order, self.now), self.place_new_order(2))  # type: ignore[method-assign]
        order = self.place_and_pay_late(1, 2)
        self.assertEqual((order.state, order.amount_charged, balances.amount_received(order)), (State.PAID, 70, 70))
        self.assertEqual(toy_states(order), ["confirmed", "released"])

    def test_late_payment_for_an_order_canceled_by_the_payer_is_refunded(self) -> None:
        self.before_late_payment = lambda order: (  # type: ignore[method-assign]
            Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(1)),
            transitions.cancel_unpaid_order(order, at=self.now),
        )
        order = self.place_and_pay_late(1)
        self.assertEqual((order.state, balances.amount_received(order)), (State.CANCELED, 0))


class PartialPaymentTest(BillingTestCase):
    def test_partial_payment_is_refunded_when_the_order_is_canceled_or_expires(self) -> None:
        for end in (
            lambda order: transitions.cancel_unpaid_order(order, at=self.now),
            lambda order: transitions.expire_order(order, self.time_in_days(1)),
        ):
            order = self.place_new_order(1)
            attempts.record_desk_payment(order, "cash", Decimal(30), by=self.sam, received_on=self.date_in_days())
            end(order)
            self.assertEqual(balances.amount_received(order), 0)


class PayAtDoorTest(BillingTestCase):
    def test_unpaid_order_can_switch_to_pay_at_the_door_and_keep_its_spot(self) -> None:
        order = self.place_new_order(1)
        pay_at_door.switch_to_pay_at_door(order, self.now, is_owner=True)
        pay_at_door.switch_to_pay_at_door(order, self.now, is_owner=True)
        order.refresh_from_db()
        self.assertEqual(
            (order.due_kind, toy_states(order), order.has_expired(self.time_in_days(9))),
            (Due.DOOR, ["confirmed"], False),
        )
        self.pay_order(order)
        self.assertEqual(order.state, State.PAID)

    def test_expired_order_or_online_only_product_cannot_switch_to_pay_at_the_door(self) -> None:
        with self.assertRaises(OrderTransitionRefused):
            pay_at_door.switch_to_pay_at_door(self.place_new_order(1), self.time_in_days(1))
        ToyKind.catalogue[1].at_the_door = False
        with self.assertRaises(OrderTransitionRefused):
            pay_at_door.switch_to_pay_at_door(self.place_new_order(1), self.now)


class AccountCreditTest(BillingTestCase):
    def adjust_alices_credit(self, amount: int) -> None:
        credit.adjust_credit(self.alice, Decimal(amount), "USD", why="A cancelled evening", by=self.sam)

    def test_credit_entries_that_add_up_to_zero_leave_no_balance(self) -> None:
        for amount in ("0.10", "0.20", "-0.30"):
            credit.adjust_credit(self.alice, Decimal(amount), "USD", why="Cents", by=self.ada)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 0)
        self.assertEqual(credit.credit_balances(self.alice), [])

    def test_credit_is_spent_on_placement_and_returned_when_the_order_expires(self) -> None:
        self.adjust_alices_credit(20)
        order = self.place_new_order(1, payer=self.alice)
        self.assertEqual((order.early_total, credit.credit_balance(self.alice, "USD")), (50, 0))
        transitions.expire_order(order, self.time_in_days(1))
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 20)

    def test_late_payment_spends_the_returned_credit_again(self) -> None:
        self.adjust_alices_credit(20)
        order = self.place_new_order(1, payer=self.alice)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now - MOMENT)
        transitions.expire_order(order, self.now)
        payment.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual((order.state, credit.credit_balance(self.alice, "USD")), (State.PAID, 0))

    def test_late_payment_is_refunded_when_the_credit_is_no_longer_available(self) -> None:
        self.adjust_alices_credit(20)
        order = self.place_new_order(1, payer=self.alice)
        payment = attempts.start_attempt(order, "practice", self.now)
        transitions.expire_order(order, self.time_in_days(1))
        self.adjust_alices_credit(-20)
        payment.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual(
            (order.state, toy_states(order), balances.amount_received(order)), (State.EXPIRED, ["released"], 0)
        )

    def test_order_fully_covered_by_credit_is_paid(self) -> None:
        self.adjust_alices_credit(100)
        order = self.place_new_order(1, payer=self.alice)
        self.assertEqual((order.state, credit.credit_balance(self.alice, "USD")), (State.PAID, 30))

    def test_desk_cannot_take_back_more_credit_than_the_balance(self) -> None:
        self.adjust_alices_credit(20)
        with self.assertRaises(InsufficientCredit):
            self.adjust_alices_credit(-21)

    def test_credit_entries_cannot_be_changed_or_deleted(self) -> None:
        self.adjust_alices_credit(20)
        entry = self.alice.credit_entries.get()
        for change in (entry.save, entry.delete):
            with self.assertRaises(TypeError):
                change()


class DiscountCodeTest(BillingTestCase):
    def code(self, **fields: object) -> DiscountCode:
        return DiscountCode.objects.create(**{"code": "Spring", "percent": 10} | fields)

    def test_code_is_case_insensitive_and_a_placed_order_keeps_its_discount(self) -> None:
        code = self.code()
        order = self.create_cart(1)
        cart.set_discount_code(order, " SPRING ", self.now)
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        DiscountCode.objects.filter(pk=code.pk).update(percent=50)
        self.assertEqual(balances.open_balance(order, self.now), 63)

    def test_code_outside_its_dates_or_use_limit_is_refused(self) -> None:
        for fields, sentence in (
            ({"valid_from": self.time_in_days(1)}, discount_codes.EARLY),
            ({"valid_until": self.time_in_days(-1)}, discount_codes.EXPIRED),
            ({"limit": 0}, discount_codes.USED_UP),
        ):
            code = self.code(**fields)
            with self.assertRaisesMessage(DiscountCodeRefused, sentence):
                discount_codes.check_code(code, None, self.now)
            code.delete()

    def test_expired_order_does_not_count_as_a_use_of_its_code(self) -> None:
        code = self.code(limit=1)
        order = self.create_cart(1)
        cart.set_discount_code(order, "spring", self.now)
        placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual(discount_codes.count_code_uses(code, self.now), 1)
        self.assertEqual(discount_codes.count_code_uses(code, self.time_in_days(1)), 0)

    def test_personal_code_is_reported_as_unknown_to_other_payers(self) -> None:
        code = self.code(student=self.student)
        self.assertEqual(discount_codes.check_code(code, self.alice, self.now), code)
        for payer in (None, self.sam):
            with self.assertRaisesMessage(DiscountCodeRefused, discount_codes.UNKNOWN):
                discount_codes.check_code(code, payer, self.now)

    def test_code_must_be_either_a_percentage_or_an_amount(self) -> None:
        for fields in ({"amount": 5}, {"percent": None}, {"percent": 101}, {"product_id": 3}):
            with self.assertRaises(IntegrityError), transaction.atomic():
                self.code(**fields)


class CartTest(BillingTestCase):
    def test_anonymous_cart_is_merged_into_the_account_cart_at_login(self) -> None:
        account_cart = self.create_cart(1, payer=self.alice)
        anonymous_cart = self.create_cart(2)
        self.assertEqual(cart.merge_into_account_cart(anonymous_cart, self.alice), account_cart)
        self.assertEqual(sorted(account_cart.lines.values_list("product_id", flat=True)), [1, 2])
        self.assertFalse(Order.objects.filter(pk=anonymous_cart.pk).exists())

    def test_cart_of_another_account_is_never_merged(self) -> None:
        alices_cart = self.create_cart(1, payer=self.alice)
        cart.merge_into_account_cart(alices_cart, self.sam)
        alices_cart.refresh_from_db()
        self.assertEqual(alices_cart.payer, self.alice)

    def test_unavailable_product_in_the_cart_has_a_problem_and_the_rest_keeps_its_price(self) -> None:
        order = self.create_cart(1, 2)
        del ToyKind.catalogue[2]
        sight = cart.price_cart(order, self.now)
        self.assertEqual([bool(seen.problems) for seen in sight.lines], [False, True])
        self.assertEqual(sight.quote.now.total, 70)

    def test_adding_a_line_to_a_full_cart_is_refused(self) -> None:
        order = self.create_cart(*range(1, 21))
        with self.assertRaises(CartFull):
            cart.add_line(order, "toy", 99, {})

    def test_abandoned_carts_are_deleted(self) -> None:
        order = self.create_cart(1)
        Order.objects.filter(pk=order.pk).update(created_at=self.time_in_days(-31))
        self.place_new_order(1)
        cart.delete_abandoned_carts()
        self.assertEqual(Order.objects.count(), 1)
