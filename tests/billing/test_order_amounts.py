"""Total, paid amount and balance of an order use the same words and amounts on pages, in mail and on the receipt."""

import re
from datetime import timedelta

from django.core import mail as sent_mail
from django.http import HttpResponse
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone

from billing import mails
from billing.domain.orders import transitions
from billing.models import Order
from mailroom.models import Message
from outbox.testing import run_all
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind
from tests.page_text import text_of

DOOR = "Please pay $70.00 at the door, or $65.00 online before the first class starts."


class OrderAmountsTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue[1] = Toy("70", prepay="5", starts=self.time_in_days(2))
        ToyKind.catalogue[2] = Toy("50")

    def page(self, order: Order) -> str:
        order.refresh_from_db()
        return text_of(self.client.get(order.address()))

    def mail(self, name: str, order: Order) -> str:
        [mail] = [mail for mail in mails.MAILS if mail.name == f"billing.{name}"]
        context = mail.context(Message(data={"order_id": order.pk}))
        return " ".join(get_template(mail.path).template.render(Context(context)).split())

    def test_pay_at_the_door_page_and_mail_show_the_door_price_and_the_online_early_price(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.assertIn(DOOR, self.page(order))
        self.assertIn(DOOR, self.mail("order_received", order))

    def test_pay_at_the_door_order_is_billed_at_the_regular_price(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        page = self.page(order)
        self.assertNotIn("−$5.00", page)
        self.assertIn("Total $70.00 Paid $0.00 Balance due $70.00", page)
        self.assertIn("Toy 1, Pat: $70.00", self.mail("order_received", order))

    def test_only_the_regular_price_is_shown_once_the_first_class_has_started(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        line = order.lines.get()
        line.price_facts |= {"first_meeting_at": (timezone.now() - timedelta(minutes=1)).isoformat()}
        line.save()
        page = self.page(order)
        self.assertIn("Please pay $70.00 at the door.", page)
        self.assertNotIn("$65.00", page)

    def test_order_page_shows_total_paid_amount_and_balance(self) -> None:
        order = self.place_new_order(1, 2)
        self.assertIn("Total $115.00 Paid $0.00 Balance due $115.00", self.page(order))
        self.pay_order(order)
        self.assertIn("Total $115.00 Paid $115.00 Balance due $0.00", self.page(order))

    def test_order_and_receipt_call_the_reduction_early_price(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        for address in (order.address(), order.receipt_address):
            page = text_of(self.client.get(address))
            self.assertIn("Early price", page)
            self.assertNotIn("advance", page)

    def test_checkout_shows_the_early_and_the_regular_price(self) -> None:
        cart = self.create_cart(1)
        session = self.client.session
        session["cart"] = cart.pk
        session.save()
        page = text_of(self.client.get(reverse("checkout")))
        self.assertIn("Early price: $65.00 if you pay now. Regular price: $70.00 at the door.", page)

    def test_refund_is_listed_between_paid_amount_and_balance(self) -> None:
        order = self.place_new_order(1, 2)
        self.pay_order(order)
        self.cancel(order, order.lines.get(product_id=2))
        self.assertIn("Total $65.00 Paid $115.00 Refunded −$50.00 Balance due $0.00", self.page(order))

    def test_desk_sees_the_same_price_sentence_and_amounts_as_the_payer(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.log_in(self.ada)
        page = text_of(self.client.get(reverse("desk_order", args=[order.pk])))
        for wanted in (DOOR, "Total $70.00 Paid $0.00 Balance due $70.00", "Balance if paid now $65.00"):
            self.assertIn(wanted, page)

    def test_desk_order_list_shows_the_same_total_as_the_order_page(self) -> None:
        at_the_door, open_online, paid, partly_canceled = (
            self.place_new_order(1, due=Order.Due.DOOR),
            self.place_new_order(1),
            self.place_new_order(1),
            self.place_new_order(1, 2),
        )
        self.pay_order(paid)
        self.pay_order(partly_canceled)
        self.cancel(partly_canceled, partly_canceled.lines.get(product_id=2))
        self.log_in(self.ada)
        for order, total in (
            (at_the_door, "$70.00"),
            (open_online, "$65.00"),
            (paid, "$65.00"),
            (partly_canceled, "$65.00"),
        ):
            with self.subTest(order=order):
                self.assertIn(f"Total {total}", text_of(self.client.get(reverse("desk_order", args=[order.pk]))))
                row = text_of(self.client.get(reverse("desk_orders"), {"q": order.number}))
                self.assertEqual(re.findall(r"\$[\d.]+", row), [total])

    def cancel(self, order: Order, line: object) -> HttpResponse:
        address = line.cancel_address  # type: ignore[attr-defined]
        form_html = self.client.get(address).content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', form_html)
        assert seen is not None
        return self.client.post(address, {"canceled_by": "terms", "seen": seen.group(1)}, follow=True)

    def test_page_after_a_cancellation_starts_with_it_and_does_not_say_thank_you(self) -> None:
        order = self.place_new_order(1, 2)
        self.pay_order(order)
        page = text_of(self.cancel(order, order.lines.get(product_id=2)))
        self.assertTrue(page.startswith('id="main" tabindex="-1"> Toy 2 is canceled.'), page[:200])
        self.assertNotIn("Thank you", page)
        self.assertNotIn("Thank you", self.page(order))

    def test_lines_of_a_canceled_order_are_shown_as_canceled_on_the_page_and_in_the_mail(self) -> None:
        order = self.place_new_order(1, 3)
        transitions.cancel_unpaid_order(order, at=self.now)
        page = text_of(self.client.get(order.address()))
        self.assertIn("Toy 1 Canceled", page)
        self.assertIn("Toy 3 Canceled", page)
        self.assertNotIn("Early price", page)
        self.assertEqual(set(re.findall(r"\$[\d.]+", page)), {"$0.00"})
        run_all()
        [mail] = [mail for mail in sent_mail.outbox if "is canceled" in mail.subject]
        self.assertIn("Toy 3, Pat (canceled)", mail.body)
        self.assertNotIn("$", mail.body)

    def test_order_page_says_thank_you_only_right_after_payment(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        self.assertIn("Thank you", self.page(order))
        Order.objects.update(paid_at=timezone.now() - timedelta(hours=2))
        self.assertNotIn("Thank you", self.page(order))

    def test_pay_at_the_door_page_says_thank_you_only_right_after_ordering(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        self.assertIn("Thank you", self.page(order))
        Order.objects.update(placed_at=timezone.now() - timedelta(hours=2))
        self.assertNotIn("Thank you", self.page(order))

    def test_mail_and_page_of_an_order_with_a_due_date_show_the_same_price_sentence(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        Order.objects.update(due_kind=Order.Due.DATE, due_date=timezone.localdate() + timedelta(days=9))
        order.refresh_from_db()
        price = mails.order_context(Message(data={"order_id": order.pk}))["price"]()
        self.assertTrue(price.startswith("Please pay $65.00 before the first class starts, or $70.00 by "))
        self.assertIn(price, self.page(order))
