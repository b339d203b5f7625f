"""A gateway whose statement is the list `theirs` and whose answers to polls are the list `facts`."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.test import override_settings
from payments.core import PROVIDER_CACHE

from billing.gateways import Gateway
from billing.gateways.facts import Fact, GatewayLine, PaymentReference, RefundAnswer
from billing.models import Payment, Refund

NAME = "scripted"
PATH = "tests.billing.scripted_gateway.ScriptedGateway"


class ScriptedGateway(Gateway):
    label = "Scripted"
    theirs: ClassVar[list[GatewayLine]] = []
    facts: ClassVar[list[Fact]] = []
    asked: ClassVar[list[tuple[datetime, datetime]]] = []
    trouble: ClassVar[list[Exception]] = []
    """These are raised one after the other, before anything is answered."""

    def statement_lines(self, since: datetime, until: datetime) -> Iterator[GatewayLine]:
        if self.trouble:
            raise self.trouble.pop(0)
        self.asked.append((since, until))
        return (movement for movement in self.theirs if since <= movement.at < until)

    def poll_payment(self, payment: Payment) -> list[Fact]:
        return list(self.facts)

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        return RefundAnswer(Refund.State.DONE, reference=f"re_{key[:6]}")


def with_scripted_gateway(case: type) -> type:
    variants = settings.PAYMENT_VARIANTS | {NAME: (PATH, {})}
    return override_settings(PAYMENT_VARIANTS=variants)(case)


def reset_gateway() -> None:
    PROVIDER_CACHE.pop(NAME, None)
    for kept in (ScriptedGateway.theirs, ScriptedGateway.facts, ScriptedGateway.asked, ScriptedGateway.trouble):
        kept.clear()


def gateway_line(payment: Payment, **changes: Any) -> GatewayLine:
    """Return the gateway's statement line that matches our payment."""
    fields = {
        "kind": "payment",
        "reference": payment.transaction_id or f"pi_{payment.pk}",
        "amount": payment.total,
        "currency": payment.currency,
        "at": payment.captured_at or payment.created,
        "fee": Decimal("2.30"),
        "payout": "po_1",
        "about": PaymentReference(token=payment.token),
    }
    return GatewayLine(**fields | changes)


def minute_after(moment: datetime) -> datetime:
    return moment + timedelta(minutes=1)
