from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.domain.orders import cart, placement
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.models import Order, Payment
from common import dates
from mailroom.models import Message
from outbox.models import Event
from tests.base import SchoolTestCase
from tests.billing.toys import Toy, ToyKind, with_toys
from users.models import User


def create_second_attempt(order: Order, variant: str = "practice") -> Payment:
    """A second payment of the same balance. Our pages do not start one, but its money may still arrive."""
    return order.payments.create(
        variant=variant, total=balances.open_balance(order, timezone.now()), currency=order.currency
    )


@with_toys
class BillingTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.now = self.current_time()
        ToyKind.catalogue = {1: Toy(), 2: Toy("50"), 3: Toy("65", prepay="5", multi="10", starts=self.time_in_days(2))}

    @staticmethod
    def current_time() -> datetime:
        return timezone.now()

    def time_in_days(self, number: float) -> datetime:
        """Return the same local time that many days from now, also across a change to daylight saving time."""
        if not number:
            return self.now
        return (dates.to_local_time(self.now) + timedelta(days=number)).astimezone(UTC)

    def date_in_days(self, days: int = 0) -> date:
        """Return the local date that many days from now."""
        return dates.to_local_time(self.now).date() + timedelta(days=days)

    def create_cart(self, *products: int, payer: User | None = None, **details: Any) -> Order:
        order = cart.create_cart(payer)
        order.payer_name, order.payer_email = "Pat Payer", "pat@example.org"
        order.save()
        for number, product in enumerate(products):
            cart.add_line(order, "toy", product, {"attendee": "Pat", "copy": number} | details)
        return order

    def place_new_order(
        self, *products: int, payer: User | None = None, due: str = Order.Due.NOW, **details: Any
    ) -> Order:
        """The payer of an order that is paid at the door has confirmed it with the mailed link."""
        order = self.create_cart(*products, payer=payer, **details)
        return placement.place_order(order, placement.PlacementOptions(due, is_known=True), seen=None, at=self.now)

    def pay_order(self, order: Order, amount: Decimal | str | None = None, at: datetime | None = None) -> Payment:
        payment = attempts.start_attempt(order, "practice", at or self.now)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(Decimal(amount or payment.total), payment.currency))
        order.refresh_from_db()
        return payment

    def events_of(self, order: Order) -> list[str]:
        events = Event.objects.filter(subject_type="order", subject_id=str(order.pk)).order_by("pk")
        return [event.type.removeprefix("billing.") for event in events]

    def mails_of(self, order: Order, **conditions: object) -> list[str]:
        messages = Message.objects.filter(about_type="order", about_id=str(order.pk), **conditions).order_by("pk")
        return [message.template.removeprefix("billing.") for message in messages]
