"""What the mailroom hears."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from mailroom.domain import sending
from outbox.declare import Outcomes, batched


@batched(size=100)
def send(events: Sequence[Any]) -> Outcomes:
    with closing(sending.send([event.payload.message_id for event in events])) as outcomes:
        yield from zip(events, outcomes, strict=True)
