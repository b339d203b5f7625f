"""What PayPal itself publishes of its requests and answers, as a judge of both sides.

Always its own package from the registry, which knows each key and what is required. Where PAYPAL_OPENAPI names the
folder with its published descriptions also those: types, patterns, enumerations, identifiers.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from paypalserversdk.api_helper import APIHelper
from paypalserversdk.models.captured_payment import CapturedPayment
from paypalserversdk.models.o_auth_token import OAuthToken
from paypalserversdk.models.order import Order
from paypalserversdk.models.order_capture_request import OrderCaptureRequest
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.refund import Refund
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.models.search_response import SearchResponse

FILES = ("checkout_orders_v2", "payments_payment_v2", "notifications_webhooks_v1")
HOST = "https://api-m.sandbox.paypal.com"

REQUESTS = {
    r"POST /v2/checkout/orders": OrderRequest,
    r"POST /v2/checkout/orders/\w+/capture": OrderCaptureRequest,
    r"POST /v2/payments/captures/\w+/refund": RefundRequest,
}
ANSWERS = {
    r"POST /v1/oauth2/token": OAuthToken,
    r"POST /v2/checkout/orders": Order,
    r"GET /v2/checkout/orders/\w+": Order,
    r"POST /v2/checkout/orders/\w+/capture": Order,
    r"GET /v2/payments/captures/\w+": CapturedPayment,
    r"POST /v2/payments/captures/\w+/refund": Refund,
    r"GET /v2/payments/refunds/\w+": Refund,
    r"GET /v1/reporting/transactions": SearchResponse,
}
TOKEN_FORM = [("grant_type", "client_credentials")]
SEARCH = {"start_date", "end_date", "fields", "balance_affecting_records_only", "page_size", "page", "transaction_id"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.method} {urlsplit(self.path).path}"

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.path).query))


def request_problems(request: Request) -> list[str]:
    """Why PayPal would not understand this request."""
    found = list(_form(request)) + list(_misfits(REQUESTS, request.where, request.body or b"{}"))
    return found or [fault for judge in judges() for fault in judge.request(request)]


def answer_problems(request: Request, status: int, body: bytes) -> list[str]:
    """What of our imitation PayPal's own programs would not understand."""
    found = list(_misfits(ANSWERS, request.where, body)) if status < 300 else []
    return found or [fault for judge in judges() for fault in judge.answer(request, status, body)]


def _form(request: Request) -> Iterator[str]:
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    if request.method == "POST" and request.path == "/v1/oauth2/token":
        if kind != "application/x-www-form-urlencoded" or parse_qsl(request.body.decode()) != TOKEN_FORM:
            yield "the token is request for with a form of grant_type=client_credentials"
    elif request.method == "POST" and kind != "application/json":
        yield f"Content-Type is {kind!r}"
    if request.where == "GET /v1/reporting/transactions":
        yield from (f"{name}: unknown parameter" for name in request.query.keys() - SEARCH)
        yield from (f"{name}: required" for name in {"start_date", "end_date"} - request.query.keys())


def _misfits(models: Mapping[str, Any], where: str, body: bytes) -> Iterator[str]:
    model = next((model for pattern, model in models.items() if re.fullmatch(pattern, where)), None)
    if model is None:
        return
    try:
        given = json.loads(body)
        understood = APIHelper.to_dictionary(model.from_dictionary(given))
    except (ValueError, TypeError, AttributeError) as wrong:
        yield str(wrong)
        return
    yield from unknown(given, understood)


def unknown(given: Any, understood: Any, path: str = "") -> Iterator[str]:
    """PayPal's package drops what it does not know on the way in."""
    if isinstance(given, dict) and isinstance(understood, dict):
        for name, value in given.items():
            if name in understood:
                yield from unknown(value, understood[name], f"{path}/{name}")
            elif value not in (None, False, "", [], {}):
                yield f"{path}/{name}: unknown"
    elif isinstance(given, list) and isinstance(understood, list):
        for number, (one, other) in enumerate(zip(given, understood, strict=True)):
            yield from unknown(one, other, f"{path}/{number}")


def folder() -> Path | None:
    named = os.environ.get("PAYPAL_OPENAPI")
    return folder_of(named) if named else None


def folder_of(named: str) -> Path:
    """Naming a folder that lacks a description is a mistake, not a reason to look away."""
    missing = [name for name in FILES if not (Path(named) / f"{name}.json").is_file()]
    if missing:
        raise FileNotFoundError(f"PAYPAL_OPENAPI is {named}, where {', '.join(missing)} is missing.")
    return Path(named)


@cache
def judges() -> "list[Judge]":
    found = folder()
    return [Judge(found / f"{name}.json") for name in FILES] if found else []


class Judge:
    """One published description."""

    def __init__(self, path: Path) -> None:
        from openapi_core import OpenAPI

        description = json.loads(path.read_text())
        if path.stem == "notifications_webhooks_v1":
            drop(description, "readOnly")  # it marks the event's fields so, and then refuses an event that has them
        drop(description["paths"], "security")  # who is asking is looked at before
        self.paths = [
            re.compile(f"{method.upper()} {re.sub('{[^}]+}', '[^/]+', template)}")
            for template, operations in description["paths"].items()
            for method in operations
        ]
        self.openapi = OpenAPI.from_dict(description)

    def request(self, request: Request) -> list[str]:
        return self._faults(request, lambda: self.openapi.validate_request(as_request(request)))

    def answer(self, request: Request, status: int, body: bytes) -> list[str]:
        from openapi_core.testing import MockResponse

        response = MockResponse(data=body, status_code=status, content_type="application/json")
        return self._faults(request, lambda: self.openapi.validate_response(as_request(request), response))

    def _faults(self, request: Request, judge: Any) -> list[str]:
        from openapi_core.exceptions import OpenAPIError

        if not any(path.fullmatch(request.where) for path in self.paths):
            return []
        try:
            judge()
        except OpenAPIError as wrong:
            return [first_cause(wrong) or str(wrong)]
        return []


def as_request(request: Request) -> Any:
    from openapi_core.testing import MockRequest

    return MockRequest(
        HOST,
        request.method.lower(),
        urlsplit(request.path).path,
        args=request.query,
        headers=dict(request.headers),
        data=request.body or None,
        content_type=request.headers.get("Content-Type", "application/json"),
    )


def first_cause(wrong: BaseException) -> str:
    cause = wrong.__cause__
    errors = getattr(cause, "schema_errors", None)
    return "; ".join(error.message for error in errors)[:500] if errors else str(cause or "")


def drop(part: Any, name: str) -> None:
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        drop(each, name)
    if isinstance(part, dict):
        part.pop(name, None)
