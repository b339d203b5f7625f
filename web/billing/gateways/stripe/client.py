"""The client of Stripe's API, with a pinned version. It translates Stripe's errors to those of common.errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import stripe

from common import network
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure, WorkFailure
from common.network import refuse_inside_transaction
from common.timed_http import timed_session

VERSION: Final = "2026-10-28.endive"
"""Our requests and parsers are written for this version, and the webhook endpoint has to use it too."""
TIMEOUT = (5.0, 15.0)
RETRIES = 2
WORTH_ASKING = 2
"""A retry needs at least this many seconds."""
SENTENCES = {
    "amount_too_small": "This amount is too small for a card payment.",
    "amount_too_large": "This amount is too large for a card payment.",
    "resource_missing": "Stripe doesn’t know this object. The key may belong to another account.",
}


def create_stripe_client(key: str, url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=VERSION,
        base_addresses={"api": url},
        max_network_retries=RETRIES,
        http_client=DeadlineHttpClient(session=timed_session()),
    )


class DeadlineHttpClient(stripe.RequestsClient):
    """An HTTP client that stops before the deadline of the request in which a person waits."""

    def _request_internal(self, *args: Any, **more: Any) -> Any:
        if not network.has_time():
            raise stripe.APIConnectionError("No time is left for the request.", should_retry=False)
        return super()._request_internal(*args, **more)

    @property
    def _timeout(self) -> tuple[float, float]:
        return network.gateway_timeouts(*TIMEOUT)

    @_timeout.setter
    def _timeout(self, value: Any) -> None:
        pass  # The library sets a timeout of its own, which is ignored.

    def _should_retry(self, *args: Any, **more: Any) -> bool:
        return network.has_time(WORTH_ASKING) and bool(super()._should_retry(*args, **more))


class StripeDeclined(PermanentFailure):
    """Stripe refused a valid request. `again` means that it replayed its earlier answer to the same key."""

    def __init__(self, sentence: str, code: str, again: bool) -> None:
        super().__init__(sentence)
        self.code, self.again = code, again


@contextmanager
def translate_stripe_errors() -> Iterator[None]:
    refuse_inside_transaction()
    try:
        yield
    except stripe.StripeError as error:
        raise translate_error(error) from error


def translate_error(error: stripe.StripeError) -> WorkFailure:
    # Stripe's messages may contain names of people, so only its codes are kept.
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return NeedsPerson("Stripe does not accept the school's key.")
    if isinstance(error, stripe.InvalidRequestError | stripe.CardError):
        code = error.code or "invalid request"
        again = (error.headers or {}).get("Idempotent-Replayed") == "true"
        return StripeDeclined(SENTENCES.get(code, f"Stripe did not accept this ({code})."), code, again)
    if isinstance(error, stripe.IdempotencyError):
        return PermanentFailure("Stripe received a different request with the same key.")
    return TemporaryFailure("Stripe cannot be reached right now.", retry_after(error))


def retry_after(error: stripe.StripeError) -> timedelta | None:
    seconds = (error.headers or {}).get("Retry-After", "")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() else None
