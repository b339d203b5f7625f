"""What gateways say, in our words. A gateway reads and translates; billing.domain decides what follows from it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class About:
    """Which payment is meant, by whatever the gateway knows of it. It must fit in all that is given."""

    token: str = ""
    session: str = ""
    """Their name of the attempt: Stripe's Checkout Session, PayPal's order."""
    reference: str = ""
    """Their name of the money: Stripe's payment intent, PayPal's capture."""


@dataclass(frozen=True)
class Taken:
    """The money is there. May be said again with a fee that was not known before."""

    amount: Decimal
    currency: str
    reference: str = ""
    fee: Decimal | None = None


@dataclass(frozen=True)
class OnItsWay:
    """The payer has done everything; the bank takes days to answer."""

    message: str = ""


@dataclass(frozen=True)
class Refused:
    """No money comes of this attempt; the message is a sentence for the payer."""

    message: str = ""


@dataclass(frozen=True)
class Expired:
    """The payer left, or took too long; another attempt is possible."""


@dataclass(frozen=True)
class GivenBack:
    """One refund as it stands now, ours or one made in the gateway's own pages; told as often as they like.

    Where the gateway tells only a sum of all refunds, say Ask, and name them one by one in `ask`. Money that a dispute
    takes is told as Disputed, not here.
    """

    reference: str
    amount: Decimal
    currency: str
    state: str
    """One of billing.models.Refund.State, never RESERVED."""
    key: str = ""
    """Refund.token, when the refund is ours and they tell it."""
    message: str = ""


@dataclass(frozen=True)
class Disputed:
    """The payer's bank asks the money back."""

    reference: str
    amount: Decimal
    currency: str
    state: str
    """One of billing.models.Dispute.State: open, won or lost, as seen by the school."""
    reason: str = ""


@dataclass(frozen=True)
class Ask:
    """Something is to be done or known that only asking the gateway tells: a worker calls `ask` and applies it."""


Fact = Taken | OnItsWay | Refused | Expired | GivenBack | Disputed | Ask


@dataclass(frozen=True)
class Begun:
    """An attempt at the gateway: where to send the payer, and how long the address is good when that is known."""

    session: str
    url: str
    until: datetime | None = None


@dataclass(frozen=True)
class Heard:
    """A webhook whose signature holds. No facts: nothing that concerns us, logged and answered with 200."""

    event_id: str
    kind: str
    about: About = field(default_factory=About)
    facts: tuple[Fact, ...] = ()
    at: datetime | None = None
    """When they made it. A payment that we do not know is waited for only while the message is young."""


@dataclass(frozen=True)
class Answer:
    """What a gateway says to a refund: `state` is one of Refund.State, SENT while their bank is at it."""

    state: str
    reference: str = ""
    message: str = ""
    already: bool = False
    """FAILED because (part of) the money went back before, by a refund that we may not know yet."""


@dataclass(frozen=True)
class Movement:
    """One line of the gateway's own books."""

    kind: str
    """payment, refund, dispute or other."""
    reference: str
    amount: Decimal
    """Before their fee; negative when money left the school."""
    currency: str
    at: datetime
    fee: Decimal = Decimal(0)
    payout: str = ""
    about: About = field(default_factory=About)
