"""What the mailroom hears."""

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
    """The address was checked when it came in, signed; asking twice does no harm."""
    try:
        requests.get(event.payload.address, timeout=10, allow_redirects=False).raise_for_status()
    except requests.RequestException as error:
        raise Temporary(f"Amazon SNS could not be asked ({type(error).__name__}).") from None
