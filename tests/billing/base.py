from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.domain.orders import cart, placement
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.models import Order, Payment
from common import dates
from outbox.models import Event
from tests.base import SchoolTestCase
from tests.billing.toys import Toy, ToyKind, with_toys
from users.models import User


def second_attempt(order: Order, variant: str = "practice") -> Payment:
    """For the same balance as one that is in progress. No page of ours begins it, but its money may come."""
    return order.payments.create(
        variant=variant, total=balances.open_balance(order, timezone.now()), currency=order.currency
    )


@with_toys
class BillingTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.now = self.clock()
        ToyKind.catalogue = {1: Toy(), 2: Toy("50"), 3: Toy("65", prepay="5", multi="10", starts=self.day(2))}

    @staticmethod
    def clock() -> datetime:
        return timezone.now()

    def day(self, number: float) -> datetime:
        """So many days from now by the clock on the wall, whatever the clocks do in between."""
        if not number:
            return self.now
        return (dates.to_local_time(self.now) + timedelta(days=number)).astimezone(UTC)

    def local_day(self, days: int = 0) -> date:
        """The day it is at the school, or so many days from it."""
        return dates.to_local_time(self.now).date() + timedelta(days=days)

    def cart(self, *products: int, payer: User | None = None, **details: Any) -> Order:
        order = cart.create_cart(payer)
        order.payer_name, order.payer_email = "Pat Payer", "pat@example.org"
        order.save()
        for number, product in enumerate(products):
            cart.add_line(order, "toy", product, {"attendee": "Pat", "copy": number} | details)
        return order

    def placed(self, *products: int, payer: User | None = None, due: str = Order.Due.NOW, **details: Any) -> Order:
        """At the door, the mailed link was clicked."""
        order = self.cart(*products, payer=payer, **details)
        return placement.place_order(order, placement.PlacementOptions(due, is_known=True), seen=None, at=self.now)

    def pay(self, order: Order, amount: Decimal | str | None = None, at: datetime | None = None) -> Payment:
        payment = attempts.start_attempt(order, "practice", at or self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(amount or payment.total), payment.currency))
        order.refresh_from_db()
        return payment

    def told(self, order: Order) -> list[str]:
        events = Event.objects.filter(subject_type="order", subject_id=str(order.pk)).order_by("pk")
        return [event.type.removeprefix("billing.") for event in events]
