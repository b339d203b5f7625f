from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction
from django.test import override_settings

from billing.domain.orders import cart, pay_at_door, placement, transitions
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit, discount_codes
from billing.models import Adjustment, Case, Code, Order, Payment
from outbox.testing import delivery_problems, run_all
from tests.billing.base import BillingTestCase, second_attempt
from tests.billing.toys import Toy, ToyKind, states

HOLD = timedelta(minutes=settings.HOLD_MINUTES)
MOMENT = timedelta(seconds=1)
Due, State = Order.Due, Order.State


class PlaceTest(BillingTestCase):
    def test_placing_stores_what_was_quoted_and_holds_every_line(self) -> None:
        order = self.placed(1, 3)
        self.assertEqual((order.state, order.due, order.held_until), (State.PLACED, Due.NOW, self.now + HOLD))
        self.assertEqual((order.now_total, order.door_total), (Decimal(130), Decimal(135)))
        self.assertEqual(states(order), ["held", "held"])
        for plan, total in (("now", order.now_total), ("door", order.door_total)):
            parts = Adjustment.objects.filter(line__order=order, plan=plan)
            self.assertEqual(sum(part.amount for part in parts), total)
        self.assertEqual(order.lines.get(product_id=1).title, "Toy 1")
        self.assertEqual(self.told(order), ["order_placed"])

    def test_a_second_click_finds_the_order_placed(self) -> None:
        order = self.cart(1)
        placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        with self.assertRaises(placement.OrderAlreadyPlaced):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)

    def test_an_empty_cart_is_not_placed(self) -> None:
        with self.assertRaises(placement.OrderNotPlaced):
            self.placed()

    def test_a_price_that_changed_since_it_was_shown_is_shown_again(self) -> None:
        order = self.cart(1)
        ToyKind.catalogue[1] = Toy("71")
        with self.assertRaises(placement.PriceChanged):
            placement.place_order(order, placement.PlacementOptions(), seen=(Decimal(70), Decimal(70)), at=self.now)
        order.refresh_from_db()
        self.assertEqual((order.state, states(order)), (State.CART, [""]))

    def test_when_one_product_is_gone_nothing_is_held_and_the_cart_stays(self) -> None:
        ToyKind.catalogue[2] = Toy(stock=0)
        order = self.cart(1, 2)
        with self.assertRaisesMessage(placement.OrderNotPlaced, "Toy 2: sold out"):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual((Order.objects.get(pk=order.pk).state, states(order)), (State.CART, ["", ""]))

    def test_a_product_that_goes_while_we_hold_it_takes_everything_back(self) -> None:
        ToyKind.catalogue[1] = Toy(stock=1)
        order = self.cart(1, 1)
        with self.assertRaises(placement.OrderNotPlaced):
            placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual((Order.objects.get(pk=order.pk).state, states(order)), (State.CART, ["", ""]))
        self.assertFalse(Adjustment.objects.exists())

    def test_the_door_is_open_only_where_every_product_allows_it(self) -> None:
        ToyKind.catalogue[2] = Toy(at_the_door=False)
        with self.assertRaises(placement.OrderNotPlaced):
            self.placed(1, 2, due=Due.DOOR)
        self.assertEqual(states(self.placed(1, due=Due.DOOR)), ["confirmed"])

    def test_an_order_without_a_total_is_paid_at_once_and_without_a_payment(self) -> None:
        ToyKind.catalogue[1] = Toy("0")
        order = self.placed(1)
        self.assertEqual((order.state, states(order)), (State.PAID, ["confirmed"]))
        self.assertFalse(order.payments.exists())
        self.assertEqual(self.told(order), ["order_placed", "order_paid"])

    def test_two_carts_of_one_account_are_refused_by_the_database(self) -> None:
        cart.create_cart(self.alice)
        with self.assertRaises(IntegrityError), transaction.atomic():
            cart.create_cart(self.alice)


class PayTest(BillingTestCase):
    def test_a_paid_order_is_confirmed_and_told_once(self) -> None:
        order = self.placed(1)
        payment = self.pay(order)
        payment.change_status("confirmed")
        self.assertEqual((order.state, order.charged, order.paid_at is not None), (State.PAID, 70, True))
        self.assertEqual((states(order), balances.overpaid_amount(order)), (["confirmed"], 0))
        self.assertEqual(self.told(order), ["order_placed", "order_paid"])

    def test_paid_by_the_first_meeting_is_paid_in_advance_and_after_it_the_second_total_holds(self) -> None:
        order = self.placed(3, due=Due.DOOR)
        self.assertEqual(balances.open_balance(order, self.day(2)), 60)
        self.assertEqual(balances.open_balance(order, self.day(2) + MOMENT), order.door_total)

    def test_a_double_click_begins_one_attempt(self) -> None:
        order = self.placed(1)
        self.assertEqual(
            attempts.start_attempt(order, "practice", self.now), attempts.start_attempt(order, "practice", self.now)
        )

    def test_after_a_failed_attempt_a_new_one_can_be_made(self) -> None:
        order = self.placed(1)
        attempts.start_attempt(order, "practice", self.now).change_status("rejected", "no")
        self.pay(order)
        self.assertEqual(order.state, State.PAID)
        self.assertEqual(self.told(order), ["order_placed", "payment_failed", "order_paid"])

    def test_another_amount_or_currency_is_a_case_and_never_a_confirmation(self) -> None:
        order = self.placed(1)
        payment = attempts.start_attempt(order, "practice", self.now)
        for taken in (attempts.PaymentCaptured(Decimal(1), "USD"), attempts.PaymentCaptured(Decimal(70), "EUR")):
            self.assertFalse(attempts.confirm_payment(payment, taken))
        order.refresh_from_db()
        self.assertEqual((order.state, Payment.objects.get().status), (State.PLACED, "error"))
        self.assertEqual(Case.objects.filter(kind=Case.Kind.WRONG_AMOUNT).count(), 2)

    def test_money_that_moved_wins_over_a_refusal_said_before(self) -> None:
        order = self.placed(1)
        payment = attempts.start_attempt(order, "practice", self.now)
        payment.change_status("cancelled")
        payment.change_status("confirmed")
        self.assertEqual(Order.objects.get().state, State.PAID)

    def test_a_forbidden_or_unknown_status_changes_nothing(self) -> None:
        payment = self.pay(self.placed(1))
        for status in ("waiting", "rejected", "no-such-status"):
            payment.change_status(status)
            self.assertEqual(Payment.objects.get().status, "confirmed")

    def test_a_full_save_of_a_stale_copy_writes_no_status(self) -> None:
        order = self.placed(1)
        stale = attempts.start_attempt(order, "practice", self.now)
        self.pay(order)
        stale.save()
        stale.change_fraud_status("accept")
        self.assertEqual((Payment.objects.get().status, Payment.objects.get().captured_amount), ("confirmed", 70))

    def test_paying_twice_is_a_case_for_a_person(self) -> None:
        order = self.placed(1)
        first = attempts.start_attempt(order, "practice", self.now)
        second = second_attempt(order, "cash")
        first.change_status("confirmed")
        second.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual(balances.overpaid_amount(order), 70)
        self.assertEqual(Case.objects.get().kind, Case.Kind.OVERPAID)

    def test_the_case_says_the_amount_with_the_decimals_of_its_currency(self) -> None:
        for currency, price, said in (
            ("JPY", "500", "¥500"),
            ("KWD", "1.5", "KWD\N{NO-BREAK SPACE}1.500"),
            ("USD", "60", "$60.00"),
        ):
            with self.subTest(currency), override_settings(CURRENCY=currency):
                ToyKind.catalogue[9] = Toy(price)
                order = self.placed(9)
                first = attempts.start_attempt(order, "practice", self.now)
                second = second_attempt(order, "cash")
                first.change_status("confirmed")
                second.change_status("confirmed")
                self.assertEqual(Case.objects.get(order=order).text, f"{said} more than the order costs.")

    def test_what_cannot_be_given_to_a_payer_becomes_a_case_and_the_money_stays(self) -> None:
        order = self.placed(1)
        ToyKind.catalogue.clear()
        self.pay(order)
        self.assertEqual((order.state, Case.objects.get().kind), (State.PAID, Case.Kind.NOT_CONFIRMED))

    def test_the_desk_takes_part_of_it_and_later_the_rest(self) -> None:
        order = self.placed(1, due=Due.DOOR)
        for amount, state in ((30, State.PLACED), (40, State.PAID)):
            attempts.record_desk_payment(order, "cash", Decimal(amount), by=self.sam, received_on=self.local_day())
            order.refresh_from_db()
            self.assertEqual(order.state, state)
        with self.assertRaises(attempts.NoOpenBalance):
            attempts.record_desk_payment(order, "cash", Decimal(1), by=self.sam, received_on=self.local_day())

    def test_cash_of_an_earlier_day_counts_from_that_day(self) -> None:
        order = self.placed(3, due=Due.DOOR)
        ToyKind.catalogue[3].starts = None
        line = order.lines.get()
        line.facts["starts"] = self.day(-1).isoformat()
        line.save()
        self.assertEqual(balances.open_balance(order, self.now), 65)
        attempts.record_desk_payment(order, "cash", Decimal(60), by=self.sam, received_on=self.local_day(-3))
        order.refresh_from_db()
        self.assertEqual((order.state, order.charged), (State.PAID, 60))


class LapseTest(BillingTestCase):
    def test_only_an_order_that_is_due_now_lapses(self) -> None:
        now, door = self.placed(1), self.placed(1, due=Due.DOOR)
        self.assertEqual(transitions.expire_overdue_holds(self.day(1)), 1)
        now.refresh_from_db()
        door.refresh_from_db()
        self.assertEqual((now.state, states(now)), (State.LAPSED, ["released"]))
        self.assertEqual((door.state, states(door)), (State.PLACED, ["confirmed"]))
        self.assertEqual(self.told(now), ["order_placed", "order_lapsed"])

    def test_what_lapsed_cannot_be_paid_even_before_the_job_wrote_it_down(self) -> None:
        order = self.placed(1)
        self.assertTrue(order.can_be_paid(self.now + HOLD - MOMENT))
        with self.assertRaises(attempts.NoOpenBalance):
            attempts.start_attempt(order, "practice", self.now + HOLD)

    def test_a_hold_is_over_at_its_deadline_to_the_microsecond(self) -> None:
        order = self.placed(1)
        before, deadline = self.now + HOLD - timedelta(microseconds=1), self.now + HOLD
        self.assertEqual([order.has_lapsed(at) for at in (before, deadline)], [False, True])
        self.assertEqual([order.can_be_paid(at) for at in (before, deadline)], [True, False])
        self.assertEqual([transitions.expire_overdue_holds(at) for at in (before, deadline)], [0, 1])

    def test_the_reminder_comes_once(self) -> None:
        order = self.placed(1)
        self.assertEqual(
            [
                transitions.remind_of_expiring_holds(self.now),
                transitions.remind_of_expiring_holds(self.now + HOLD - MOMENT),
            ],
            [0, 1],
        )
        self.assertEqual(transitions.remind_of_expiring_holds(self.now + HOLD - MOMENT), 0)
        self.assertIn("hold_ending", self.told(order))

    def late(self, *products: int) -> Order:
        """Paid on time as far as the payer knows, though the answer comes after the hold."""
        order = self.placed(*products)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now - MOMENT)
        self.before_late(order)
        payment.change_status("confirmed")
        run_all()
        order.refresh_from_db()
        return order

    def before_late(self, order: Order) -> None:
        pass

    def test_a_late_payment_is_honoured_while_there_is_a_place(self) -> None:
        order = self.late(1)
        self.assertEqual((order.state, states(order), balances.overpaid_amount(order)), (State.PAID, ["confirmed"], 0))
        self.assertEqual(self.told(order), ["order_placed", "order_lapsed", "order_paid", "payment_late"])

    def test_without_a_place_the_money_goes_back(self) -> None:
        ToyKind.catalogue[1].stock = 1
        self.before_late = lambda order: (transitions.expire_order(order, self.now), self.placed(1))  # type: ignore[method-assign]
        order = self.late(1)
        self.assertEqual((order.state, states(order), balances.amount_received(order)), (State.LAPSED, ["released"], 0))
        self.assertEqual(delivery_problems(), [])
        self.assertEqual(order.payments.get().status, "refunded")

    @override_settings(LATE_PAYMENT="credit")
    def test_or_becomes_credit_where_the_school_says_so_and_there_is_an_account(self) -> None:
        ToyKind.catalogue[1].stock = 1
        self.before_late = lambda order: (  # type: ignore[method-assign]
            Order.objects.filter(pk=order.pk).update(payer=self.alice),
            transitions.expire_order(order, self.now),
            self.placed(1),
        )
        order = self.late(1)
        self.assertEqual((credit.credit_balance(self.alice, "USD"), balances.overpaid_amount(order)), (70, 0))

    def test_the_part_that_is_left_is_honoured_and_the_rest_goes_back(self) -> None:
        ToyKind.catalogue[2].stock = 1
        self.before_late = lambda order: (transitions.expire_order(order, self.now), self.placed(2))  # type: ignore[method-assign]
        order = self.late(1, 2)
        self.assertEqual((order.state, order.charged, balances.amount_received(order)), (State.PAID, 70, 70))
        self.assertEqual(states(order), ["confirmed", "released"])

    def test_what_the_payer_cancelled_is_not_taken_up_again(self) -> None:
        self.before_late = lambda order: (  # type: ignore[method-assign]
            Order.objects.filter(pk=order.pk).update(held_until=self.day(1)),
            transitions.cancel_unpaid_order(order, at=self.now),
        )
        order = self.late(1)
        self.assertEqual((order.state, balances.amount_received(order)), (State.CANCELLED, 0))


class PartlyPaidTest(BillingTestCase):
    def test_what_was_paid_in_part_goes_back_when_the_order_is_cancelled_or_lapses(self) -> None:
        for end in (
            lambda order: transitions.cancel_unpaid_order(order, at=self.now),
            lambda order: transitions.expire_order(order, self.day(1)),
        ):
            order = self.placed(1)
            attempts.record_desk_payment(order, "cash", Decimal(30), by=self.sam, received_on=self.local_day())
            end(order)
            self.assertEqual(balances.amount_received(order), 0)


class DoorTest(BillingTestCase):
    def test_keep_my_place_and_pay_at_the_door(self) -> None:
        order = self.placed(1)
        pay_at_door.switch_to_pay_at_door(order, self.now, is_owner=True)
        pay_at_door.switch_to_pay_at_door(order, self.now, is_owner=True)
        order.refresh_from_db()
        self.assertEqual((order.due, states(order), order.has_lapsed(self.day(9))), (Due.DOOR, ["confirmed"], False))
        self.pay(order)
        self.assertEqual(order.state, State.PAID)

    def test_not_after_it_lapsed_and_not_where_the_product_forbids_it(self) -> None:
        with self.assertRaises(transitions.OrderTransitionRefused):
            pay_at_door.switch_to_pay_at_door(self.placed(1), self.day(1))
        ToyKind.catalogue[1].at_the_door = False
        with self.assertRaises(transitions.OrderTransitionRefused):
            pay_at_door.switch_to_pay_at_door(self.placed(1), self.now)


class CreditTest(BillingTestCase):
    def give(self, amount: int) -> None:
        credit.adjust_credit(self.alice, Decimal(amount), "USD", why="A cancelled evening", by=self.sam)

    def test_amounts_that_come_to_nothing_come_to_nothing(self) -> None:
        for amount in ("0.10", "0.20", "-0.30"):
            credit.adjust_credit(self.alice, Decimal(amount), "USD", why="Cents", by=self.ada)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 0)
        self.assertEqual(credit.credit_balances(self.alice), [])

    def test_credit_is_spent_when_placed_and_comes_back_when_the_order_lapses(self) -> None:
        self.give(20)
        order = self.placed(1, payer=self.alice)
        self.assertEqual((order.now_total, credit.credit_balance(self.alice, "USD")), (50, 0))
        transitions.expire_order(order, self.day(1))
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 20)

    def test_a_late_payment_takes_the_credit_again(self) -> None:
        self.give(20)
        order = self.placed(1, payer=self.alice)
        payment = attempts.start_attempt(order, "practice", self.now)
        Order.objects.filter(pk=order.pk).update(held_until=self.now - MOMENT)
        transitions.expire_order(order, self.now)
        payment.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual((order.state, credit.credit_balance(self.alice, "USD")), (State.PAID, 0))

    def test_a_late_payment_goes_back_when_the_credit_went_elsewhere(self) -> None:
        self.give(20)
        order = self.placed(1, payer=self.alice)
        payment = attempts.start_attempt(order, "practice", self.now)
        transitions.expire_order(order, self.day(1))
        self.give(-20)
        payment.change_status("confirmed")
        order.refresh_from_db()
        self.assertEqual((order.state, states(order), balances.amount_received(order)), (State.LAPSED, ["released"], 0))

    def test_credit_that_covers_everything_pays_the_order(self) -> None:
        self.give(100)
        order = self.placed(1, payer=self.alice)
        self.assertEqual((order.state, credit.credit_balance(self.alice, "USD")), (State.PAID, 30))

    def test_more_credit_than_there_is_cannot_be_taken_back(self) -> None:
        self.give(20)
        with self.assertRaises(credit.InsufficientCredit):
            self.give(-21)

    def test_entries_are_never_changed(self) -> None:
        self.give(20)
        entry = self.alice.credit_entries.get()
        for change in (entry.save, entry.delete):
            with self.assertRaises(TypeError):
                change()


class CodeTest(BillingTestCase):
    def code(self, **fields: object) -> Code:
        return Code.objects.create(**{"text": "Spring", "percent": 10} | fields)

    def test_a_code_is_found_in_any_case_and_its_terms_stay_as_they_were_bought(self) -> None:
        code = self.code()
        order = self.cart(1)
        cart.set_discount_code(order, " SPRING ", self.now)
        order = placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        Code.objects.filter(pk=code.pk).update(percent=50)
        self.assertEqual(balances.open_balance(order, self.now), 63)

    def test_limits_in_number_and_time(self) -> None:
        for fields, sentence in (
            ({"valid_from": self.day(1)}, discount_codes.EARLY),
            ({"valid_until": self.day(-1)}, discount_codes.EXPIRED),
            ({"limit": 0}, discount_codes.USED_UP),
        ):
            code = self.code(**fields)
            with self.assertRaisesMessage(discount_codes.DiscountCodeRefused, sentence):
                discount_codes.check_code(code, None, self.now)
            code.delete()

    def test_an_order_that_lapsed_gives_its_use_back(self) -> None:
        code = self.code(limit=1)
        order = self.cart(1)
        cart.set_discount_code(order, "spring", self.now)
        placement.place_order(order, placement.PlacementOptions(), seen=None, at=self.now)
        self.assertEqual(discount_codes.count_code_uses(code, self.now), 1)
        self.assertEqual(discount_codes.count_code_uses(code, self.day(1)), 0)

    def test_a_personal_code_tells_a_stranger_as_much_as_one_that_does_not_exist(self) -> None:
        code = self.code(student=self.student)
        self.assertEqual(discount_codes.check_code(code, self.alice, self.now), code)
        for payer in (None, self.sam):
            with self.assertRaisesMessage(discount_codes.DiscountCodeRefused, discount_codes.UNKNOWN):
                discount_codes.check_code(code, payer, self.now)

    def test_a_code_is_a_percentage_or_an_amount(self) -> None:
        for fields in ({"amount": 5}, {"percent": None}, {"percent": 101}, {"product_id": 3}):
            with self.assertRaises(IntegrityError), transaction.atomic():
                self.code(**fields)


class CartTest(BillingTestCase):
    def test_at_log_in_what_was_chosen_before_joins_the_accounts_cart(self) -> None:
        mine = self.cart(1, payer=self.alice)
        before = self.cart(2)
        self.assertEqual(cart.merge_into_account_cart(before, self.alice), mine)
        self.assertEqual(sorted(mine.lines.values_list("product_id", flat=True)), [1, 2])
        self.assertFalse(Order.objects.filter(pk=before.pk).exists())

    def test_another_accounts_cart_is_never_taken_over(self) -> None:
        hers = self.cart(1, payer=self.alice)
        cart.merge_into_account_cart(hers, self.sam)
        hers.refresh_from_db()
        self.assertEqual(hers.payer, self.alice)

    def test_a_product_that_is_gone_is_said_so_and_the_rest_stays(self) -> None:
        order = self.cart(1, 2)
        del ToyKind.catalogue[2]
        sight = cart.price_cart(order, self.now)
        self.assertEqual([bool(seen.problems) for seen in sight.lines], [False, True])
        self.assertEqual(sight.quote.now.total, 70)

    def test_a_cart_has_room_for_so_many(self) -> None:
        order = self.cart(*range(1, 21))
        with self.assertRaises(cart.CartFull):
            cart.add_line(order, "toy", 99, {})

    def test_forgotten_carts_go(self) -> None:
        order = self.cart(1)
        Order.objects.filter(pk=order.pk).update(created_at=self.day(-31))
        self.placed(1)
        cart.delete_abandoned_carts()
        self.assertEqual(Order.objects.count(), 1)
