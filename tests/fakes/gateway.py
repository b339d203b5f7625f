"""A gateway that does as it is told: it speaks billing's Gateway interface and keeps its own books, in memory.

`says` and `took` change what is so over there and make the message that a webhook brings, each with a name of its own;
`ask` tells how it is now. `meanwhile` runs in the middle of a call, and `trouble` breaks one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar

from billing.errors import WebhookRejected
from billing.gateways import HostedGateway
from billing.gateways.facts import (
    AttemptExpired,
    DisputeState,
    Fact,
    GatewaySession,
    PaymentCaptured,
    PaymentReference,
    RefundAnswer,
    RefundState,
    WebhookMessage,
)
from billing.models import Payment

VARIANTS = {"double": ("tests.fakes.gateway.Double", {}), "other": ("tests.fakes.gateway.Double", {})}
SECRET = "signed"


def nothing() -> None:
    """Nothing happens meanwhile."""


@dataclass
class Books:
    """What is so at the gateway about one attempt."""

    session: str
    begun: int = 0
    state: Fact | None = None
    refunds: dict[str, RefundState] = field(default_factory=dict)
    disputes: dict[str, DisputeState] = field(default_factory=dict)

    def facts(self) -> list[Fact]:
        known = [self.state] if self.state else []
        return [*known, *self.refunds.values(), *self.disputes.values()]


class Double(HostedGateway):
    label = "Double"
    hosts = ("https://pay.example.org",)
    books: ClassVar[dict[str, Books]] = {}
    heard: ClassVar[dict[str, WebhookMessage]] = {}
    asked: ClassVar[list[str]] = []
    trouble: ClassVar[list[Exception]] = []
    """Raised before the gateway acts, one a call."""
    trouble_after: ClassVar[list[Exception]] = []
    """Raised after it has acted: its answer is lost."""
    refund_state: ClassVar[str] = "done"
    already: ClassVar[bool] = False
    numbers: ClassVar[Any] = count(1)
    meanwhile: ClassVar[Callable[[], None]] = nothing

    @classmethod
    def reset(cls) -> None:
        cls.books, cls.heard, cls.asked, cls.trouble, cls.trouble_after = {}, {}, [], [], []
        cls.refund_state, cls.already, cls.meanwhile, cls.numbers = "done", False, staticmethod(nothing), count(1)

    # -- the interface ---------------------------------------------------------------------------------------------

    def create_session(self, payment: Payment, key: str) -> GatewaySession:
        self._fail(self.trouble)
        books = self.books.setdefault(payment.token, Books(f"session-{key}"))
        books.begun += 1
        type(self).meanwhile()
        self._fail(self.trouble_after)
        return GatewaySession(books.session, f"https://pay.example.org/{books.session}")

    def poll_payment(self, payment: Payment) -> list[Fact]:
        self.asked.append(payment.token)
        self._fail(self.trouble)
        type(self).meanwhile()
        return self.books[payment.token].facts() if payment.token in self.books else []

    def close(self, payment: Payment) -> list[Fact]:
        """What was paid or promised there stays so; nothing else can be paid there any more."""
        self._fail(self.trouble)
        books = self.books.setdefault(payment.token, Books(payment.session))
        books.state = books.state or AttemptExpired()
        return books.facts()

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookMessage:
        if headers.get("X-Signature") != SECRET:
            raise WebhookRejected
        self._fail(self.trouble)
        return self.heard[json.loads(body)["id"]]

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        self._fail(self.trouble)
        if self.already:
            return RefundAnswer("failed", already=True)
        books, back = self.books[payment.token], amount or payment.refundable_amount
        books.refunds.setdefault(key, RefundState(f"r-{key}", back, payment.currency, self.refund_state, key=key))
        type(self).meanwhile()
        self._fail(self.trouble_after)
        return RefundAnswer(books.refunds[key].state, f"r-{key}")

    @staticmethod
    def _fail(trouble: list[Exception]) -> None:
        if trouble:
            raise trouble.pop(0)

    # -- what happens over there -----------------------------------------------------------------------------------

    @classmethod
    def says(
        cls, payment: Payment, fact: Fact, *, about: PaymentReference | None = None, name: str = "", **more: Any
    ) -> WebhookMessage:
        """It becomes so, and a message of it is made; `about` other than the attempt's own names leaves the books."""
        if about is None:
            cls._write(payment, fact)
        name = name or f"evt-{next(cls.numbers)}"
        kind = type(fact).__name__.lower()
        cls.heard[name] = WebhookMessage(
            name, kind, about or PaymentReference(payment.token, payment.session), (fact,), **more
        )
        return cls.heard[name]

    @classmethod
    def _write(cls, payment: Payment, fact: Fact) -> None:
        books = cls.books.setdefault(payment.token, Books(payment.session))
        if isinstance(fact, RefundState):
            books.refunds[fact.key or fact.reference] = fact
        elif isinstance(fact, DisputeState):
            books.disputes[fact.reference] = fact
        else:
            books.state = fact

    @classmethod
    def took(cls, payment: Payment, **more: Any) -> WebhookMessage:
        return cls.says(payment, PaymentCaptured(payment.total, payment.currency, f"money-{payment.pk}"), **more)
