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

from billing.gateways import BadSignature, Hosted
from billing.gateways.facts import About, Answer, Begun, Disputed, Expired, Fact, GivenBack, Heard, Taken
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
    refunds: dict[str, GivenBack] = field(default_factory=dict)
    disputes: dict[str, Disputed] = field(default_factory=dict)

    def facts(self) -> list[Fact]:
        known = [self.state] if self.state else []
        return [*known, *self.refunds.values(), *self.disputes.values()]


class Double(Hosted):
    label = "Double"
    hosts = ("https://pay.example.org",)
    books: ClassVar[dict[str, Books]] = {}
    heard: ClassVar[dict[str, Heard]] = {}
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

    def create_session(self, payment: Payment, key: str) -> Begun:
        self._fail(self.trouble)
        books = self.books.setdefault(payment.token, Books(f"session-{key}"))
        books.begun += 1
        type(self).meanwhile()
        self._fail(self.trouble_after)
        return Begun(books.session, f"https://pay.example.org/{books.session}")

    def poll_payment(self, payment: Payment) -> list[Fact]:
        self.asked.append(payment.token)
        self._fail(self.trouble)
        type(self).meanwhile()
        return self.books[payment.token].facts() if payment.token in self.books else []

    def close(self, payment: Payment) -> list[Fact]:
        """What was paid or promised there stays so; nothing else can be paid there any more."""
        self._fail(self.trouble)
        books = self.books.setdefault(payment.token, Books(payment.session))
        books.state = books.state or Expired()
        return books.facts()

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> Heard:
        if headers.get("X-Signature") != SECRET:
            raise BadSignature
        self._fail(self.trouble)
        return self.heard[json.loads(body)["id"]]

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> Answer:
        self._fail(self.trouble)
        if self.already:
            return Answer("failed", already=True)
        books, back = self.books[payment.token], amount or payment.refundable_amount
        books.refunds.setdefault(key, GivenBack(f"r-{key}", back, payment.currency, self.refund_state, key=key))
        type(self).meanwhile()
        self._fail(self.trouble_after)
        return Answer(books.refunds[key].state, f"r-{key}")

    @staticmethod
    def _fail(trouble: list[Exception]) -> None:
        if trouble:
            raise trouble.pop(0)

    # -- what happens over there -----------------------------------------------------------------------------------

    @classmethod
    def says(cls, payment: Payment, fact: Fact, *, about: About | None = None, name: str = "", **more: Any) -> Heard:
        """It becomes so, and a message of it is made; `about` other than the attempt's own names leaves the books."""
        if about is None:
            cls._write(payment, fact)
        name = name or f"evt-{next(cls.numbers)}"
        kind = type(fact).__name__.lower()
        cls.heard[name] = Heard(name, kind, about or About(payment.token, payment.session), (fact,), **more)
        return cls.heard[name]

    @classmethod
    def _write(cls, payment: Payment, fact: Fact) -> None:
        books = cls.books.setdefault(payment.token, Books(payment.session))
        if isinstance(fact, GivenBack):
            books.refunds[fact.key or fact.reference] = fact
        elif isinstance(fact, Disputed):
            books.disputes[fact.reference] = fact
        else:
            books.state = fact

    @classmethod
    def took(cls, payment: Payment, **more: Any) -> Heard:
        return cls.says(payment, Taken(payment.total, payment.currency, f"money-{payment.pk}"), **more)
