"""Browsers apply a page's form-action policy to all redirects of its forms, including those to a gateway."""

import re

from django.conf import settings
from django.http import HttpResponse
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from payments.core import PROVIDER_CACHE

from billing import gateways
from tests.billing.checkout import CheckoutTestCase
from tests.fakes.gateway import VARIANTS

STRIPE = "billing.gateways.stripe.Stripe"
PAYPAL = "billing.gateways.paypal.PayPal"


def form_action(response: HttpResponse) -> list[str]:
    (found,) = re.findall(r"form-action ([^;]+)", response.headers["Content-Security-Policy"])
    return found.split()


@override_settings(PAYMENT_VARIANTS=settings.PAYMENT_VARIANTS | VARIANTS)
class FormActionPolicyTest(CheckoutTestCase):
    def test_only_pages_with_pay_button_allow_forms_to_submit_to_gateways(self) -> None:
        self.put_in_cart(1)
        review = [
            self.client.get(reverse("checkout")),
            self.client.post(reverse("checkout"), {}, follow=True),
            self.client.post(reverse("checkout_code"), {"code": "nonsense"}, follow=True),
        ]
        order = self.place_new_order(1)
        paying = [self.client.get(order.address(name)) for name in ("order", "payment_fail", "payment_success")]
        for page in review + paying:
            self.assertEqual(form_action(page), ["'self'", "https://pay.example.org"], page.request["PATH_INFO"])
        for name in ("cart", "home"):
            self.assertEqual(form_action(self.client.get(reverse(name))), ["'self'"], name)

    def test_rest_of_policy_is_the_same_on_all_pages(self) -> None:
        policies = [
            self.client.get(address).headers["Content-Security-Policy"].replace(" https://pay.example.org", "")
            for address in (self.place_new_order(1).address(), reverse("home"))
        ]
        self.assertEqual(policies[0], policies[1])


class FormTargetsTest(SimpleTestCase):
    def hosts(self, **variants: tuple[str, dict[str, object]]) -> list[str]:
        PROVIDER_CACHE.clear()
        self.addCleanup(PROVIDER_CACHE.clear)
        with override_settings(PAYMENT_VARIANTS=settings.PAYMENT_VARIANTS | variants):
            return gateways.form_targets()

    def paypal(self, url: str) -> list[str]:
        names = {"client_id": "x", "secret": "x", "webhook_id": "x", "payee": ""}
        return self.hosts(paypal=(PAYPAL, {"url": url} | names))

    def test_desk_and_practice_payments_add_no_form_targets(self) -> None:
        self.assertEqual(self.hosts(), [])

    def test_stripe_form_target_is_its_checkout_or_the_configured_url(self) -> None:
        names = {"key": "sk_test_x", "secrets": ["whsec_x"]}
        self.assertEqual(self.hosts(stripe=(STRIPE, names)), ["https://checkout.stripe.com"])
        here = "http://127.0.0.1:9"
        self.assertEqual(self.hosts(stripe=(STRIPE, names | {"url": here})), [here])

    def test_paypal_form_target_follows_from_api_url(self) -> None:
        for url, host in (
            ("https://api.sandbox.paypal.com", "https://www.sandbox.paypal.com"),
            ("https://api-m.sandbox.paypal.com", "https://www.sandbox.paypal.com"),
            ("https://api.paypal.com", "https://www.paypal.com"),
            ("http://127.0.0.1:9/v2", "http://127.0.0.1:9"),
        ):
            self.assertEqual(self.paypal(url), [host])
