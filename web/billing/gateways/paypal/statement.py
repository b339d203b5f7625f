"""The account's own books at PayPal, from its transaction search. A movement appears there up to three hours late."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from billing.gateways.facts import About, Movement
from billing.gateways.paypal import amounts, disputes
from billing.gateways.paypal.client import Client, Refusal

LONGEST = timedelta(days=31)
PAGE = 500
COUNTS = ("S", "V")
"""Done, and done but taken back later; the rest waits or was denied, and moved nothing."""

# PayPal's event codes: the group, or the whole code where a group holds several kinds.
KINDS = {
    "T1107": "refund",
    "T1105": "dispute",
    "T1106": "dispute",
    "T1110": "dispute",
    "T1111": "dispute",
    "T12": "dispute",
    "T00": "payment",
}


def between(client: Client, start: datetime, end: datetime) -> Iterator[Movement]:
    """From `start` until just before `end`, in windows as long as PayPal allows."""
    while start < end:
        until = min(start + LONGEST, end)
        for movement in _window(client, start, until):
            yield _with_its_dispute(client, movement)
        start = until


def _with_its_dispute(client: Client, movement: Movement) -> Movement:
    """PayPal books it under a name of its own and tells the payment; our books go by the dispute."""
    if movement.kind != "dispute" or not movement.about.reference:
        return movement
    name = disputes.named(client, movement.about.reference, abs(movement.amount))
    return replace(movement, reference=name or movement.reference)


def _window(client: Client, start: datetime, end: datetime) -> Iterator[Movement]:
    try:
        pages = list(_pages(client, start, end))
    except Refusal as refusal:
        if refusal.issue != "RESULTSET_TOO_LARGE" or end - start < timedelta(minutes=2):
            raise
        middle = start + (end - start) / 2
        yield from _window(client, start, middle)
        yield from _window(client, middle, end)
        return
    for page in pages:
        for row in page.get("transaction_details") or ():
            movement = read(row.get("transaction_info") or {})
            if movement and start <= movement.at < end:  # PayPal counts both ends in
                yield movement


def _pages(client: Client, start: datetime, end: datetime) -> Iterator[Mapping[str, Any]]:
    number, last = 1, 1
    while number <= last:
        wanted = {
            "start_date": written(start),
            "end_date": written(end),
            "fields": "transaction_info",
            "balance_affecting_records_only": "Y",
            "page_size": str(PAGE),
            "page": str(number),
        }
        page = client.get("/v1/reporting/transactions", wanted)
        yield page
        number, last = number + 1, int(page.get("total_pages") or 0)


def written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def read(row: Mapping[str, Any]) -> Movement | None:
    if row.get("transaction_status") not in COUNTS:
        return None
    code = str(row.get("transaction_event_code") or "")
    amount, currency = amounts.read(row.get("transaction_amount") or {})
    fee = row.get("fee_amount")
    linked, kind = str(row.get("paypal_reference_id") or ""), row.get("paypal_reference_id_type")
    return Movement(
        kind=KINDS.get(code) or KINDS.get(code[:3]) or "other",
        reference=str(row.get("transaction_id") or ""),
        amount=amount,
        currency=currency,
        at=datetime.fromisoformat(str(row.get("transaction_initiation_date"))),
        fee=-amounts.read(fee)[0] if fee else amount * 0,
        about=About(
            token=str(row.get("custom_field") or ""),
            session=linked if kind == "ODR" else "",
            reference=linked if kind == "TXN" else "",
        ),
    )
