"""The receivers that send messages and confirm subscriptions."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import requests

from common.errors import TemporaryFailure
from mailroom.domain import send_batches
from outbox.declare import Outcomes, receives_batches, runs_outside_transaction


@receives_batches(size=100)
def send_queued_messages(events: Sequence[Any]) -> Outcomes:
    with closing(send_batches.send_messages([event.payload.message_id for event in events])) as outcomes:
        yield from zip(events, outcomes, strict=True)


@runs_outside_transaction
def confirm_notices(event: Any) -> None:
    # The URL was verified together with the signature of its message, and it can safely be requested more than once.
    try:
        requests.get(event.payload.address, timeout=10, allow_redirects=False).raise_for_status()
    except requests.RequestException as error:
        raise TemporaryFailure(f"Amazon SNS could not be reached ({type(error).__name__}).") from None
