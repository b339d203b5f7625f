"""Stripe's own books: each balance transaction with its fee and the payout that it left with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from stripe import StripeClient
from stripe.params import BalanceTransactionListParamsCreated, PayoutListParamsCreated

from billing.gateways.facts import Movement
from billing.gateways.stripe.amounts import from_stripe
from billing.gateways.stripe.client import speaking
from billing.gateways.stripe.parsing import Wire, about_money, number
from common.money import rounded

KINDS = {
    "charge": "payment",
    "charge_failure": "payment",
    "refund": "refund",
    "refund_failure": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
}
PAID_OUT_WITHIN = timedelta(days=30)


def movements(client: StripeClient, since: datetime, until: datetime) -> Iterator[Movement]:
    span: BalanceTransactionListParamsCreated = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    with speaking():
        left_with = payouts(client, since, until + PAID_OUT_WITHIN)
        found = client.v1.balance_transactions.list({"created": span, "limit": 100, "expand": ["data.source"]})
        for line in found.auto_paging_iter():
            yield movement(line.to_dict(), left_with)


def payouts(client: StripeClient, since: datetime, until: datetime) -> dict[str, str]:
    """A line does not name its payout; only each payout names its lines. What is paid out by hand names none."""
    span: PayoutListParamsCreated = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    found = client.v1.payouts.list({"created": span, "limit": 100})
    return {
        line.id: payout.id
        for payout in found.auto_paging_iter()
        if payout.automatic
        for line in client.v1.balance_transactions.list({"payout": payout.id, "limit": 100}).auto_paging_iter()
    }


def movement(line: Wire, left_with: dict[str, str]) -> Movement:
    source = line["source"] if isinstance(line["source"], dict) else {}
    kind = KINDS.get(line["reporting_category"], "other")
    amount, currency, fee = sums(line, source if kind != "other" else {})
    intent = number(source.get("payment_intent"))
    return Movement(
        kind=kind,
        reference=intent if kind == "payment" and intent else number(line["source"]) or line["id"],
        amount=amount,
        currency=currency,
        at=datetime.fromtimestamp(line["created"], UTC),
        fee=fee,
        payout=left_with.get(line["id"], ""),
        about=about_money(source),
    )


def sums(line: Wire, source: dict[str, Any]) -> tuple[Decimal, str, Decimal]:
    """In the currency that was paid in: where Stripe changed it into the school's, its own rate leads back."""
    settled: str = line["currency"].upper()
    paid: str = source["currency"].upper() if source.get("currency") else settled
    amount, fee = from_stripe(line["amount"], settled), from_stripe(line["fee"], settled)
    if paid == settled:
        return amount, settled, fee
    before = from_stripe(source["amount"], paid)
    return before.copy_sign(amount), paid, rounded(fee / Decimal(str(line["exchange_rate"])), paid)
