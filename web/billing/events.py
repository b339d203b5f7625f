"""The events of billing and their payloads, which name rows by their ids."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class OrderPayload:
    """Something happened to an order as a whole."""

    order_id: int


@dataclass(frozen=True)
class OrderLinePayload:
    """A line of an order was canceled."""

    order_id: int
    line_id: int


@dataclass(frozen=True)
class LineExchangePayload:
    """A line of an order was exchanged for a line of another order."""

    order_id: int
    line_id: int
    by_order_id: int
    by_line_id: int


@dataclass(frozen=True)
class PaymentPayload:
    """The state of a payment attempt changed."""

    order_id: int
    payment_id: int


@dataclass(frozen=True)
class RefundPayload:
    """A refund was started, is ready or was completed."""

    order_id: int
    refund_id: int


@dataclass(frozen=True)
class DisputePayload:
    """A payer's bank opened or closed a dispute."""

    order_id: int
    dispute_id: int


ORDER_PLACED = EventType("billing.order_placed", OrderPayload, subject=("order", "order_id"))
ORDER_PAID = EventType("billing.order_paid", OrderPayload, subject=("order", "order_id"))
ORDER_EXPIRED = EventType("billing.order_expired", OrderPayload, subject=("order", "order_id"))
ORDER_CANCELED = EventType("billing.order_canceled", OrderPayload, subject=("order", "order_id"))
ATTEMPTS_OUTDATED = EventType("billing.attempts_outdated", OrderPayload, subject=("order", "order_id"))
LINES_CANCELED = EventType("billing.lines_canceled", OrderPayload, subject=("order", "order_id"))
LINE_CANCELED = EventType("billing.line_canceled", OrderLinePayload, subject=("order", "order_id"))
LINE_EXCHANGED = EventType("billing.line_exchanged", LineExchangePayload, subject=("order", "order_id"))
GATEWAY_POLL_REQUESTED = EventType("billing.gateway_poll_requested", PaymentPayload, subject=("order", "order_id"))
REFUND_RESERVED = EventType("billing.refund_reserved", RefundPayload, subject=("order", "order_id"))
REFUND_READY = EventType("billing.refund_ready", RefundPayload, subject=("order", "order_id"))
REFUND_COMPLETED = EventType("billing.refund_completed", RefundPayload, subject=("order", "order_id"))
DISPUTE_OPENED = EventType("billing.dispute_opened", DisputePayload, subject=("order", "order_id"))
DISPUTE_CLOSED = EventType("billing.dispute_closed", DisputePayload, subject=("order", "order_id"))
