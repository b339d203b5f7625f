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

    def submit_order(
        self, method: str = "practice", now: str = "70", door: str = "70", *, follow: bool = False, **more: str
    ) -> HttpResponse:
        data = PAYER | {"method": method, "seen_now": now, "seen_door": door, "terms": "on"} | more
        return self.client.post(reverse("checkout"), data, follow=follow)
