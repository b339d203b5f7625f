"""PayPal's HTTP interface: it checks the login and the contract, and performs a repeated request only once."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.paypal_server import contract
from tests.fakes.paypal_server.books import Books
from tests.fakes.paypal_server.contract import Request
from tests.fakes.paypal_server.webhooks import Webhooks
from tests.fakes.paypal_server.wire import PayPalError, Wire, unknown

LISTED = ("dispute_id", "create_time", "update_time", "reason", "status", "dispute_amount", "links")
KEY_LIFETIMES = {"/v2/checkout/": timedelta(hours=6), "/v2/payments/": timedelta(days=45)}


@dataclass
class Reply:
    status: int
    text: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, answer: Wire) -> "Reply":
        return cls(status, json.dumps(answer).encode())


@dataclass
class StoredReply:
    digest: str
    reply: Reply
    at: datetime


@dataclass
class Api:
    books: Books
    webhooks: Webhooks
    client_id: str
    secret: str
    token_seconds: int = 32400
    most_rows: int = 10_000
    tokens: dict[str, datetime] = field(default_factory=dict)
    replies: dict[tuple[str, str], StoredReply] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    """Requests and answers that do not match what PayPal publishes. Tests expect none."""

    def answer(self, request: Request) -> Reply:
        try:
            reply = self._answer(request)
        except PayPalError as error:
            reply = error_reply(request, error)
        wrong = contract.answer_problems(request, reply.status, reply.text)
        self.violations += [f"answer to {request.where}: {each}" for each in wrong]
        return reply

    def _answer(self, request: Request) -> Reply:
        if request.where == "POST /v1/oauth2/token":
            return self._new_token(request)
        work, arguments = self._route(request)
        self._check_authorization(request)
        wrong = contract.request_problems(request)
        if wrong:
            self.violations += [f"{request.where}: {each}" for each in wrong]
            raise PayPalError(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX")
        if request.method == "GET" or request.path.startswith("/v1/"):
            return work(request, *arguments)
        return self._run_once(request, lambda: work(request, *arguments))

    def _route(self, request: Request) -> tuple[Callable[..., Reply], tuple[str, ...]]:
        for pattern, name in ROUTES.items():
            if found := re.fullmatch(pattern, request.where):
                return getattr(self, name), found.groups()
        raise unknown()

    # -- who is asking ---------------------------------------------------------------------------------------------

    def _new_token(self, request: Request) -> Reply:
        wrong = contract.request_problems(request)
        self.violations += [f"{request.where}: {each}" for each in wrong]
        login = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {login}" or wrong:
            return Reply.of(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
        token = f"A21.{secrets.token_urlsafe(24)}"
        self.tokens[token] = self.books.now() + timedelta(seconds=self.token_seconds)
        answer = {"scope": "", "access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        return Reply.of(200, answer)

    def _check_authorization(self, request: Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.tokens.get(token, self.books.now()) <= self.books.now():
            raise PayPalError(401, "AUTHENTICATION_FAILURE")

    # -- the same twice is done once -------------------------------------------------------------------------------

    def _run_once(self, request: Request, work: Callable[[], Reply]) -> Reply:
        key = request.headers.get("PayPal-Request-Id", "")
        if not key:
            if "payment_source" in json.loads(request.body or b"{}"):
                raise PayPalError(400, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED")
            return work()
        digest = hashlib.sha256(request.body).hexdigest()
        stored = self.replies.get((request.path, key))
        lasts = next(time for start, time in KEY_LIFETIMES.items() if request.path.startswith(start))
        if stored and self.books.now() - stored.at < lasts:
            if stored.digest != digest:
                raise PayPalError(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
            is_repeated = stored.reply.status == 201 and request.path.startswith("/v2/checkout/")  # refunds stay 201
            return Reply(200 if is_repeated else stored.reply.status, stored.reply.text)
        try:
            reply = work()
        except PayPalError as error:
            reply = error_reply(request, error)
        self.replies[request.path, key] = StoredReply(digest, reply, self.books.now())
        return reply

    # -- what can be request -----------------------------------------------------------------------------------------

    def create_order(self, request: Request) -> Reply:
        return shown(request, 201, self.books.create(json.loads(request.body)))

    def show_order(self, request: Request, number: str) -> Reply:
        return Reply.of(200, self.books.order(number))

    def capture_order(self, request: Request, number: str) -> Reply:
        return shown(request, 201, self.books.capture(number))

    def show_capture(self, request: Request, number: str) -> Reply:
        return Reply.of(200, self.books.captured(number))

    def refund_capture(self, request: Request, number: str) -> Reply:
        return shown(request, 201, self.books.refund(number, json.loads(request.body or b"{}")))

    def show_refund(self, request: Request, number: str) -> Reply:
        return Reply.of(200, self.books.refunded(number))

    def verify(self, request: Request) -> Reply:
        return Reply.of(200, {"verification_status": self.webhooks.verify(request.body)})

    def disputes(self, request: Request) -> Reply:
        found = self.books.disputes_of(request.query.get("disputed_transaction_id", ""))
        return Reply.of(200, {"items": [{name: each[name] for name in LISTED} for each in found], "links": []})

    def show_dispute(self, request: Request, number: str) -> Reply:
        return Reply.of(200, self.books.disputed(number))

    def transactions(self, request: Request) -> Reply:
        query = request.query
        start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        size = int(query.get("page_size", 100))
        if not 1 <= size <= 500:
            raise PayPalError(400, "INVALID_REQUEST", "INVALID_PAGE_SIZE")
        found = self.books.transactions(start, end, int(query.get("page", 1)), size)
        if found["total_items"] > self.most_rows:
            raise PayPalError(400, "RESULTSET_TOO_LARGE")
        return Reply.of(200, found)


ROUTES = {
    r"POST /v2/checkout/orders": "create_order",
    r"GET /v2/checkout/orders/([^/]+)": "show_order",
    r"POST /v2/checkout/orders/([^/]+)/capture": "capture_order",
    r"GET /v2/payments/captures/([^/]+)": "show_capture",
    r"POST /v2/payments/captures/([^/]+)/refund": "refund_capture",
    r"GET /v2/payments/refunds/([^/]+)": "show_refund",
    r"POST /v1/notifications/verify-webhook-signature": "verify",
    r"GET /v1/customer/disputes": "disputes",
    r"GET /v1/customer/disputes/([^/]+)": "show_dispute",
    r"GET /v1/reporting/transactions": "transactions",
}


def shown(request: Request, status: int, resource: dict[str, Any]) -> Reply:
    """PayPal shows the whole resource only if the request prefers that."""
    if request.headers.get("Prefer") != "return=representation":
        resource = {name: resource[name] for name in ("id", "status", "links")}
    return Reply.of(status, resource)


def error_reply(request: Request, error: PayPalError) -> Reply:
    answer: Wire = {"name": error.name, "debug_id": secrets.token_hex(6), "links": error.links}
    if request.path.startswith("/v1/"):
        answer["message"] = str(error)
    if error.issue:
        answer["details"] = [{"issue": error.issue}]
    return Reply.of(error.status, answer)
