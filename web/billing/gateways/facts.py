"""Gateway-independent data classes for what gateways report. billing.domain decides what follows from them."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class PaymentReference:
    """The identifiers by which the gateway names a payment. A payment must match all that are given."""

    token: str = ""
    session: str = ""
    """The gateway's id of the attempt is Stripe's Checkout Session or PayPal's order."""
    reference: str = ""
    """The gateway's id of the money is Stripe's payment intent or PayPal's capture."""


@dataclass(frozen=True)
class PaymentCaptured:
    """The payment was captured. This may be reported again with a fee that was not known before."""

    amount: Decimal
    currency: str
    reference: str = ""
    fee: Decimal | None = None


@dataclass(frozen=True)
class PaymentPending:
    """The payer has completed the checkout, and the bank takes days to confirm the payment."""

    message: str = ""


@dataclass(frozen=True)
class PaymentDeclined:
    """The attempt failed. The message is a sentence for the payer."""

    message: str = ""


@dataclass(frozen=True)
class AttemptExpired:
    """The payer left or took too long. Another attempt is possible."""


@dataclass(frozen=True)
class RefundState:
    """The current state of one refund, made by us or in the gateway's dashboard. It may be reported repeatedly.

    A gateway that reports only the sum of all refunds requests a poll, and the poll lists them one by one. Money that a
    dispute withdraws is not a refund.
    """

    reference: str
    amount: Decimal
    currency: str
    state: str
    """This is a value of billing.models.Refund.State other than RESERVED."""
    key: str = ""
    """This is Refund.token if the refund is ours and the gateway reports the token."""
    message: str = ""


@dataclass(frozen=True)
class DisputeState:
    """The payer's bank disputes the payment."""

    reference: str
    amount: Decimal
    currency: str
    state: str
    """This is a value of billing.models.Dispute.State: open, won or lost, as seen by the school."""
    reason: str = ""


@dataclass(frozen=True)
class PollNeeded:
    """The message alone is not enough. A worker polls the gateway and applies the result."""


Fact = PaymentCaptured | PaymentPending | PaymentDeclined | AttemptExpired | RefundState | DisputeState | PollNeeded


@dataclass(frozen=True)
class GatewaySession:
    """A checkout session at the gateway: its page for the payer, and when it expires if that is known."""

    session: str
    url: str
    until: datetime | None = None


@dataclass(frozen=True)
class WebhookMessage:
    """A webhook with a valid signature. Without facts it does not concern us; it is logged and answered with 200."""

    event_id: str
    kind: str
    about: PaymentReference = field(default_factory=PaymentReference)
    facts: tuple[Fact, ...] = ()
    at: datetime | None = None
    """The gateway created the message at this time. Only a recent message is retried if its payment is unknown."""


@dataclass(frozen=True)
class RefundAnswer:
    """The result of a refund request. `state` is a Refund.State, SENT while the bank is processing it."""

    state: str
    reference: str = ""
    message: str = ""
    already: bool = False
    """The request failed because the money was refunded before, at least in part, by a refund we may not know yet."""


@dataclass(frozen=True)
class GatewayLine:
    """One line of the gateway's statement."""

    kind: str
    """The kind is payment, refund, dispute or other."""
    reference: str
    amount: Decimal
    """The amount is before the gateway's fee, and negative if the school paid it."""
    currency: str
    at: datetime
    fee: Decimal = Decimal(0)
    payout: str = ""
    about: PaymentReference = field(default_factory=PaymentReference)
