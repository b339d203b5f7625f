"""The HTTP client of PayPal's API, with tokens, time limits and safe retries. It raises the errors of common.errors."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests
from django.core.cache import cache

from common import network
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from common.network import refuse_inside_transaction
from common.timed_http import timed_session

RETRY_PAUSES = (0.2, 1.0)
EARLY = 60
"""A token is not used in the last seconds before it expires."""

JSON = {"Accept": "application/json", "Content-Type": "application/json"}


class PayPalNotPermitted(NeedsPerson):
    """The school's PayPal app does not have this permission."""


class PayPalRefused(PermanentFailure):
    """PayPal refused a valid request. `issue` is its code for the reason."""

    def __init__(self, status: int, answer: Mapping[str, Any]) -> None:
        details = answer.get("details")
        first = details[0] if isinstance(details, list) and details else {}
        self.status = status
        self.issue = str(first.get("issue") or answer.get("name") or answer.get("error") or "")
        self.debug_id = str(answer.get("debug_id") or "")
        reference = f", reference {self.debug_id}" if self.debug_id else ""
        super().__init__(f"PayPal did not accept this ({self.issue or status}{reference}).")


@dataclass(frozen=True)
class PayPalClient:
    url: str
    client_id: str
    secret: str = field(repr=False)
    pauses: tuple[float, ...] = RETRY_PAUSES
    timeout: tuple[float, float] = (4, 12)
    patience: float = 5
    """After this many seconds no request is retried, because a person waits and gunicorn ends a request after 30 s."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        return self._request("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Send a request that PayPal carries out only once per key."""
        data = json.dumps(body).encode()
        return self._request(
            "POST", path, data=data, headers={"PayPal-Request-Id": key, "Prefer": "return=representation"}
        )

    def inquire(self, path: str, data: bytes) -> dict[str, Any]:
        """Send a POST that changes nothing at PayPal. The body is sent byte for byte."""
        return self._request("POST", path, data=data)

    def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        # On 401 a new token is fetched once, because PayPal may revoke a token before it expires.
        for fresh in (False, True):
            token = self._token(fresh)
            authorized = JSON | dict(headers or {}) | {"Authorization": f"Bearer {token}"}
            response = self._send(method, path, headers=authorized, **more)
            if response.status_code != 401:
                return read_response(response)
        raise NeedsPerson("PayPal does not accept the client id and the secret.")

    def _token(self, fresh: bool) -> str:
        name = f"paypal-token-{hashlib.sha256(f'{self.url} {self.client_id}'.encode()).hexdigest()[:32]}"
        cached: str | None = None if fresh else cache.get(name)
        if cached:
            return cached
        login = (self.client_id, self.secret)
        form = {"grant_type": "client_credentials"}
        response = self._send("POST", "/v1/oauth2/token", auth=login, data=form, headers={"Accept": "application/json"})
        if response.status_code in (400, 401, 403):
            raise NeedsPerson("PayPal does not accept the client id and the secret.")
        answer = read_response(response)
        token = str(answer.get("access_token") or "")
        cache.set(name, token, max(int(answer.get("expires_in") or 0) - EARLY, 0))
        return token

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request with retries. Each request here is safe to repeat, because it only reads or has a key."""
        refuse_inside_transaction()
        started_at = time.monotonic()
        outcome: requests.Response | requests.RequestException = requests.Timeout()
        for pause in (*self.pauses, None):
            if not network.has_time():
                break
            outcome = send_once(method, f"{self.url}{path}", timeout=network.gateway_timeouts(*self.timeout), **more)
            if isinstance(outcome, requests.Response) and not is_temporary_status(outcome.status_code):
                return outcome
            if pause is None or time.monotonic() - started_at > self.patience:
                break
            time.sleep(pause)
        if isinstance(outcome, requests.Response):
            return outcome
        raise TemporaryFailure("PayPal cannot be reached right now.")


def is_temporary_status(status: int) -> bool:
    # PayPal answers 409 while another process of ours is sending the same request.
    return status >= 500 or status == 409


def send_once(
    method: str, url: str, timeout: tuple[float, float], **more: Any
) -> requests.Response | requests.RequestException:
    try:
        with timed_session() as session:
            return session.request(method, url, timeout=timeout, allow_redirects=False, **more)
    except requests.RequestException as error:
        return error


def read_response(response: requests.Response) -> dict[str, Any]:
    status = response.status_code
    if status == 429:
        seconds = response.headers.get("Retry-After", "")
        raise TemporaryFailure(
            "PayPal limits the number of requests.", timedelta(seconds=int(seconds)) if seconds.isdecimal() else None
        )
    if status >= 500:
        raise TemporaryFailure("PayPal has a temporary problem.")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise TemporaryFailure("PayPal's answer could not be read.")
    if status == 409:
        raise TemporaryFailure("PayPal is still processing the same request.")
    if status == 403:
        raise PayPalNotPermitted(
            f"PayPal does not allow this to the school's account: {PayPalRefused(status, answer).issue}."
        )
    if status >= 300:
        raise PayPalRefused(status, answer)
    return answer
