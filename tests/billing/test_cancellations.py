"""Cancellations by the payer and at the desk: the refund is quoted first and then applied as quoted."""

import re
from decimal import Decimal

from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_options import CancellationOption
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit
from billing.domain.refunds import reservations, terms
from billing.errors import AlreadyCanceled, CancellationChanged, OrderTransitionRefused
from billing.models import Dispute, Order, Refund
from billing.rules.terms import TermsStep
from history.models import Entry
from tests.billing.base import BillingTestCase
from tests.billing.exchanges import place_exchange_order
from tests.billing.toys import Toy, ToyKind, toy_states
from tests.page_text import text_of


class CancellationTestCase(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue = {1: Toy("70", multi="12"), 2: Toy("60", multi="10"), 3: Toy("50")}

    def paid(self, *products: int, **more: object) -> Order:
        order = self.place_new_order(*products, **more)  # type: ignore[arg-type]
        self.pay_order(order)
        return order

    def quotes(self, order: Order, *products: int) -> list[CancellationQuote]:
        lines = list(order.lines.filter(product_id__in=products or (1, 2, 3), canceled_at=None))
        return quoted_cancellation.quotes_for_payer(order, lines, self.now)

    def cancel_as_quoted(self, order: Order, quote: CancellationQuote) -> CancellationQuote:
        applied = quoted_cancellation.cancel_as_quoted(order, quote.option, self.now, seen=quote.fingerprint)
        order.refresh_from_db()
        return applied


class CancellationQuoteTest(CancellationTestCase):
    def test_quote_names_each_step_and_changes_nothing(self) -> None:
        ToyKind.catalogue[1].percent_back = "50"
        order = self.paid(1, 2)
        events_before = self.events_of(order)
        [quote] = self.quotes(order, 1)
        [part] = quote.parts
        self.assertEqual(
            [(row.text, row.amount) for row in part.rows],
            [("Price of Toy 1", 70), ("Multi-class discount no longer applies", -10)],
        )
        self.assertEqual((part.worth, part.refunded, part.kept), (60, 30, 30))
        self.assertEqual((self.events_of(order), toy_states(order)), (events_before, ["confirmed", "confirmed"]))
        self.assertFalse(Refund.objects.exists())

    def test_cancellation_refunds_the_quoted_amount(self) -> None:
        order = self.paid(1, 2)
        [quote] = self.quotes(order, 1)
        self.assertEqual(self.cancel_as_quoted(order, quote), quote)
        self.assertEqual(
            (Refund.objects.get().amount, order.amount_charged, toy_states(order)[0]), (60, 60, "released")
        )
        ended = order.lines.get(product_id=1).cancellation
        self.assertEqual((ended["by"], ended["back"]), ("terms", "60.00"))  # type: ignore[index]

    def test_outdated_quote_is_refused_and_nothing_is_canceled(self) -> None:
        order = self.paid(1, 2)
        [quote] = self.quotes(order, 1)
        reservations.refund_by_staff(order, Decimal(5), why="x", by=self.sam)
        with self.assertRaises(CancellationChanged):
            self.cancel_as_quoted(order, quote)
        self.assertEqual((Refund.objects.count(), toy_states(order)), (1, ["confirmed", "confirmed"]))
        [new_quote] = self.quotes(order, 1)
        self.assertEqual((new_quote.refunded, new_quote.parts[0].rows[-1].amount), (55, -5))

    def test_canceling_a_line_twice_refunds_it_once(self) -> None:
        order = self.paid(1, 2)
        [quote] = self.quotes(order, 1)
        self.cancel_as_quoted(order, quote)
        with self.assertRaises(AlreadyCanceled):
            self.cancel_as_quoted(order, quote)
        self.assertEqual(Refund.objects.count(), 1)

    def test_terms_that_give_credit_refund_money_to_a_payer_without_an_account(self) -> None:
        ToyKind.catalogue[1].gives = "credit"
        [quote] = self.quotes(self.paid(1))
        self.assertEqual((quote.refunded, quote.credit), (70, 0))
        order = self.paid(1, payer=self.alice)
        [quote] = self.quotes(order)
        self.assertEqual((quote.refunded, quote.credit), (0, 70))
        self.cancel_as_quoted(order, quote)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 70)

    def test_spent_credit_is_returned_as_credit_at_the_refund_percentage(self) -> None:
        ToyKind.catalogue[1].percent_back = "50"
        credit.adjust_credit(self.alice, Decimal(20), "USD", why="x", by=self.sam)
        order = self.paid(1, payer=self.alice)
        [quote] = self.quotes(order)
        self.assertEqual((quote.refunded, quote.parts[0].returned, quote.kept), (25, 10, 35))
        self.cancel_as_quoted(order, quote)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 10)

    def test_paid_order_is_canceled_line_by_line_under_the_terms_of_each_line(self) -> None:
        ToyKind.catalogue[2].percent_back = "0"
        order = self.paid(1, 2)
        [quote] = self.quotes(order)
        self.assertEqual((quote.refunded, quote.kept), (60, 60))
        self.cancel_as_quoted(order, quote)
        self.assertEqual((order.amount_charged, balances.overpaid_amount(order)), (60, 0))

    def test_canceling_unpaid_lines_costs_nothing(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        [quote] = self.quotes(order, 1)
        self.assertEqual((quote.due_before, quote.due, quote.kept), (120, 60, 0))
        self.cancel_as_quoted(order, quote)
        [rest] = self.quotes(order)
        self.assertEqual((rest.due_before, rest.due), (60, 0))
        self.cancel_as_quoted(order, rest)
        self.assertEqual((order.state, toy_states(order)), (Order.State.CANCELED, ["released", "released"]))
        with self.assertRaises(OrderTransitionRefused):
            self.quotes(order)

    def test_partial_payment_above_the_remaining_price_is_refunded(self) -> None:
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        attempts.record_desk_payment(order, "cash", Decimal(80), by=self.sam, received_on=self.date_in_days())
        [quote] = self.quotes(order, 1)
        self.assertEqual(quote.refunded, 20)
        self.cancel_as_quoted(order, quote)
        self.assertEqual((order.state, balances.overpaid_amount(order)), (Order.State.PAID, 0))

    def test_paid_line_that_was_never_confirmed_is_refunded_in_full(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        order = self.paid(1)
        line = order.lines.get()
        ToyKind().store_state(line, "held")
        self.assertEqual(self.quotes(order)[0].refunded, 70)

    def test_disputed_order_cannot_be_canceled(self) -> None:
        order = self.paid(1)
        Dispute.objects.create(payment=order.payments.get(), reference="d", amount=70)
        for attempt in (
            lambda: self.quotes(order),
            lambda: cancellation_options.check_can_be_canceled(order, self.now),
        ):
            with self.assertRaisesMessage(OrderTransitionRefused, "disputed at the bank"):
                attempt()

    def test_unpaid_product_that_has_started_or_ended_cannot_be_canceled_by_the_payer(self) -> None:
        order, unpaid = self.paid(1), self.place_new_order(1, due=Order.Due.DOOR)
        for used, sentence in (("1", "is over"), ("0.2", "isn’t paid yet")):
            ToyKind.catalogue[1].used = used
            with self.subTest(used), self.assertRaisesMessage(OrderTransitionRefused, sentence):
                self.quotes(unpaid)
        self.assertEqual(self.quotes(order)[0].refunded, 70)


class ExchangedLineCancellationTest(CancellationTestCase):
    """Canceling an exchanged line refunds each part from the order in which it was paid."""

    def exchanged(self, product: int, **how: object) -> tuple[Order, Order]:
        first = self.paid(3)
        old = first.lines.select_related("order").get()
        later = place_exchange_order(old, product, self.now, **how)
        if later.state == Order.State.PLACED and not how:
            self.pay_order(later)
        return first, later

    def test_exchanged_line_is_refunded_from_both_orders(self) -> None:
        first, later = self.exchanged(1)
        [quote] = self.quotes(later)
        self.assertEqual([row.amount for row in quote.parts[0].rows], [20, 50])
        self.cancel_as_quoted(later, quote)
        first.refresh_from_db()
        self.assertEqual((quote.refunded, first.amount_charged, later.amount_charged), (70, 0, 0))

    def test_exchange_does_not_improve_the_terms_of_the_original_line(self) -> None:
        ToyKind.catalogue[3].percent_back = "0"
        with override_settings(WITHDRAWAL_DAYS=14):
            _, later = self.exchanged(1)
            [quote] = self.quotes(later)
        self.assertEqual((quote.option.by, quote.refunded, quote.kept), ("withdrawal", 20, 50))
        staff = quoted_cancellation.quote_cancellation(
            later, CancellationOption.of_staff(later.lines.get(), TermsStep(), self.sam), self.now
        )
        self.assertEqual(staff.refunded, 70)

    def test_line_that_was_exchanged_away_cannot_be_canceled(self) -> None:
        first, _ = self.exchanged(1)
        with self.assertRaisesMessage(OrderTransitionRefused, "was exchanged"):
            self.quotes(first)
        self.assertEqual(terms.terms_of_lines(first, self.now), [])

    def test_dispute_about_the_original_order_blocks_canceling_the_exchanged_line(self) -> None:
        first, later = self.exchanged(1)
        Dispute.objects.create(payment=first.payments.get(), reference="d", amount=50)
        with self.assertRaisesMessage(OrderTransitionRefused, "disputed at the bank"):
            self.quotes(later)

    def test_canceling_an_exchange_with_an_open_balance_keeps_the_earlier_payment_under_the_terms(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        first, later = self.exchanged(1, due_kind="door", by_staff=self.sam)
        [quote] = self.quotes(later)
        self.assertEqual((quote.refunded, quote.kept, quote.due_before, quote.due), (0, 50, 20, 0))
        self.cancel_as_quoted(later, quote)
        first.refresh_from_db()
        self.assertEqual((first.amount_charged, later.state), (50, Order.State.CANCELED))


@override_settings(WITHDRAWAL_DAYS=14)
class WithdrawalTest(CancellationTestCase):
    def options(self, order: Order) -> list[tuple[str, Decimal, Decimal]]:
        return [(str(quote.option.by), quote.refunded, quote.credit) for quote in self.quotes(order)]

    def test_withdrawal_refunds_money_when_the_terms_are_less_generous(self) -> None:
        for toy in ({"percent_back": "30"}, {"gives": "credit"}, {}):
            ToyKind.catalogue[1] = Toy("70", **toy)
            with self.subTest(toy):
                self.assertEqual(self.options(self.paid(1, payer=self.alice)), [("withdrawal", 70, 0)])

    def test_withdrawal_after_the_start_keeps_the_used_share_unless_the_terms_are_better(self) -> None:
        ToyKind.catalogue[1].used = "0.2"
        order = self.paid(1)
        self.assertEqual(self.options(order), [("withdrawal", 70, 0)])
        ToyKind.catalogue[1].percent_back = "50"
        self.assertEqual(self.options(self.paid(1)), [("withdrawal", 56, 0)])
        with override_settings(WITHDRAWAL_KEEPS_USED=False):
            self.assertEqual(self.options(self.paid(1)), [("withdrawal", 70, 0)])

    def test_payer_chooses_between_withdrawal_and_a_larger_credit_under_the_terms(self) -> None:
        ToyKind.catalogue[1] = Toy("70", gives="credit", used="0.2")
        order = self.paid(1, payer=self.alice)
        self.assertEqual(self.options(order), [("withdrawal", 56, 0), ("terms", 0, 70)])

    def test_withdrawal_period_is_fixed_at_purchase_and_ends(self) -> None:
        ToyKind.catalogue[1].percent_back = "0"
        order = self.paid(1)
        with override_settings(WITHDRAWAL_DAYS=0):
            self.assertEqual(self.options(order), [("withdrawal", 70, 0)])
        self.now = self.time_in_days(15)
        self.assertEqual(self.options(order), [("terms", 0, 0)])


class CancellationPagesTest(CancellationTestCase):
    def url(self, order: Order, product: int) -> str:
        return order.lines.get(product_id=product).cancel_address

    def click(self, url: str, page: HttpResponse, **changed: str) -> HttpResponse:
        fields = dict(re.findall(r'name="(canceled_by|seen)" value="([^"]*)"', page.content.decode()))
        return self.client.post(url, fields | changed)  # type: ignore[return-value]

    def test_payer_sees_the_quote_and_confirms_it_once(self) -> None:
        order = self.paid(1, 2)
        url = self.url(order, 1)
        self.assertContains(self.client.get(order.address()), f"/order/{order.pk}/cancel/")
        page = self.client.get(url)
        self.assertContains(page, "Multi-class discount no longer applies")
        self.assertContains(page, "$60.00")
        answer = self.click(url, page)
        self.assertEqual(answer.status_code, 302)
        self.assertContains(self.client.get(order.address()), "Refund of $60.00 started.")
        self.assertEqual(Entry.objects.get(action="billing.canceled_by_terms").details["back"], "60.00")
        again = self.client.post(url, {"canceled_by": "terms", "seen": "x"}, follow=True)
        self.assertContains(again, "This is already canceled.")
        self.assertEqual(Refund.objects.count(), 1)

    def test_request_that_does_not_match_the_quote_cancels_nothing(self) -> None:
        order = self.paid(1, 2)
        url = self.url(order, 1)
        page = self.client.get(url)
        for changed in (
            {"seen": ""},
            {"seen": "ñ" * 99},
            {"canceled_by": "staff"},
            {"canceled_by": "withdrawal"},
            {"canceled_by": "\x00"},
        ):
            with self.subTest(changed):
                self.assertContains(self.click(url, page, **changed), "nothing has been canceled yet", status_code=409)
        self.assertEqual(toy_states(order), ["confirmed", "confirmed"])

    def test_unpaid_order_is_canceled_as_a_whole(self) -> None:
        order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        url = order.cancel_address
        page = self.client.get(url)
        self.assertContains(page, "Nothing will be due.")
        self.assertEqual(self.click(url, page).status_code, 302)
        order.refresh_from_db()
        self.assertEqual(order.state, Order.State.CANCELED)
        self.assertContains(self.client.get(url, follow=True), "This is already canceled.")

    def test_page_of_an_unpaid_order_names_the_credit_that_is_returned(self) -> None:
        credit.adjust_credit(self.alice, Decimal(20), "USD", why="x", by=self.sam)
        order = self.place_new_order(1, payer=self.alice, due=Order.Due.DOOR)
        self.log_in(self.alice)
        page = self.client.get(order.cancel_address)
        self.assertIn("Account credit returned $20.00", text_of(page))
        self.assertContains(page, "Nothing will be due.")
        done = self.client.get(self.click(order.cancel_address, page)["Location"])
        self.assertContains(done, "$20.00 was added to account credit.")

    def test_cancellation_page_is_not_found_for_other_accounts_or_lines_of_another_order(self) -> None:
        order, other = self.paid(1), self.paid(2)
        line = order.lines.get()
        self.log_in(self.sam)
        for name, args in (("order_cancel", [order.pk]), ("order_cancel_line", [order.pk, line.pk])):
            self.assertEqual(self.client.get(reverse(name, args=args)).status_code, 404)
        self.assertEqual(self.client.get(other.address("order_cancel_line", line.pk)).status_code, 404)

    def test_cancellation_page_of_a_disputed_order_says_so(self) -> None:
        order = self.paid(1)
        Dispute.objects.create(payment=order.payments.get(), reference="d", amount=70)
        url = self.url(order, 1)
        self.assertContains(self.client.get(url), "disputed at the bank")
        self.assertContains(self.client.post(url, {"canceled_by": "terms"}), "disputed at the bank", status_code=409)


class DeskCancellationTest(CancellationTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)
        self.order = self.paid(1, 2, payer=self.alice)
        self.line = self.order.lines.get(product_id=1)
        self.url = reverse("desk_cancel_line", args=[self.order.pk, self.line.pk])

    def send(self, **fields: str) -> HttpResponse:
        return self.client.post(self.url, {"percent": "100", "gives": "refund", "why": "Illness"} | fields)  # type: ignore[return-value]

    def seen(self, page: HttpResponse) -> str:
        field = re.search(r'name="seen" value="([^"]*)"', page.content.decode())
        self.assertIsNotNone(field)
        return field[1]  # type: ignore[index]

    def test_desk_form_starts_with_the_terms_and_refunds_the_amount_shown(self) -> None:
        page = self.client.get(self.url)
        self.assertContains(page, "Price of Toy 1")
        self.assertEqual(self.send(seen=self.seen(page)).status_code, 302)
        self.assertEqual(Refund.objects.get().amount, 60)
        self.assertEqual(Entry.objects.get(action="billing.line_canceled").reason, "Illness")
        self.assertRedirects(self.client.get(self.url), reverse("desk_order", args=[self.order.pk]))

    def test_desk_sees_a_changed_percentage_or_method_before_the_line_is_canceled(self) -> None:
        page = self.client.get(self.url)
        new_quote_page = self.send(percent="50", gives="credit", seen=self.seen(page))
        self.assertContains(new_quote_page, "Nothing has been canceled yet")
        self.assertContains(new_quote_page, "$30.00")
        self.assertEqual(self.send(percent="50", gives="credit", seen=self.seen(new_quote_page)).status_code, 302)
        self.assertEqual(credit.credit_balance(self.alice, "USD"), 30)
        entry = Entry.objects.get(action="billing.line_canceled")
        self.assertEqual((entry.reason, entry.details["percent"], entry.details["as_credit"]), ("Illness", "50", True))

    def test_invalid_desk_input_cancels_nothing(self) -> None:
        for wrong in (
            {"percent": "101"},
            {"percent": "-1"},
            {"percent": "NaN"},
            {"percent": ""},
            {"gives": "gold"},
            {"why": ""},
            {"why": "x" * 301},
        ):
            with self.subTest(wrong):
                self.assertEqual(self.send(**wrong).status_code, 400)
        self.assertEqual(toy_states(self.order), ["confirmed", "confirmed"])

    def test_desk_cannot_choose_credit_for_a_payer_without_an_account(self) -> None:
        order = self.paid(1)
        page = self.client.get(reverse("desk_cancel_line", args=[order.pk, order.lines.get().pk]))
        self.assertNotContains(page, "credit with the school")
        other = reverse("desk_cancel_line", args=[self.order.pk, order.lines.get().pk])
        self.assertEqual(self.client.get(other).status_code, 404)
