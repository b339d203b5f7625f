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
class LatePaymentPayload:
    """A payment arrived after its order had expired. `honored` is true if the order could still be fulfilled."""

    order_id: int
    payment_id: int
    honored: bool


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
ORDER_KEPT = EventType("billing.order_kept", OrderPayload, subject=("order", "order_id"))
LINK_REQUESTED = EventType("billing.link_requested", OrderPayload, subject=("order", "order_id"))
ORDER_PAID = EventType("billing.order_paid", OrderPayload, subject=("order", "order_id"))
ORDER_LAPSED = EventType("billing.order_lapsed", OrderPayload, subject=("order", "order_id"))
ORDER_CANCELLED = EventType("billing.order_cancelled", OrderPayload, subject=("order", "order_id"))
HOLD_ENDING = EventType("billing.hold_ending", OrderPayload, subject=("order", "order_id"))
PAYMENT_DUE = EventType("billing.payment_due", OrderPayload, subject=("order", "order_id"))
CALLED_OFF = EventType("billing.called_off", OrderPayload, subject=("order", "order_id"))
LINE_CANCELLED = EventType("billing.line_cancelled", OrderLinePayload, subject=("order", "order_id"))
LINE_REPLACED = EventType("billing.line_replaced", LineExchangePayload, subject=("order", "order_id"))
PAYMENT_FAILED = EventType("billing.payment_failed", PaymentPayload, subject=("order", "order_id"))
PAYMENT_PROMISED = EventType("billing.payment_promised", PaymentPayload, subject=("order", "order_id"))
GATEWAY_TO_BE_ASKED = EventType("billing.gateway_to_be_asked", PaymentPayload, subject=("order", "order_id"))
PAYMENT_LATE = EventType("billing.payment_late", LatePaymentPayload, subject=("order", "order_id"))
REFUND_RESERVED = EventType("billing.refund_reserved", RefundPayload, subject=("order", "order_id"))
REFUND_READY = EventType("billing.refund_ready", RefundPayload, subject=("order", "order_id"))
REFUND_MADE = EventType("billing.refund_made", RefundPayload, subject=("order", "order_id"))
DISPUTE_OPENED = EventType("billing.dispute_opened", DisputePayload, subject=("order", "order_id"))
DISPUTE_CLOSED = EventType("billing.dispute_closed", DisputePayload, subject=("order", "order_id"))
