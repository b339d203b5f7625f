"""The receivers of events about orders and money; hepcat.workflows connects them."""

from typing import Any

from billing.domain.payments import gateway_polling
from billing.models import Order
from outbox.declare import runs_outside_transaction


@runs_outside_transaction
def send_refund(event: Any) -> None:
    gateway_polling.send_reserved_refund(event.payload.refund_id)


@runs_outside_transaction
def poll_gateway(event: Any) -> None:
    gateway_polling.poll_payment(event.payload.payment_id)


@runs_outside_transaction
def close_unneeded_attempts(event: Any) -> None:
    gateway_polling.close_unneeded_attempts(Order.objects.get(pk=event.payload.order_id))
