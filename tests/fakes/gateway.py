"""A gateway that tests control. It implements billing's gateway interface and keeps its own records in memory.

`report_fact` and `report_capture` change the records and return the webhook that reports the change, each with an id of
its own. `poll_payment` returns the current records. `during_call` runs in the middle of a call, and an exception in
`errors_before` or `errors_after` makes one fail.
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

VARIANTS = {"double": ("tests.fakes.gateway.FakeGateway", {}), "other": ("tests.fakes.gateway.FakeGateway", {})}
SECRET = "signed"


def do_nothing() -> None:
    pass


@dataclass
class GatewayRecord:
    """What the gateway knows about one attempt."""

    session: str
    sessions_opened: int = 0
    state: Fact | None = None
    refunds: dict[str, RefundState] = field(default_factory=dict)
    disputes: dict[str, DisputeState] = field(default_factory=dict)

    def facts(self) -> list[Fact]:
        state = [self.state] if self.state else []
        return [*state, *self.refunds.values(), *self.disputes.values()]


class FakeGateway(HostedGateway):
    label = "Double"
    hosts = ("https://pay.example.org",)
    records: ClassVar[dict[str, GatewayRecord]] = {}
    webhooks: ClassVar[dict[str, WebhookMessage]] = {}
    polled_tokens: ClassVar[list[str]] = []
    errors_before: ClassVar[list[Exception]] = []
    """These are raised before the gateway acts, one in each call."""
    errors_after: ClassVar[list[Exception]] = []
    """These are raised after the gateway has acted, so its answer is lost."""
    refund_state: ClassVar[str] = "done"
    is_refunded_already: ClassVar[bool] = False
    webhook_numbers: ClassVar[Any] = count(1)
    during_call: ClassVar[Callable[[], None]] = do_nothing

    @classmethod
    def reset(cls) -> None:
        cls.records, cls.webhooks, cls.polled_tokens, cls.errors_before, cls.errors_after = {}, {}, [], [], []
        cls.refund_state, cls.is_refunded_already, cls.webhook_numbers = "done", False, count(1)
        cls.during_call = staticmethod(do_nothing)

    # -- the interface ---------------------------------------------------------------------------------------------

    def create_session(self, payment: Payment, key: str) -> GatewaySession:
        self._raise_next(self.errors_before)
        record = self.records.setdefault(payment.token, GatewayRecord(f"session-{key}"))
        record.sessions_opened += 1
        type(self).during_call()
        self._raise_next(self.errors_after)
        return GatewaySession(record.session, f"https://pay.example.org/{record.session}")

    def poll_payment(self, payment: Payment) -> list[Fact]:
        self.polled_tokens.append(payment.token)
        self._raise_next(self.errors_before)
        type(self).during_call()
        return self.records[payment.token].facts() if payment.token in self.records else []

    def close(self, payment: Payment) -> list[Fact]:
        """A payment that was made or is pending stays. Nothing else can be paid there."""
        self._raise_next(self.errors_before)
        record = self.records.setdefault(payment.token, GatewayRecord(payment.session))
        record.state = record.state or AttemptExpired()
        return record.facts()

    def parse_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookMessage:
        if headers.get("X-Signature") != SECRET:
            raise WebhookRejected
        self._raise_next(self.errors_before)
        return self.webhooks[json.loads(body)["id"]]

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        self._raise_next(self.errors_before)
        if self.is_refunded_already:
            return RefundAnswer("failed", already=True)
        record, refunded = self.records[payment.token], amount or payment.refundable_amount
        record.refunds.setdefault(key, RefundState(f"r-{key}", refunded, payment.currency, self.refund_state, key=key))
        type(self).during_call()
        self._raise_next(self.errors_after)
        return RefundAnswer(record.refunds[key].state, f"r-{key}")

    @staticmethod
    def _raise_next(errors: list[Exception]) -> None:
        if errors:
            raise errors.pop(0)

    # -- changes at the gateway -------------------------------------------------------------------------------------

    @classmethod
    def report_fact(
        cls, payment: Payment, fact: Fact, *, about: PaymentReference | None = None, name: str = "", **more: Any
    ) -> WebhookMessage:
        """Record the fact and return its webhook. With `about`, only a webhook about that payment is made."""
        if about is None:
            cls.record_fact(payment, fact)
        name = name or f"evt-{next(cls.webhook_numbers)}"
        kind = type(fact).__name__.lower()
        cls.webhooks[name] = WebhookMessage(
            name, kind, about or PaymentReference(payment.token, payment.session), (fact,), **more
        )
        return cls.webhooks[name]

    @classmethod
    def record_fact(cls, payment: Payment, fact: Fact) -> None:
        record = cls.records.setdefault(payment.token, GatewayRecord(payment.session))
        if isinstance(fact, RefundState):
            record.refunds[fact.key or fact.reference] = fact
        elif isinstance(fact, DisputeState):
            record.disputes[fact.reference] = fact
        else:
            record.state = fact

    @classmethod
    def report_capture(cls, payment: Payment, **more: Any) -> WebhookMessage:
        return cls.report_fact(payment, PaymentCaptured(payment.total, payment.currency, f"money-{payment.pk}"), **more)
