"""The account's statement at PayPal, from its transaction search. A line appears there up to three hours late."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from billing.gateways.facts import GatewayLine, PaymentReference
from billing.gateways.paypal import amounts, disputes
from billing.gateways.paypal.client import PayPalClient, PayPalRefused

LONGEST = timedelta(days=31)
PAGE = 500
COUNTS = ("S", "V")
"""These statuses mean that money moved, even if it was reversed later. Other transactions are pending or denied."""

# PayPal's event codes: a group, or the whole code if the group contains several kinds.
KINDS = {
    "T1107": "refund",
    "T1105": "dispute",
    "T1106": "dispute",
    "T1110": "dispute",
    "T1111": "dispute",
    "T12": "dispute",
    "T00": "payment",
}


def list_paypal_lines(client: PayPalClient, start: datetime, end: datetime) -> Iterator[GatewayLine]:
    """Yield the lines from `start` until before `end`, in windows of the length that PayPal allows."""
    while start < end:
        until = min(start + LONGEST, end)
        for line in _lines_in_window(client, start, until):
            if line.kind == "dispute" and line.about.reference:
                # PayPal names the payment and an id of its own, but our records use the id of the dispute.
                dispute_id = disputes.find_dispute_id(client, line.about.reference, abs(line.amount))
                yield replace(line, reference=dispute_id or line.reference)
            else:
                yield line
        start = until


def _lines_in_window(client: PayPalClient, start: datetime, end: datetime) -> Iterator[GatewayLine]:
    try:
        pages = list(_fetch_result_pages(client, start, end))
    except PayPalRefused as refusal:
        if refusal.issue != "RESULTSET_TOO_LARGE" or end - start < timedelta(minutes=2):
            raise
        middle = start + (end - start) / 2
        yield from _lines_in_window(client, start, middle)
        yield from _lines_in_window(client, middle, end)
        return
    for page in pages:
        for row in page.get("transaction_details") or ():
            line = parse_transaction(row.get("transaction_info") or {})
            if line and start <= line.at < end:  # PayPal includes both ends.
                yield line


def _fetch_result_pages(client: PayPalClient, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
    number, last = 1, 1
    while number <= last:
        params = {
            "start_date": format_paypal_time(start),
            "end_date": format_paypal_time(end),
            "fields": "transaction_info",
            "balance_affecting_records_only": "Y",
            "page_size": str(PAGE),
            "page": str(number),
        }
        page = client.get("/v1/reporting/transactions", params)
        yield page
        number, last = number + 1, int(page.get("total_pages") or 0)


def format_paypal_time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def parse_transaction(row: Mapping[str, Any]) -> GatewayLine | None:
    if row.get("transaction_status") not in COUNTS:
        return None
    code = str(row.get("transaction_event_code") or "")
    amount, currency = amounts.parse_paypal_amount(row.get("transaction_amount") or {})
    fee = row.get("fee_amount")
    related_id, id_type = str(row.get("paypal_reference_id") or ""), row.get("paypal_reference_id_type")
    return GatewayLine(
        kind=KINDS.get(code) or KINDS.get(code[:3]) or "other",
        reference=str(row.get("transaction_id") or ""),
        amount=amount,
        currency=currency,
        at=datetime.fromisoformat(str(row.get("transaction_initiation_date"))),
        fee=-amounts.parse_paypal_amount(fee)[0] if fee else amount * 0,
        about=PaymentReference(
            token=str(row.get("custom_field") or ""),
            session=related_id if id_type == "ODR" else "",
            reference=related_id if id_type == "TXN" else "",
        ),
    )
