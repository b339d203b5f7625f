"""PayPal's HTTP interface over the books: who may ask, is it understood, and the same twice is done once."""

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
from tests.fakes.paypal_server.contract import Asked
from tests.fakes.paypal_server.webhooks import Webhooks
from tests.fakes.paypal_server.wire import PayPalRefusal, Wire, unknown

LISTED = ("dispute_id", "create_time", "update_time", "reason", "status", "dispute_amount", "links")
KEY_KEPT = {"/v2/checkout/": timedelta(hours=6), "/v2/payments/": timedelta(days=45)}


@dataclass
class Reply:
    status: int
    text: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, answer: Wire) -> "Reply":
        return cls(status, json.dumps(answer).encode())


@dataclass
class Kept:
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
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    """What PayPal would not have understood of requests, or PayPal's programs of these answers. Tests expect none."""

    def answer(self, asked: Asked) -> Reply:
        try:
            reply = self._answer(asked)
        except PayPalRefusal as no:
            reply = refusal(asked, no)
        wrong = contract.faults_in_answer(asked, reply.status, reply.text)
        self.violations += [f"answer to {asked.where}: {each}" for each in wrong]
        return reply

    def _answer(self, asked: Asked) -> Reply:
        if asked.where == "POST /v1/oauth2/token":
            return self._new_token(asked)
        work, arguments = self._route(asked)
        self._admit(asked)
        wrong = contract.faults_of(asked)
        if wrong:
            self.violations += [f"{asked.where}: {each}" for each in wrong]
            raise PayPalRefusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX")
        if asked.method == "GET" or asked.path.startswith("/v1/"):
            return work(asked, *arguments)
        return self._once(asked, lambda: work(asked, *arguments))

    def _route(self, asked: Asked) -> tuple[Callable[..., Reply], tuple[str, ...]]:
        for pattern, name in ROUTES.items():
            if found := re.fullmatch(pattern, asked.where):
                return getattr(self, name), found.groups()
        raise unknown()

    # -- who is asking ---------------------------------------------------------------------------------------------

    def _new_token(self, asked: Asked) -> Reply:
        wrong = contract.faults_of(asked)
        self.violations += [f"{asked.where}: {each}" for each in wrong]
        login = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {login}" or wrong:
            return Reply.of(401, {"error": "invalid_client", "error_description": "Client Authentication failed"})
        token = f"A21.{secrets.token_urlsafe(24)}"
        self.tokens[token] = self.books.now() + timedelta(seconds=self.token_seconds)
        answer = {"scope": "", "access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        return Reply.of(200, answer)

    def _admit(self, asked: Asked) -> None:
        kind, _, token = asked.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or self.tokens.get(token, self.books.now()) <= self.books.now():
            raise PayPalRefusal(401, "AUTHENTICATION_FAILURE")

    # -- the same twice is done once -------------------------------------------------------------------------------

    def _once(self, asked: Asked, work: Callable[[], Reply]) -> Reply:
        key = asked.headers.get("PayPal-Request-Id", "")
        if not key:
            if "payment_source" in json.loads(asked.body or b"{}"):
                raise PayPalRefusal(400, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED")
            return work()
        digest = hashlib.sha256(asked.body).hexdigest()
        kept = self.kept.get((asked.path, key))
        lasts = next(time for start, time in KEY_KEPT.items() if asked.path.startswith(start))
        if kept and self.books.now() - kept.at < lasts:
            if kept.digest != digest:
                raise PayPalRefusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
            again = kept.reply.status == 201 and asked.path.startswith("/v2/checkout/")  # refunds stay 201
            return Reply(200 if again else kept.reply.status, kept.reply.text)
        try:
            reply = work()
        except PayPalRefusal as no:
            reply = refusal(asked, no)
        self.kept[asked.path, key] = Kept(digest, reply, self.books.now())
        return reply

    # -- what can be asked -----------------------------------------------------------------------------------------

    def create_order(self, asked: Asked) -> Reply:
        return shown(asked, 201, self.books.create(json.loads(asked.body)))

    def show_order(self, asked: Asked, number: str) -> Reply:
        return Reply.of(200, self.books.order(number))

    def capture_order(self, asked: Asked, number: str) -> Reply:
        return shown(asked, 201, self.books.capture(number))

    def show_capture(self, asked: Asked, number: str) -> Reply:
        return Reply.of(200, self.books.captured(number))

    def refund_capture(self, asked: Asked, number: str) -> Reply:
        return shown(asked, 201, self.books.refund(number, json.loads(asked.body or b"{}")))

    def show_refund(self, asked: Asked, number: str) -> Reply:
        return Reply.of(200, self.books.refunded(number))

    def verify(self, asked: Asked) -> Reply:
        return Reply.of(200, {"verification_status": self.webhooks.verify(asked.body)})

    def disputes(self, asked: Asked) -> Reply:
        found = self.books.disputes_of(asked.query.get("disputed_transaction_id", ""))
        return Reply.of(200, {"items": [{name: each[name] for name in LISTED} for each in found], "links": []})

    def show_dispute(self, asked: Asked, number: str) -> Reply:
        return Reply.of(200, self.books.disputed(number))

    def transactions(self, asked: Asked) -> Reply:
        query = asked.query
        start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
        size = int(query.get("page_size", 100))
        if not 1 <= size <= 500:
            raise PayPalRefusal(400, "INVALID_REQUEST", "INVALID_PAGE_SIZE")
        found = self.books.transactions(start, end, int(query.get("page", 1)), size)
        if found["total_items"] > self.most_rows:
            raise PayPalRefusal(400, "RESULTSET_TOO_LARGE")
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


def shown(asked: Asked, status: int, resource: dict[str, Any]) -> Reply:
    """Unless asked for all of it PayPal shows the least."""
    if asked.headers.get("Prefer") != "return=representation":
        resource = {name: resource[name] for name in ("id", "status", "links")}
    return Reply.of(status, resource)


def refusal(asked: Asked, no: PayPalRefusal) -> Reply:
    answer: Wire = {"name": no.name, "debug_id": secrets.token_hex(6), "links": no.links}
    if asked.path.startswith("/v1/"):
        answer["message"] = str(no)
    if no.issue:
        answer["details"] = [{"issue": no.issue}]
    return Reply.of(no.status, answer)
