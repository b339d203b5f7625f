"""The receivers that send messages and confirm subscriptions."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import requests

from common.errors import Temporary
from mailroom.domain import sending
from outbox.declare import Outcomes, batched, outside


@batched(size=100)
def send(events: Sequence[Any]) -> Outcomes:
    with closing(sending.send([event.payload.message_id for event in events])) as outcomes:
        yield from zip(events, outcomes, strict=True)


@outside
def confirm_notices(event: Any) -> None:
    # The URL was verified together with the signature of its message, and it can safely be requested more than once.
    try:
        requests.get(event.payload.address, timeout=10, allow_redirects=False).raise_for_status()
    except requests.RequestException as error:
        raise Temporary(f"Amazon SNS could not be reached ({type(error).__name__}).") from None
