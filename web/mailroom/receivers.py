"""The receiver that confirms subscriptions to notices."""

from typing import Any

import requests

from common.errors import TemporaryFailure
from outbox.declare import runs_outside_transaction


@runs_outside_transaction
def confirm_notices(event: Any) -> None:
    # The URL was verified together with the signature of its message, and it can safely be requested more than once.
    try:
        requests.get(event.payload.address, timeout=10, allow_redirects=False).raise_for_status()
    except requests.RequestException as error:
        raise TemporaryFailure(f"Amazon SNS could not be reached ({type(error).__name__}).") from None
