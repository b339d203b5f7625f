"""The events of billing and their payloads, which name rows by their ids."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class OfOrder:
    """Something happened to an order as a whole."""

    order_id: int


@dataclass(frozen=True)
class OfLine:
    """A line of an order was canceled."""

    order_id: int
    line_id: int


@dataclass(frozen=True)
class Replaced:
    """A line of an order was exchanged for a line of another order."""

    order_id: int
    line_id: int
    by_order_id: int
    by_line_id: int


@dataclass(frozen=True)
class OfPayment:
    """The state of a payment attempt changed."""

    order_id: int
    payment_id: int


@dataclass(frozen=True)
class Late:
    """A payment arrived after its order had expired. `honoured` is true if the order could still be fulfilled."""

    order_id: int
    payment_id: int
    honoured: bool


@dataclass(frozen=True)
class OfRefund:
    """A refund was started, is ready or was completed."""

    order_id: int
    refund_id: int


@dataclass(frozen=True)
class OfDispute:
    """A payer's bank opened or closed a dispute."""

    order_id: int
    dispute_id: int


@dataclass(frozen=True)
class BookStep:
    """The next part of a gateway's statement is to be read, or the whole statement compared."""

    run_id: int
    book_id: int


@dataclass(frozen=True)
class OfRun:
    """A reconciliation has ended."""

    run_id: int


@dataclass(frozen=True)
class OfFinding:
    """The gateway is to be polled again about one finding."""

    run_id: int
    finding_id: int


ORDER_PLACED = EventType("billing.order_placed", OfOrder, subject=("order", "order_id"))
ORDER_KEPT = EventType("billing.order_kept", OfOrder, subject=("order", "order_id"))
LINK_REQUESTED = EventType("billing.link_requested", OfOrder, subject=("order", "order_id"))
ORDER_PAID = EventType("billing.order_paid", OfOrder, subject=("order", "order_id"))
ORDER_LAPSED = EventType("billing.order_lapsed", OfOrder, subject=("order", "order_id"))
ORDER_CANCELLED = EventType("billing.order_cancelled", OfOrder, subject=("order", "order_id"))
HOLD_ENDING = EventType("billing.hold_ending", OfOrder, subject=("order", "order_id"))
PAYMENT_DUE = EventType("billing.payment_due", OfOrder, subject=("order", "order_id"))
CALLED_OFF = EventType("billing.called_off", OfOrder, subject=("order", "order_id"))
LINE_CANCELLED = EventType("billing.line_cancelled", OfLine, subject=("order", "order_id"))
LINE_REPLACED = EventType("billing.line_replaced", Replaced, subject=("order", "order_id"))
PAYMENT_FAILED = EventType("billing.payment_failed", OfPayment, subject=("order", "order_id"))
PAYMENT_PROMISED = EventType("billing.payment_promised", OfPayment, subject=("order", "order_id"))
GATEWAY_TO_BE_ASKED = EventType("billing.gateway_to_be_asked", OfPayment, subject=("order", "order_id"))
PAYMENT_LATE = EventType("billing.payment_late", Late, subject=("order", "order_id"))
REFUND_RESERVED = EventType("billing.refund_reserved", OfRefund, subject=("order", "order_id"))
REFUND_READY = EventType("billing.refund_ready", OfRefund, subject=("order", "order_id"))
REFUND_MADE = EventType("billing.refund_made", OfRefund, subject=("order", "order_id"))
DISPUTE_OPENED = EventType("billing.dispute_opened", OfDispute, subject=("order", "order_id"))
DISPUTE_CLOSED = EventType("billing.dispute_closed", OfDispute, subject=("order", "order_id"))
RECONCILIATION_STEP = EventType("billing.reconciliation_step", BookStep, subject=("reconciliation", "run_id"))
RECONCILIATION_DONE = EventType("billing.reconciliation_done", OfRun, subject=("reconciliation", "run_id"))
FINDING_DOUBTED = EventType("billing.finding_doubted", OfFinding, subject=("reconciliation", "run_id"))
