"""Every page links to an open order, and an expired or canceled order can be ordered again."""

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.domain import status_text
from billing.domain.orders import transitions
from billing.models import DiscountCode, Order, Payment
from tests.billing.checkout import CheckoutTestCase
from tests.billing.toys import Toy, ToyKind


class OpenOrderTestCase(CheckoutTestCase):
    def order(self, *products: int, method: str = "practice-declined") -> Order:
        """Place an order in this browser and leave it unpaid at the gateway."""
        self.put_in_cart(*products or (1,), attendee="Kim")
        total = str(sum(int(ToyKind.catalogue[product].price) for product in products or (1,)))
        self.submit_order(method, now=total, door=total)
        return Order.objects.placed().latest("pk")

    def other_page(self) -> HttpResponse:
        return self.client.get("/contact/")


class OpenOrderLinkTest(OpenOrderTestCase):
    def test_every_page_links_to_the_unpaid_order_of_this_browser(self) -> None:
        order = self.order()
        until = status_text.moment_text(order.held_until, self.now)
        page = self.other_page()
        self.assertContains(page, f"1 order to pay, until {until}")
        self.assertContains(page, f'href="/order/{order.pk}/?key=')
        self.client.post(order.pay_address, {"method": "practice"})
        self.assertNotContains(self.other_page(), "to pay")

    def test_link_disappears_once_the_order_has_expired(self) -> None:
        order = self.order()
        self.assertContains(self.other_page(), "1 order to pay")
        Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(-1))
        self.assertNotContains(self.other_page(), "to pay")

    def test_only_the_payer_sees_the_link_in_any_browser(self) -> None:
        self.log_in(self.alice)
        self.order()
        self.assertContains(self.browser_of(self.alice).get("/contact/"), "1 order to pay")
        for other in (self.gus, None):
            self.assertNotContains(self.browser_of(other).get("/contact/"), "to pay")

    def test_no_link_for_an_order_that_is_processing_or_paid_at_the_door(self) -> None:
        self.order()
        self.assertContains(self.other_page(), "1 order to pay")
        Payment.objects.update(status="preauth")
        self.assertNotContains(self.other_page(), "to pay")
        self.order(method="door")
        self.assertNotContains(self.other_page(), "to pay")

    def test_visitor_sees_a_link_to_confirm_the_spot_and_afterwards_to_the_order(self) -> None:
        order = self.order(method="door")
        page = self.other_page()
        self.assertContains(page, "1 spot to confirm, until ")
        self.assertContains(page, f'href="/order/{order.pk}/?key=')
        self.assertNotContains(self.browser_of(None).get("/contact/"), "to confirm")
        self.client.post(order.confirm_address)
        self.assertContains(self.other_page(), f">Order {order.pk}</a>")
        self.assertNotContains(self.other_page(), "to confirm")

    def test_order_switched_to_pay_at_the_door_becomes_a_spot_to_confirm(self) -> None:
        order = self.order()
        self.client.post(order.door_address)
        order.refresh_from_db()
        self.assertTrue(order.awaits_click)
        self.assertContains(self.other_page(), "1 spot to confirm, until ")
        self.assertEqual(self.client.session["pay_until"], order.held_until.isoformat())

    def test_several_open_orders_are_listed_on_the_payment_page(self) -> None:
        first, second = self.order(), self.order(2)
        self.assertContains(self.other_page(), 'href="/payment/">2 orders to pay')
        page = self.client.get("/payment/")
        for order in (first, second):
            self.assertContains(page, f'href="/order/{order.pk}/?key=')

    def count_queries(self, client: Client) -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/contact/")
        return len(captured)

    def test_link_causes_no_extra_queries_for_visitors_or_members(self) -> None:
        member = self.browser_of(self.alice)
        self.count_queries(member)
        before = self.count_queries(member)
        self.order()
        Order.objects.update(held_until=self.time_in_days(-1))
        session = self.client.session
        session["pay_until"] = self.time_in_days(-1).isoformat()
        session.save()
        self.assertEqual(self.count_queries(self.client), 2, "the session and the page's text")
        self.log_in(self.alice)
        self.order()
        self.create_cart(1, 2, payer=self.alice)
        self.assertEqual(self.count_queries(member), before)


class CheckoutRedirectTest(OpenOrderTestCase):
    def test_checkout_redirects_to_the_open_order(self) -> None:
        order = self.order()
        self.assertSentTo(self.client.get(reverse("checkout")), order.address())

    def test_empty_cart_links_to_the_open_order(self) -> None:
        order = self.order()
        page = self.client.get(reverse("cart"))
        self.assertContains(page, "You have an order to pay")
        self.assertNotContains(page, "There is nothing in your cart")
        self.assertContains(page, f'class="button" href="/order/{order.pk}/?key=')

    def test_checkout_without_an_open_order_redirects_to_the_cart(self) -> None:
        self.assertRedirects(self.client.get(reverse("checkout")), reverse("cart"))


class OrderAgainTest(OpenOrderTestCase):
    def order_again(self, order: Order) -> HttpResponse:
        page = self.client.get(order.address())
        self.assertContains(page, "Order again")
        return self.client.post(f"/order/{order.pk}/again/", follow=True)

    def place_expired_order(self, *products: int) -> Order:
        order = self.order(*products)
        Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(-1))
        return order

    def test_expired_order_is_ordered_again_with_the_same_attendees_and_payer(self) -> None:
        order = self.place_expired_order(1, 2)
        page = self.order_again(order)
        self.assertEqual(page.redirect_chain[-1][0], reverse("checkout"))  # type: ignore[attr-defined]
        self.assertContains(page, "pat@example.org")
        cart = Order.objects.get(state="cart")
        lines = [(line.product_id, line.details) for line in cart.lines.order_by("pk")]
        self.assertEqual(lines, [(1, {"attendee": "Kim"}), (2, {"attendee": "Kim"})])
        order.refresh_from_db()
        self.assertEqual(order.state, "expired")

    def test_canceled_order_is_ordered_again_with_its_discount_code(self) -> None:
        code = DiscountCode.objects.create(code="ten", percent=10)
        order = self.order()
        Order.objects.filter(pk=order.pk).update(discount_code=code)
        transitions.cancel_unpaid_order(order, at=self.now)
        self.assertContains(self.order_again(order), "$63.00")
        self.assertEqual(Order.objects.get(state="cart").discount_code, code)

    def test_ordering_again_names_unavailable_products_and_adds_the_rest_to_the_cart(self) -> None:
        ToyKind.catalogue[4] = Toy()
        order = self.place_expired_order(1, 2, 4)
        ToyKind.catalogue[2] = Toy(stock=0)
        del ToyKind.catalogue[4]
        page = self.order_again(order)
        self.assertContains(page, "Toy 2: sold out")
        self.assertContains(page, "Toy 4: This toy is not made any more.")
        self.assertEqual([line.product_id for line in Order.objects.get(state="cart").lines.all()], [1])

    def test_open_order_cannot_be_ordered_again(self) -> None:
        order = self.order()
        self.assertNotContains(self.client.get(order.address()), "Order again")
        self.assertSentTo(self.client.post(f"/order/{order.pk}/again/"), order.address())
        self.assertFalse(Order.objects.filter(state="cart").exists())

    def test_order_of_somebody_else_cannot_be_ordered_again(self) -> None:
        order = self.place_expired_order(1)
        self.assertContains(self.client.get(order.address()), "Order again")
        self.assertEqual(self.browser_of(self.gus).post(f"/order/{order.pk}/again/").status_code, 404)
