"""Stripe's HTTP interface: it checks the key and the contract, and performs a repeated request only once."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import stripe

from tests.fakes.stripe_server import contract
from tests.fakes.stripe_server.books import shown
from tests.fakes.stripe_server.checkout import Checkout
from tests.fakes.stripe_server.wire import StripeError, Wire, listing, missing, nested, new_id, within

ACCOUNTS_VERSION = "2019-05-16"
"""The version of an endpoint that was created without one, which is the first version of the account."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return urlsplit(self.path).path

    @property
    def where(self) -> str:
        return f"{self.method} {self.place}"

    @property
    def form(self) -> Wire:
        return nested(urlsplit(self.path).query if self.method == "GET" else self.body)

    @property
    def key(self) -> str:
        return self.headers.get("Idempotency-Key", "") if self.method == "POST" else ""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Wire
    replayed: bool = False

    @property
    def text(self) -> bytes:
        return json.dumps(self.body).encode()

    @property
    def headers(self) -> dict[str, str]:
        return {"Request-Id": new_id("req", 14), "Idempotent-Replayed": "true" if self.replayed else ""}


class Api:
    def __init__(self, books: Checkout, key: str) -> None:
        self.books, self.secret = books, key
        self.replies: dict[str, tuple[tuple[str, str], Reply]] = {}
        self.violations: list[str] = []
        """Requests that do not match Stripe's types. Tests of the site expect none."""
        self.routes: list[tuple[str, str, Callable[..., Wire]]] = [
            ("POST /v1/checkout/sessions", "SessionCreateParams", books.open_session),
            ("GET /v1/checkout/sessions/(.+)", "SessionRetrieveParams", lambda request, number: books.session(number)),
            ("POST /v1/checkout/sessions/(.+)/expire", "SessionExpireParams", lambda _, number: books.expire(number)),
            ("GET /v1/payment_intents/(.+)", "PaymentIntentRetrieveParams", self.one("payment_intent")),
            ("GET /v1/charges/(.+)", "ChargeRetrieveParams", self.one("charge")),
            ("POST /v1/refunds", "RefundCreateParams", books.refund),
            ("GET /v1/refunds/(.+)", "RefundRetrieveParams", self.one("refund")),
            ("GET /v1/refunds", "RefundListParams", self.many("refund", "payment_intent", "charge")),
            ("GET /v1/disputes", "DisputeListParams", self.many("dispute", "payment_intent", "charge")),
            ("GET /v1/balance_transactions", "BalanceTransactionListParams", self.transactions),
            ("GET /v1/payouts", "PayoutListParams", self.many("payout", "status")),
            ("POST /v1/webhook_endpoints", "WebhookEndpointCreateParams", self.make_endpoint),
            ("POST /v1/webhook_endpoints/(.+)", "WebhookEndpointUpdateParams", self.change_endpoint),
            ("GET /v1/webhook_endpoints", "WebhookEndpointListParams", self.many("webhook_endpoint")),
        ]

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        try:
            self._check_authorization(request)
            before = self.replies.get(request.key) if request.key else None
            if before is not None:
                return self._replay(before, request)
            reply = self._act(request)
        except StripeError as error:
            return Reply(error.status, error.body)
        if request.key:
            self.replies[request.key] = ((request.where, request.body), reply)
        return reply

    def _check_authorization(self, request: Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.secret}":
            raise StripeError("Invalid API Key provided.", status=401)
        version = request.headers.get("Stripe-Version", "")
        if version != stripe.api_version:
            raise StripeError(f"Invalid Stripe API version: {version}")

    def _replay(self, before: tuple[tuple[str, str], Reply], request: Request) -> Reply:
        first, reply = before
        if first != (request.where, request.body):
            sentence = "Keys for idempotent requests can only be used with the parameters they were first used with."
            raise StripeError(sentence, kind="idempotency_error")
        return Reply(reply.status, reply.body, replayed=True)

    def _act(self, request: Request) -> Reply:
        """An error from the rules is stored under the key like any other answer; an error in the form is not."""
        for pattern, types, act in self.routes:
            if found := re.fullmatch(pattern, request.where):
                form = self._checked_params(types, request)
                paths = form.pop("expand", [])
                try:
                    return Reply(200, self.open_up(act(form, *found.groups()), paths))
                except StripeError as error:
                    return Reply(error.status, error.body)
        raise StripeError(f"Unrecognized request URL ({request.where}).", status=404)

    def _checked_params(self, types: str, request: Request) -> Wire:
        try:
            return contract.check(types, request.form)
        except StripeError as error:
            self.violations.append(f"{request.where}: {error}")
            raise

    # -- objects -----------------------------------------------------------------------------------------------------

    def open_up(self, thing: Wire, paths: list[str]) -> Wire:
        """`expand`: identifiers on these paths become the objects themselves."""
        found = shown(thing)
        if found["object"] == "list":
            found["data"] = [shown(each) for each in found["data"]]
        for path in paths:
            if path.count(".") > 3:
                raise StripeError("You cannot expand more than 4 levels of a property.", param="expand")
            self._expand(found, path.split("."))
        return found

    def _expand(self, thing: Any, path: list[str]) -> None:
        if not path or thing is None:
            return
        if isinstance(thing, list):
            for each in thing:
                self._expand(each, path)
            return
        name, *rest = path
        if name not in thing:
            raise StripeError(f"This property cannot be expanded ({name}).", param="expand")
        if isinstance(thing[name], str):
            if thing[name] not in self.books.things:
                raise StripeError(f"This property cannot be expanded ({name}).", param="expand")
            thing[name] = shown(self.books.things[thing[name]])
        self._expand(thing[name], rest)

    def one(self, kind: str) -> Callable[[Wire, str], Wire]:
        return lambda request, number: self.books.find(kind, number)

    def many(self, kind: str, *filters: str) -> Callable[[Wire], Wire]:
        def list_matching(params: Wire) -> Wire:
            criteria = {name: params[name] for name in filters if name in params}
            for name in {"payment_intent", "charge"} & criteria.keys():
                self.books.find(name, criteria[name])
            found = [each for each in self.books.every(kind, **criteria) if within(each, params)]
            return listing(f"/v1/{kind}s", found, params)

        return list_matching

    def transactions(self, params: Wire) -> Wire:
        criteria = {name: params[name] for name in ("source", "type", "currency") if name in params}
        if payout := params.get("payout"):
            self.books.find("payout", payout)
            criteria["_payout"] = payout
        found = [each for each in self.books.every("balance_transaction", **criteria) if within(each, params)]
        return listing("/v1/balance_transactions", found, params)

    # -- webhook endpoints -------------------------------------------------------------------------------------------

    def make_endpoint(self, params: Wire) -> Wire:
        """Only this answer contains the secret."""
        secret = new_id("whsec", 32)
        made = self.books.add("we", "webhook_endpoint", status="enabled", _secret=secret)
        made |= {"api_version": ACCOUNTS_VERSION} | params
        return made | {"secret": secret}

    def change_endpoint(self, params: Wire, number: str) -> Wire:
        endpoint = self.books.things.get(number)
        if endpoint is None:
            raise missing("webhook endpoint", number)
        if "disabled" in params:
            endpoint["status"] = "disabled" if params.pop("disabled") else "enabled"
        endpoint |= params
        return endpoint
