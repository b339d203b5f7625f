"""What an order costs, what is paid and what is open: the same words and amounts on the page, in the mail and on the
receipt."""

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


class AmountsTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        ToyKind.catalogue[1] = Toy("70", prepay="5", starts=self.day(2))
        ToyKind.catalogue[2] = Toy("50")

    def page(self, order: Order) -> str:
        order.refresh_from_db()
        return text_of(self.client.get(order.address()))

    def mail(self, name: str, order: Order) -> str:
        [mail] = [mail for mail in mails.MAILS if mail.name == f"billing.{name}"]
        context = mail.context(Message(data={"order_id": order.pk}))
        return " ".join(get_template(mail.path).template.render(Context(context)).split())

    def test_page_and_mail_of_a_door_order_say_the_door_price_and_what_paying_online_saves(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        self.assertIn(DOOR, self.page(order))
        self.assertIn(DOOR, self.mail("order_received", order))

    def test_a_door_order_lists_no_early_price_in_its_bill(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        page = self.page(order)
        self.assertNotIn("−$5.00", page)
        self.assertIn("Total $70.00 Paid $0.00 Balance due $70.00", page)
        self.assertIn("Toy 1, Pat: $70.00", self.mail("order_received", order))

    def test_once_the_first_class_has_started_only_the_regular_price_is_named(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        line = order.lines.get()
        line.facts |= {"starts": (timezone.now() - timedelta(minutes=1)).isoformat()}
        line.save()
        page = self.page(order)
        self.assertIn("Please pay $70.00 at the door.", page)
        self.assertNotIn("$65.00", page)

    def test_every_order_page_says_total_paid_and_balance(self) -> None:
        order = self.placed(1, 2)
        self.assertIn("Total $115.00 Paid $0.00 Balance due $115.00", self.page(order))
        self.pay(order)
        self.assertIn("Total $115.00 Paid $115.00 Balance due $0.00", self.page(order))

    def test_paying_early_is_called_the_early_price(self) -> None:
        order = self.placed(1)
        self.pay(order)
        for address in (order.address(), order.receipt_address):
            page = text_of(self.client.get(address))
            self.assertIn("Early price", page)
            self.assertNotIn("advance", page)

    def test_the_checkout_names_the_early_and_the_regular_price(self) -> None:
        cart = self.cart(1)
        session = self.client.session
        session["cart"] = cart.pk
        session.save()
        page = text_of(self.client.get(reverse("checkout_review")))
        self.assertIn("Early price: $65.00 if you pay now. Regular price: $70.00 at the door.", page)

    def test_a_refund_stands_between_paid_and_balance(self) -> None:
        order = self.placed(1, 2)
        self.pay(order)
        self.cancel(order, order.lines.get(product_id=2))
        self.assertIn("Total $65.00 Paid $115.00 Refunded −$50.00 Balance due $0.00", self.page(order))

    def test_the_desk_reads_the_sentence_and_the_amounts_that_the_payer_reads(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        self.log_in(self.ada)
        page = text_of(self.client.get(reverse("desk_order", args=[order.pk])))
        for wanted in (DOOR, "Total $70.00 Paid $0.00 Balance due $70.00", "Balance if paid now $65.00"):
            self.assertIn(wanted, page)

    def test_lists_at_the_desk_say_the_total_that_the_order_says(self) -> None:
        at_the_door, open_online, paid, partly_canceled = (
            self.placed(1, due=Order.Due.DOOR), self.placed(1), self.placed(1), self.placed(1, 2)
        )  # fmt: skip
        self.pay(paid)
        self.pay(partly_canceled)
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
        shown = self.client.get(address).content.decode()
        seen = re.search(r'name="seen" value="([^"]+)"', shown)
        assert seen is not None
        return self.client.post(address, {"way": "terms", "seen": seen.group(1)}, follow=True)

    def test_after_a_cancellation_the_page_leads_with_it_and_does_not_say_thank_you(self) -> None:
        order = self.placed(1, 2)
        self.pay(order)
        page = text_of(self.cancel(order, order.lines.get(product_id=2)))
        self.assertTrue(page.startswith('id="main" tabindex="-1"> Toy 2 is canceled.'), page[:200])
        self.assertNotIn("Thank you", page)
        self.assertNotIn("Thank you", self.page(order))

    def test_the_lines_of_a_canceled_order_are_canceled_in_its_bill_and_in_the_mail(self) -> None:
        order = self.placed(1, 3)
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

    def test_thank_you_is_said_only_right_after_paying(self) -> None:
        order = self.placed(1)
        self.pay(order)
        self.assertIn("Thank you", self.page(order))
        Order.objects.update(paid_at=timezone.now() - timedelta(hours=2))
        self.assertNotIn("Thank you", self.page(order))

    def test_whoever_has_just_ordered_to_pay_at_the_door_is_thanked(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        self.assertIn("Thank you", self.page(order))
        Order.objects.update(placed_at=timezone.now() - timedelta(hours=2))
        self.assertNotIn("Thank you", self.page(order))

    def test_the_mail_of_an_order_that_is_due_by_a_date_says_the_same_as_its_page(self) -> None:
        order = self.placed(1, due=Order.Due.DOOR)
        Order.objects.update(due=Order.Due.DATE, due_on=timezone.localdate() + timedelta(days=9))
        order.refresh_from_db()
        context = mails.order_context(Message(data={"order_id": order.pk}))
        self.assertTrue(context["price"].startswith("Please pay $65.00 before the first class starts, or $70.00 by "))
        self.assertIn(context["price"], self.page(order))
