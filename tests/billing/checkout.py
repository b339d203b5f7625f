"""The steps of the checkout, as a browser submits them."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from billing.domain.orders import cart as carts
from billing.models import Order
from tests.billing.base import BillingTestCase
from users.models import User

PAYER = {"payer_name": "Pat  Payer", "payer_email": "Pat@Example.org"}


def edition_three(kinds: list[str]) -> dict[str, int]:
    return {"terms": 3}


class CheckoutTestCase(BillingTestCase):
    def put_in_cart(self, *products: int, **details: Any) -> Order:
        """Put lines into the cart of this browser, as the page of a product kind does."""
        user = User.objects.filter(pk=self.client.session.get("_auth_user_id")).first()
        cart = (carts.find_cart_of_account(user) if user else None) or carts.create_cart(user)
        session = self.client.session
        session["cart"] = cart.pk
        session.save()
        for product in products:
            carts.add_line(cart, "toy", product, details)
        return cart

    def submit_payer(self, **more: str) -> HttpResponse:
        return self.client.post(reverse("checkout"), PAYER | more)

    def submit_review(self, method: str = "practice", now: str = "70", door: str = "70", **more: str) -> HttpResponse:
        data = {"method": method, "seen_now": now, "seen_door": door, "terms": "on"} | more
        return self.client.post(reverse("checkout_review"), data)

    def answer_practice_page(self, answer: str) -> HttpResponse:
        payment = Order.objects.placed().latest("pk").payments.latest("pk")
        return self.client.post(reverse("payment_attempt", args=[payment.token]), {"answer": answer}, follow=True)
