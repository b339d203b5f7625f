"""The events of billing and their payloads, which name rows by their ids."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class OrderPayload:
    """Something happened to an order as a whole."""

    order_id: int


@dataclass(frozen=True)
class PaymentPayload:
    """The gateway is to be asked about a payment attempt."""

    order_id: int
    payment_id: int


@dataclass(frozen=True)
class RefundPayload:
    """A refund was reserved and is to be sent to the gateway."""

    order_id: int
    refund_id: int


@dataclass(frozen=True)
class DisputePayload:
    """A payer's bank opened or closed a dispute."""

    order_id: int
    dispute_id: int


ORDER_PAID = EventType("billing.order_paid", OrderPayload, subject=("order", "order_id"))
ATTEMPTS_OUTDATED = EventType("billing.attempts_outdated", OrderPayload, subject=("order", "order_id"))
GATEWAY_POLL_REQUESTED = EventType("billing.gateway_poll_requested", PaymentPayload, subject=("order", "order_id"))
REFUND_RESERVED = EventType("billing.refund_reserved", RefundPayload, subject=("order", "order_id"))
DISPUTE_OPENED = EventType("billing.dispute_opened", DisputePayload, subject=("order", "order_id"))
DISPUTE_CLOSED = EventType("billing.dispute_closed", DisputePayload, subject=("order", "order_id"))
