"""Stripe's statement: each balance transaction with its fee and the payout that contains it."""

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
        payout_of_line = payouts(client, since, until + PAID_OUT_WITHIN)
        lines = client.v1.balance_transactions.list({"created": span, "limit": 100, "expand": ["data.source"]})
        for line in lines.auto_paging_iter():
            yield movement(line.to_dict(), payout_of_line)


def payouts(client: StripeClient, since: datetime, until: datetime) -> dict[str, str]:
    """Map lines to payouts. Stripe lists the lines of each payout, but no lines of a manual payout."""
    span: PayoutListParamsCreated = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    payout_list = client.v1.payouts.list({"created": span, "limit": 100})
    return {
        line.id: payout.id
        for payout in payout_list.auto_paging_iter()
        if payout.automatic
        for line in client.v1.balance_transactions.list({"payout": payout.id, "limit": 100}).auto_paging_iter()
    }


def movement(line: Wire, payout_of_line: dict[str, str]) -> Movement:
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
        payout=payout_of_line.get(line["id"], ""),
        about=about_money(source),
    )


def sums(line: Wire, source: dict[str, Any]) -> tuple[Decimal, str, Decimal]:
    """Return amount, currency and fee in the payer's currency. A converted fee is converted back by Stripe's rate."""
    settled_in: str = line["currency"].upper()
    paid_in: str = source["currency"].upper() if source.get("currency") else settled_in
    amount, fee = from_stripe(line["amount"], settled_in), from_stripe(line["fee"], settled_in)
    if paid_in == settled_in:
        return amount, settled_in, fee
    paid_amount = from_stripe(source["amount"], paid_in)
    return paid_amount.copy_sign(amount), paid_in, rounded(fee / Decimal(str(line["exchange_rate"])), paid_in)
