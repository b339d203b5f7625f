import itertools
import re
from datetime import timedelta
from decimal import Decimal

from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from billing.models import DiscountCode, Order
from outbox.testing import delivery_problems, run_all
from tests.billing.checkout import CheckoutTestCase
from tests.billing.toys import Toy, ToyKind, toy_states
from tests.factories import PASSWORD
from tests.page_text import text_of
from users.models import User


class CheckoutFlowTest(CheckoutTestCase):
    def test_visitor_without_an_account_orders_and_pays(self) -> None:
        ToyKind.catalogue[1] = Toy(asks_name=True)
        cart = self.put_in_cart(1)
        self.assertContains(self.client.get(reverse("cart")), "Toy 1")
        self.assertContains(self.client.get(reverse("checkout")), "Whose toy is it?")
        self.assertContains(self.client.get(reverse("checkout")), "$70.00")
        response = self.submit_order(asked="1", **{f"line-{cart.lines.get().pk}-attendee": "Kim"})
        order = Order.objects.placed().get()
        self.assertSentTo(response, order.address("payment_success"))
        self.assertContains(self.client.get(response.url), "We’ve received your payment")
        self.assertEqual((order.state, order.payer_name, order.payer_email), ("paid", "Pat Payer", "pat@example.org"))
        self.assertEqual(order.lines.get().details["attendee"], "Kim")
        self.assertEqual((toy_states(order), order.payer), (["confirmed"], None))
        run_all()
        self.assertEqual(delivery_problems(), [])

    def test_review_form_accepts_its_own_amounts_in_another_language(self) -> None:
        ToyKind.catalogue[1] = Toy("1250.5")
        self.put_in_cart(1)
        with override_settings(LANGUAGE_CODE="de", USE_THOUSAND_SEPARATOR=True):
            page = self.client.get(reverse("checkout")).content.decode()
            seen = dict(re.findall(r'name="(seen_\w+)" value="([^"]*)"', page))
            self.submit_order("door", seen["seen_now"], seen["seen_door"])
            self.assertTrue(Order.objects.placed().exists())

    def test_pay_at_the_door_order_shows_the_door_price_and_the_online_early_price(self) -> None:
        ToyKind.catalogue[1] = Toy(prepay="5", starts=timezone.now() + timedelta(days=3))
        self.put_in_cart(1)
        page = self.client.get(self.submit_order("door", now="65", door="70")["Location"])
        self.assertContains(page, "Please pay $70.00 at the door, or $65.00 online before the first class starts.")

    def test_order_with_a_declined_payment_can_switch_to_pay_at_the_door(self) -> None:
        self.put_in_cart(1)
        self.assertContains(self.submit_order("practice-declined", follow=True), "Keep my spot")
        order = Order.objects.placed().get()
        self.assertSentTo(self.client.post(order.door_address), order.address())
        order.refresh_from_db()
        self.assertEqual((order.due_kind, toy_states(order)), ("door", ["held"]))
        self.client.post(order.confirm_address)
        self.assertEqual(toy_states(Order.objects.get(pk=order.pk)), ["confirmed"])

    def test_order_can_be_paid_after_a_declined_payment(self) -> None:
        self.put_in_cart(1)
        self.assertContains(self.submit_order("practice-declined", follow=True), "didn’t go through")
        order = Order.objects.placed().get()
        page = self.client.post(order.pay_address, {"method": "practice"}, follow=True)
        self.assertContains(page, "Thank you")
        self.assertEqual(order.payments.count(), 2)

    def test_pay_at_the_door_order_leads_to_the_order_page(self) -> None:
        self.put_in_cart(1)
        self.assertSentTo(self.submit_order("door"), Order.objects.placed().get().address())

    def test_free_order_is_completed_without_payment(self) -> None:
        ToyKind.catalogue[1] = Toy("0")
        self.put_in_cart(1)
        response = self.submit_order("", "0", "0", follow=True)
        self.assertContains(response, "Your order is complete.")

    def test_login_during_checkout_keeps_the_cart_and_fills_in_the_payer(self) -> None:
        self.put_in_cart(1)
        self.client.post(reverse("login"), {"username": self.alice.email, "password": PASSWORD})
        self.assertContains(self.client.get(reverse("checkout")), "alice@example.org")
        self.submit_order("door")
        self.assertEqual(Order.objects.placed().get().payer, self.alice)
        self.assertContains(self.client.get(reverse("my_orders")), "Pay at the door")


class CheckoutSafetyTest(CheckoutTestCase):
    def test_placing_the_cart_twice_leads_to_the_same_order(self) -> None:
        self.put_in_cart(1)
        self.submit_order("door")
        order = Order.objects.placed().get()
        self.assertSentTo(self.submit_order("door"), order.address())
        self.assertEqual(Order.objects.placed().count(), 1)

    def test_order_with_a_different_total_is_not_placed_and_shows_the_new_price(self) -> None:
        self.put_in_cart(1)
        response = self.submit_order(now="1", door="1", follow=True)
        self.assertContains(response, "The price has changed")
        self.assertContains(response, 'name="seen_now" value="70')
        self.assertContains(response, 'value="Pat@Example.org"')
        self.assertFalse(Order.objects.placed().exists())

    def test_product_that_sold_out_during_checkout_is_named_and_the_rest_can_be_ordered(self) -> None:
        self.put_in_cart(1, 2)
        ToyKind.catalogue[2] = Toy(stock=0)
        self.assertContains(self.submit_order(now="120", door="120", follow=True), "sold out")
        self.assertEqual(Order.objects.get().lines.count(), 2)
        self.client.post(reverse("cart_remove", args=[Order.objects.get().lines.get(product_id=2).pk]))
        self.submit_order("door")
        self.assertTrue(Order.objects.placed().exists())

    def test_invalid_checkout_input_places_no_order(self) -> None:
        self.put_in_cart(1)
        for method, now in (("cash", "70"), ("practice", "-1e99"), ("x" * 5000, "70"), ("practice", "NaN"), ("", "")):
            with self.subTest(method[:9]):
                self.assertRedirects(self.submit_order(method, now=now), reverse("checkout"))
        self.assertFalse(Order.objects.placed().exists())

    def test_paying_a_paid_order_shows_the_order(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        self.assertSentTo(self.client.post(order.pay_address, {"method": "practice"}), order.address())

    def test_line_of_another_cart_cannot_be_removed(self) -> None:
        other = self.create_cart(1)
        self.put_in_cart(2)
        response = self.client.post(reverse("cart_remove", args=[other.lines.get().pk]))
        self.assertEqual((response.status_code, other.lines.count()), (404, 1))

    def test_checkout_of_an_empty_cart_redirects_to_the_cart(self) -> None:
        self.assertRedirects(self.client.get(reverse("checkout")), reverse("cart"))

    def test_refused_form_is_shown_once_and_reloading_sends_nothing(self) -> None:
        self.put_in_cart(1)
        answer = self.submit_order(payer_email="pat@")
        self.assertRedirects(answer, reverse("checkout"), fetch_redirect_response=False)
        self.assertContains(self.client.get(reverse("checkout")), "Enter a valid email address.")
        self.assertNotContains(self.client.get(reverse("checkout")), "Enter a valid email address.")
        self.assertFalse(Order.objects.placed().exists())

    def test_applying_a_code_keeps_what_was_typed_about_the_payer(self) -> None:
        self.put_in_cart(1)
        for text in ("nope", ""):
            page = self.client.post(reverse("checkout_code"), {"code": text, "payer_name": "Kim"}, follow=True)
            self.assertContains(page, 'value="Kim"')
            self.assertNotContains(page, "error-summary")

    def test_discount_code_is_applied_refused_and_removed(self) -> None:
        DiscountCode.objects.create(code="ten", percent=10)
        self.put_in_cart(1)
        for text, words in (("TEN", "$63.00"), ("nope", "That code isn’t valid"), ("", "$70.00")):
            response = self.client.post(reverse("checkout_code"), {"code": text}, follow=True)
            self.assertContains(response, words)

    def test_cart_shows_the_same_amounts_and_total_as_the_review(self) -> None:
        ToyKind.catalogue[1] = Toy("70", prepay="5", multi="10", starts=timezone.now() + timedelta(days=3))
        ToyKind.catalogue[2] = Toy("70", prepay="5", multi="10", starts=timezone.now() + timedelta(days=3))
        self.put_in_cart(1, 2)
        cart, review = (self.client.get(reverse(name)) for name in ("cart", "checkout"))
        quote = review.context["summary"].quote.now
        self.assertIn(f"Total ${quote.total}", text_of(cart))
        for amount in (*quote.lines.values(), *(-part.amount for part in quote.adjustments if part.amount < 0)):
            self.assertIn(f"${amount}", text_of(cart))
            self.assertIn(f"${amount}", text_of(review))

    def test_page_that_refuses_a_code_still_has_the_order_form(self) -> None:
        self.put_in_cart(1)
        page = self.client.post(reverse("checkout_code"), {"code": "nope"}, follow=True).content.decode()
        (form,) = re.findall(r"<form(?:(?!<form).)*?seen_now", page, re.DOTALL)
        self.assertIn(f'action="{reverse("checkout")}"', form)

    def test_opening_the_code_url_redirects_to_the_review_and_keeps_the_applied_code(self) -> None:
        DiscountCode.objects.create(code="ten", percent=10)
        self.put_in_cart(1)
        self.client.post(reverse("checkout_code"), {"code": "ten"})
        self.assertRedirects(self.client.get(reverse("checkout_code")), reverse("checkout"))
        self.assertContains(self.client.get(reverse("checkout")), "$63.00")

    @override_settings(CONSENT_VERSIONS="tests.billing.checkout.edition_three")
    def test_order_stores_the_version_of_the_accepted_terms(self) -> None:
        self.put_in_cart(1)
        self.assertRedirects(self.submit_order("door", terms=""), reverse("checkout"))
        self.submit_order("door")
        self.assertEqual(Order.objects.placed().get().terms_version, "3")

    @override_settings(BILLING_ADDRESS=True, DEFAULT_CITY="Portland")
    def test_checkout_asks_for_a_billing_address_when_the_school_requires_one(self) -> None:
        self.put_in_cart(1)
        self.assertContains(self.client.get(reverse("checkout")), 'value="Portland"')


class OrderAccessTest(CheckoutTestCase):
    def test_order_page_opens_only_with_its_key_or_for_its_payer(self) -> None:
        order = self.place_new_order(1, payer=self.alice)
        plain = reverse("order", args=[order.pk])
        other = self.place_new_order(1).address().partition("?")[2]
        self.assertEqual(self.client.get(order.address()).status_code, 200)
        for address in (plain, f"{plain}?key=x", f"{plain}?{other}", reverse("order", args=[99])):
            self.assertEqual(self.client.get(address).status_code, 404)
        self.log_in(self.sam)
        self.assertEqual(self.client.get(plain).status_code, 404)
        self.log_in(self.alice)
        self.assertEqual(self.client.get(plain).status_code, 200)

    def test_order_belongs_to_the_account_with_its_email_once_the_email_is_confirmed(self) -> None:
        order = self.place_new_order(1)
        Order.objects.filter(pk=order.pk).update(payer_email=self.sam.email)
        for confirmed, status in ((None, 404), (self.now, 200)):
            User.objects.filter(pk=self.sam.pk).update(email_confirmed_at=confirmed)
            self.client.force_login(User.objects.get(pk=self.sam.pk), "users.backends.PermissionBackend")
            self.assertEqual(self.client.get(reverse("order", args=[order.pk])).status_code, status)

    def test_order_owner_check_agrees_with_the_list_of_visible_orders(self) -> None:
        order = self.place_new_order(1)
        for payer, email, confirmed in itertools.product(
            (None, self.alice, self.sam), ("alice@example.org", ""), (None, self.now)
        ):
            Order.objects.filter(pk=order.pk).update(payer=payer, payer_email=email)
            User.objects.filter(pk=self.alice.pk).update(email_confirmed_at=confirmed)
            alice = User.objects.get(pk=self.alice.pk)
            with self.subTest(payer=payer, email=email, confirmed=confirmed):
                listed = Order.objects.visible_to(alice).filter(pk=order.pk).exists()
                self.assertEqual(Order.objects.get(pk=order.pk).belongs_to(alice), listed)

    def test_order_of_somebody_else_cannot_be_paid_or_canceled(self) -> None:
        order = self.place_new_order(1)
        for name in ("order_pay", "order_door", "order_cancel"):
            self.assertEqual(self.client.post(reverse(name, args=[order.pk])).status_code, 404)

    def test_payment_method_that_is_not_offered_is_refused(self) -> None:
        order = self.place_new_order(1)
        for method in ("cash", "stripe", ""):
            self.assertEqual(self.client.post(order.pay_address, {"method": method}).status_code, 400)
        self.assertFalse(order.payments.exists())

    def test_return_url_of_a_gateway_does_not_confirm_the_payment(self) -> None:
        order = self.place_new_order(1)
        payment = order.payments.create(variant="practice", total=Decimal(70), currency="USD")
        url = reverse("process_payment", args=[payment.token])
        self.assertEqual(url, f"/payments/process/{payment.token}/")
        response = self.client.get(url, {"verification_result": "confirmed", "status": "confirmed"})
        self.assertIn("/payment/fail/", response.url)
        payment.refresh_from_db()
        self.assertEqual(payment.status, "waiting")

    def test_receipt_is_available_once_the_order_is_paid(self) -> None:
        order = self.place_new_order(1)
        self.assertEqual(self.client.get(order.receipt_address).status_code, 404)
        self.pay_order(order)
        response = self.client.get(order.receipt_address)
        self.assertContains(response, "$70.00")
        self.assertContains(response, "pat@example.org")

    def test_payment_page_redirects_to_the_open_order(self) -> None:
        self.assertContains(self.client.get(reverse("payment")), "You have nothing to pay")
        order = self.place_new_order(1, payer=self.alice)
        self.log_in(self.alice)
        self.assertSentTo(self.client.get(reverse("payment")), order.address())

    def test_expired_order_says_so_and_offers_no_payment(self) -> None:
        order = self.place_new_order(1)
        Order.objects.filter(pk=order.pk).update(held_until=self.time_in_days(-1))
        response = self.client.get(order.address())
        self.assertContains(response, "Expired")
        self.assertNotContains(response, reverse("order_pay", args=[order.pk]))

    @tag("rows")
    def test_my_pages_need_the_same_number_of_queries_for_any_number_of_rows(self) -> None:
        self.log_in(self.alice)
        self.assertSameQueries(
            reverse("my_orders"), lambda count: [self.place_new_order(1, 2, payer=self.alice) for _ in range(count)]
        )
        self.assertSameQueries(
            reverse("my_credit"),
            lambda count: [
                self.alice.credit_entries.create(amount=1, currency="USD", reason="given", note="x")
                for _ in range(count)
            ],
        )
