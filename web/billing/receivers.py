"""What follows from billing's events; hepcat.workflows says when."""

from typing import Any

from billing.domain import money_back
from outbox.declare import outside


@outside
def send_refund(event: Any) -> None:
    money_back.send(event.payload.refund_id)
