"""Billing records in the Django admin show amounts, states and methods in the same words as at the desk."""

import re
from decimal import Decimal

from django.db.models import Model
from django.http import HttpResponse
from django.urls import reverse

from billing.domain.payments import attempts
from billing.domain.pricing import credit
from billing.models import Credit, DiscountCode, Dispute, Order, Payment, Refund, Voucher, VoucherEntry
from common import dates
from tests.billing.vouchers import VoucherTestCase
from tests.page_text import text_of

RAW_MONEY = re.compile(r"\d\.\d{3}(?!\d)")


class BillingAdminTest(VoucherTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def changelist_page(self, model: type[Model]) -> HttpResponse:
        return self.client.get(reverse(f"admin:billing_{model._meta.model_name}_changelist"))

    def change_page(self, row: Model) -> HttpResponse:
        return self.client.get(reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk]))

    def paid_in_cash(self) -> Payment:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        day = dates.to_local_time(self.now).date()
        return attempts.record_desk_payment(order, "cash", Decimal(70), by=self.ash, received_on=day)

    def refund(self, payment: Payment) -> Refund:
        self.client.post(reverse("desk_refund", args=[payment.order_id]), {"amount": 20, "why": "Cold"})
        return payment.refunds.get()

    def assert_both_pages_show(self, row: Model, *texts: str) -> None:
        """Check that the list and the page of the row contain the texts and no unformatted amount."""
        for page in (self.changelist_page(type(row)), self.change_page(row)):
            text = text_of(page)
            for words in texts:
                self.assertIn(words, text)
            self.assertNotRegex(text, RAW_MONEY)

    def test_payment_shows_its_payer_its_method_and_a_link_to_the_desk(self) -> None:
        payment = self.paid_in_cash()
        self.assert_both_pages_show(payment, "Pat Payer", "Cash", "Paid", "$70.00", "Open at the desk")
        self.assertContains(self.changelist_page(Payment), reverse("desk_order", args=[payment.order_id]))
        for page in (self.changelist_page(Payment), self.change_page(payment)):
            self.assertNotRegex(text_of(page), "Confirmed|Cancelled|cash")

    def test_payments_are_filtered_by_status_text_and_method(self) -> None:
        payment = self.paid_in_cash()
        Payment.objects.create(order=payment.order, variant="practice", total=70, currency="USD", status="input")
        address = reverse("admin:billing_payment_changelist")
        for query, count in (("status=Paid", 1), ("status=Incomplete", 1), ("status=Declined", 0), ("variant=cash", 1)):
            page = self.client.get(f"{address}?{query}")
            self.assertEqual(page.context["cl"].result_count, count, query)
        self.assertContains(page, "?variant=practice")
        self.assertContains(page, "Canceled")

    def test_pending_cash_refund_is_shown_as_to_be_picked_up(self) -> None:
        refund = self.refund(self.paid_in_cash())
        self.assert_both_pages_show(refund, "Pat Payer", "Cash", "To be picked up", "$20.00", "Open at the desk")
        self.assertNotContains(self.changelist_page(Refund), "on its way")
        self.assertNotContains(self.change_page(refund), "on its way")

    def test_dispute_shows_its_payer_and_amount(self) -> None:
        payment = self.pay_order(self.place_new_order(1))
        dispute = Dispute.objects.create(payment=payment, amount=70, reference="d-1")
        self.assert_both_pages_show(dispute, "Pat Payer", "$70.00", "Open at the desk")
        self.assert_both_pages_show(payment, "Disputed")

    def test_credit_entry_shows_its_amount_as_money(self) -> None:
        entry = credit.adjust_credit(self.alice, Decimal(20), "USD", why="Gift", by=self.ada)
        self.assertEqual(str(entry), "Given by the school: $20.00")
        self.assert_both_pages_show(entry, "$20.00", "Open at the desk")

    def test_voucher_and_its_entries_show_their_amounts_as_money(self) -> None:
        voucher = self.buy_voucher(50)
        entry = voucher.entries.get()
        self.assertEqual(str(entry), "Bought: $50.00")
        self.assert_both_pages_show(voucher, "$50.00", "Open at the desk")
        self.assert_both_pages_show(entry, "$50.00", "Open at the desk")
        self.assertNotContains(self.change_page(voucher), voucher.code)

    def test_order_shows_its_payments_and_refunds_as_the_desk_does(self) -> None:
        payment = self.paid_in_cash()
        self.refund(payment)
        page = text_of(self.change_page(payment.order))
        for words in ("Refund to pick up", "Cash", "$70.00", "$20.00", "Open at the desk"):
            self.assertIn(words, page)
        self.assertNotRegex(page, RAW_MONEY)
        self.assertNotRegex(page, "cash|Confirmed")

    def test_discount_code_list_shows_the_percentage_or_amount(self) -> None:
        DiscountCode.objects.create(code="ten", percent=10)
        DiscountCode.objects.create(code="five", amount=5)
        page = text_of(self.changelist_page(DiscountCode))
        for words in ("10%", "$5.00"):
            self.assertIn(words, page)
        self.assertNotRegex(page, RAW_MONEY)

    def add_rows(self, count: int) -> None:
        for _ in range(count):
            payment = self.pay_order(self.place_new_order(1))
            payment.refunds.create(amount=5, created_by=self.ada)
            Payment.objects.filter(pk=payment.pk).update(refunded_amount=5)
            payment.disputes.create(reference="d-1", amount=5, state="won", closed_at=self.now)
            credit.adjust_credit(self.alice, Decimal(1), "USD", why="x", by=self.ada)
            self.buy_voucher(50)

    def test_lists_need_the_same_number_of_queries_for_any_number_of_rows(self) -> None:
        lists = [Order, Payment, Refund, Dispute, Credit, Voucher, VoucherEntry]
        counts = []
        for number in (1, 29):
            self.add_rows(number)
            counts.append(
                {
                    model.__name__: len(self._queries_of(reverse(f"admin:billing_{model._meta.model_name}_changelist")))
                    for model in lists
                }
            )
        self.assertEqual(*counts)
