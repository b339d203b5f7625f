"""An order that is open is one tap away on every page; one that expired or was canceled can be ordered again."""

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain import status_text
from billing.domain.orders import transitions
from billing.models import Code, Order, Payment
from tests.billing.checkout import CheckoutTestCase
from tests.billing.toys import Toy, ToyKind


class OpenOrderTestCase(CheckoutTestCase):
    def order(self, *products: int, way: str = "practice") -> Order:
        """Placed in this browser, and left at the gateway."""
        self.put(*products or (1,), attendee="Kim")
        self.details()
        total = str(sum(int(ToyKind.catalogue[product].price) for product in products or (1,)))
        self.place(way, now=total, door=total)
        return Order.objects.placed().latest("pk")

    def elsewhere(self) -> HttpResponse:
        return self.client.get("/contact/")


class PillTest(OpenOrderTestCase):
    def test_every_page_leads_to_the_order_that_this_browser_has_to_pay(self) -> None:
        order = self.order()
        until = status_text.moment_text(order.held_until, self.now)
        page = self.elsewhere()
        self.assertContains(page, f"1 order to pay, until {until}")
        self.assertContains(page, f'href="/order/{order.pk}/?key=')
        self.answer("pay")
        self.assertNotContains(self.elsewhere(), "to pay")

    def test_it_is_gone_once_the_order_has_expired(self) -> None:
        order = self.order()
        self.assertContains(self.elsewhere(), "1 order to pay")
        Order.objects.filter(pk=order.pk).update(held_until=self.day(-1))
        self.assertNotContains(self.elsewhere(), "to pay")

    def test_a_payer_sees_it_in_any_browser_and_nobody_else_does(self) -> None:
        self.log_in(self.alice)
        self.order()
        self.assertContains(self.browser_of(self.alice).get("/contact/"), "1 order to pay")
        for other in (self.gus, None):
            self.assertNotContains(self.browser_of(other).get("/contact/"), "to pay")

    def test_what_is_paid_at_the_door_or_is_processing_asks_for_nothing(self) -> None:
        self.order()
        self.assertContains(self.elsewhere(), "1 order to pay")
        Payment.objects.update(status="preauth")
        self.assertNotContains(self.elsewhere(), "to pay")
        self.order(way="door")
        self.assertNotContains(self.elsewhere(), "to pay")

    def test_a_visitor_finds_a_spot_to_confirm_and_afterwards_the_order(self) -> None:
        order = self.order(way="door")
        page = self.elsewhere()
        self.assertContains(page, "1 spot to confirm, until ")
        self.assertContains(page, f'href="/order/{order.pk}/?key=')
        self.assertNotContains(self.browser_of(None).get("/contact/"), "to confirm")
        self.client.post(order.confirm_address)
        self.assertContains(self.elsewhere(), f">Order {order.pk}</a>")
        self.assertNotContains(self.elsewhere(), "to confirm")

    def test_an_order_that_is_kept_for_the_door_becomes_a_spot_to_confirm(self) -> None:
        order = self.order()
        self.client.post(order.door_address)
        order.refresh_from_db()
        self.assertTrue(order.awaits_click)
        self.assertContains(self.elsewhere(), "1 spot to confirm, until ")
        self.assertEqual(self.client.session["pay_until"], order.held_until.isoformat())

    def test_several_orders_are_listed_on_the_payment_page(self) -> None:
        first, second = self.order(), self.order(2)
        self.assertContains(self.elsewhere(), 'href="/payment/">2 orders to pay')
        page = self.client.get("/payment/")
        for order in (first, second):
            self.assertContains(page, f'href="/order/{order.pk}/?key=')

    def queries(self, client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/contact/")
        return len(captured)

    def test_it_costs_no_query_where_there_is_none_and_none_more_for_members(self) -> None:
        member = self.browser_of(self.alice)
        self.queries(member)
        before = self.queries(member)
        self.order()
        Order.objects.update(held_until=self.day(-1))
        session = self.client.session
        session["pay_until"] = self.day(-1).isoformat()
        session.save()
        self.assertEqual(self.queries(self.client), 2, "the session and the page's text")
        self.log_in(self.alice)
        self.order()
        self.cart(1, 2, payer=self.alice)
        self.assertEqual(self.queries(member), before)


class BackTest(OpenOrderTestCase):
    def test_going_back_to_the_checkout_leads_to_the_open_order(self) -> None:
        order = self.order()
        for name in ("checkout_review", "checkout"):
            self.assertSentTo(self.client.get(reverse(name)), order.address())

    def test_the_empty_cart_leads_to_the_open_order(self) -> None:
        order = self.order()
        page = self.client.get(reverse("cart"))
        self.assertContains(page, "You have an order to pay.")
        self.assertNotContains(page, "There is nothing in your cart")
        self.assertContains(page, f'class="button" href="/order/{order.pk}/?key=')

    def test_without_an_open_order_the_checkout_leads_to_the_cart(self) -> None:
        self.assertRedirects(self.client.get(reverse("checkout_review")), reverse("cart"))


class OrderAgainTest(OpenOrderTestCase):
    def again(self, order: Order) -> HttpResponse:
        page = self.client.get(order.address())
        self.assertContains(page, "Order again")
        return self.client.post(f"/order/{order.pk}/again/", follow=True)

    def lapsed(self, *products: int) -> Order:
        order = self.order(*products)
        Order.objects.filter(pk=order.pk).update(held_until=self.day(-1))
        return order

    def test_an_expired_order_is_ordered_again_with_the_same_people_and_answers(self) -> None:
        order = self.lapsed(1, 2)
        page = self.again(order)
        self.assertEqual(page.redirect_chain[-1][0], reverse("checkout_review"))  # type: ignore[attr-defined]
        self.assertContains(page, "pat@example.org")
        cart = Order.objects.get(state="cart")
        lines = [(line.product_id, line.details) for line in cart.lines.order_by("pk")]
        self.assertEqual(lines, [(1, {"attendee": "Kim"}), (2, {"attendee": "Kim"})])
        order.refresh_from_db()
        self.assertEqual(order.state, "lapsed")

    def test_a_canceled_order_can_be_ordered_again_with_its_code(self) -> None:
        code = Code.objects.create(text="ten", percent=10)
        order = self.order()
        Order.objects.filter(pk=order.pk).update(code=code)
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertContains(self.again(order), "$63.00")
        self.assertEqual(Order.objects.get(state="cart").code, code)

    def test_what_is_not_available_any_more_is_named_and_the_rest_is_in_the_cart(self) -> None:
        ToyKind.catalogue[4] = Toy()
        order = self.lapsed(1, 2, 4)
        ToyKind.catalogue[2] = Toy(stock=0)
        del ToyKind.catalogue[4]
        page = self.again(order)
        self.assertContains(page, "Toy 2: sold out")
        self.assertContains(page, "Toy 4: This toy is not made any more.")
        self.assertEqual([line.product_id for line in Order.objects.get(state="cart").lines.all()], [1])

    def test_an_order_that_stands_cannot_be_ordered_again(self) -> None:
        order = self.order()
        self.assertNotContains(self.client.get(order.address()), "Order again")
        self.assertSentTo(self.client.post(f"/order/{order.pk}/again/"), order.address())
        self.assertFalse(Order.objects.filter(state="cart").exists())

    def test_strangers_cannot_order_it_again(self) -> None:
        order = self.lapsed(1)
        self.assertContains(self.client.get(order.address()), "Order again")
        self.assertEqual(self.browser_of(self.gus).post(f"/order/{order.pk}/again/").status_code, 404)
