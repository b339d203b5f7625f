"""Stripe's statement: each balance transaction with its fee and the payout that contains it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from stripe import StripeClient
from stripe.params import BalanceTransactionListParamsCreated, PayoutListParamsCreated

from billing.gateways.facts import GatewayLine
from billing.gateways.stripe.amounts import from_stripe_units
from billing.gateways.stripe.client import translate_stripe_errors
from billing.gateways.stripe.stripe_objects import Wire, object_id, reference_of_money
from common.money import round_amount

KINDS = {
    "charge": "payment",
    "charge_failure": "payment",
    "refund": "refund",
    "refund_failure": "refund",
    "dispute": "dispute",
    "dispute_reversal": "dispute",
}
PAID_OUT_WITHIN = timedelta(days=30)


def list_stripe_lines(client: StripeClient, since: datetime, until: datetime) -> Iterator[GatewayLine]:
    span: BalanceTransactionListParamsCreated = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    with translate_stripe_errors():
        payout_of_line = payouts_by_line(client, since, until + PAID_OUT_WITHIN)
        lines = client.v1.balance_transactions.list({"created": span, "limit": 100, "expand": ["data.source"]})
        for line in lines.auto_paging_iter():
            yield parse_balance_transaction(line.to_dict(), payout_of_line)


def payouts_by_line(client: StripeClient, since: datetime, until: datetime) -> dict[str, str]:
    """Map lines to payouts. Stripe lists the lines of each payout, but no lines of a manual payout."""
    span: PayoutListParamsCreated = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
    payout_list = client.v1.payouts.list({"created": span, "limit": 100})
    return {
        line.id: payout.id
        for payout in payout_list.auto_paging_iter()
        if payout.automatic
        for line in client.v1.balance_transactions.list({"payout": payout.id, "limit": 100}).auto_paging_iter()
    }


def parse_balance_transaction(line: Wire, payout_of_line: dict[str, str]) -> GatewayLine:
    source = line["source"] if isinstance(line["source"], dict) else {}
    kind = KINDS.get(line["reporting_category"], "other")
    amount, currency, fee = amounts_as_paid(line, source if kind != "other" else {})
    intent = object_id(source.get("payment_intent"))
    return GatewayLine(
        kind=kind,
        reference=intent if kind == "payment" and intent else object_id(line["source"]) or line["id"],
        amount=amount,
        currency=currency,
        at=datetime.fromtimestamp(line["created"], UTC),
        fee=fee,
        payout=payout_of_line.get(line["id"], ""),
        about=reference_of_money(source),
    )


def amounts_as_paid(line: Wire, source: dict[str, Any]) -> tuple[Decimal, str, Decimal]:
    """Return amount, currency and fee in the payer's currency. A converted fee is converted back by Stripe's rate."""
    settled_in: str = line["currency"].upper()
    paid_in: str = source["currency"].upper() if source.get("currency") else settled_in
    amount, fee = from_stripe_units(line["amount"], settled_in), from_stripe_units(line["fee"], settled_in)
    if paid_in == settled_in:
        return amount, settled_in, fee
    paid_amount = from_stripe_units(source["amount"], paid_in)
    return paid_amount.copy_sign(amount), paid_in, round_amount(fee / Decimal(str(line["exchange_rate"])), paid_in)
