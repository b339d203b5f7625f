"""Stripe's HTTP interface over the books: who may ask, is it understood, and the same twice is done once."""

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
from tests.fakes.stripe_server.wire import StripeRefusal, Wire, listing, missing, nested, new_id, within

ACCOUNTS_VERSION = "2019-05-16"
"""What an endpoint gets that was made without naming a version: whatever the account began with."""


@dataclass(frozen=True)
class Asked:
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
        self.kept: dict[str, tuple[tuple[str, str], Reply]] = {}
        self.violations: list[str] = []
        """What Stripe would not have understood. Tests of the site expect none."""
        self.routes: list[tuple[str, str, Callable[..., Wire]]] = [
            ("POST /v1/checkout/sessions", "SessionCreateParams", books.open_session),
            ("GET /v1/checkout/sessions/(.+)", "SessionRetrieveParams", lambda asked, number: books.session(number)),
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

    def answer(self, asked: Asked) -> Reply:
        try:
            self._admit(asked)
            before = self.kept.get(asked.key) if asked.key else None
            if before is not None:
                return self._again(before, asked)
            reply = self._act(asked)
        except StripeRefusal as refusal:
            return Reply(refusal.status, refusal.body)
        if asked.key:
            self.kept[asked.key] = ((asked.where, asked.body), reply)
        return reply

    def _admit(self, asked: Asked) -> None:
        if asked.headers.get("Authorization") != f"Bearer {self.secret}":
            raise StripeRefusal("Invalid API Key provided.", status=401)
        version = asked.headers.get("Stripe-Version", "")
        if version != stripe.api_version:
            raise StripeRefusal(f"Invalid Stripe API version: {version}")

    def _again(self, before: tuple[tuple[str, str], Reply], asked: Asked) -> Reply:
        first, reply = before
        if first != (asked.where, asked.body):
            sentence = "Keys for idempotent requests can only be used with the parameters they were first used with."
            raise StripeRefusal(sentence, kind="idempotency_error")
        return Reply(reply.status, reply.body, replayed=True)

    def _act(self, asked: Asked) -> Reply:
        """A refusal by the rules is an answer like any other and kept under its key; one of the form is not."""
        for pattern, types, act in self.routes:
            if found := re.fullmatch(pattern, asked.where):
                form = self._understood(types, asked)
                paths = form.pop("expand", [])
                try:
                    return Reply(200, self.open_up(act(form, *found.groups()), paths))
                except StripeRefusal as refusal:
                    return Reply(refusal.status, refusal.body)
        raise StripeRefusal(f"Unrecognized request URL ({asked.where}).", status=404)

    def _understood(self, types: str, asked: Asked) -> Wire:
        try:
            return contract.check(types, asked.form)
        except StripeRefusal as refusal:
            self.violations.append(f"{asked.where}: {refusal}")
            raise

    # -- objects -----------------------------------------------------------------------------------------------------

    def open_up(self, thing: Wire, paths: list[str]) -> Wire:
        """`expand`: identifiers on these paths become the objects themselves."""
        found = shown(thing)
        if found["object"] == "list":
            found["data"] = [shown(each) for each in found["data"]]
        for path in paths:
            if path.count(".") > 3:
                raise StripeRefusal("You cannot expand more than 4 levels of a property.", param="expand")
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
            raise StripeRefusal(f"This property cannot be expanded ({name}).", param="expand")
        if isinstance(thing[name], str):
            if thing[name] not in self.books.things:
                raise StripeRefusal(f"This property cannot be expanded ({name}).", param="expand")
            thing[name] = shown(self.books.things[thing[name]])
        self._expand(thing[name], rest)

    def one(self, kind: str) -> Callable[[Wire, str], Wire]:
        return lambda asked, number: self.books.find(kind, number)

    def many(self, kind: str, *filters: str) -> Callable[[Wire], Wire]:
        def act(asked: Wire) -> Wire:
            wanted = {name: asked[name] for name in filters if name in asked}
            for name in {"payment_intent", "charge"} & wanted.keys():
                self.books.find(name, wanted[name])
            found = [each for each in self.books.every(kind, **wanted) if within(each, asked)]
            return listing(f"/v1/{kind}s", found, asked)

        return act

    def transactions(self, asked: Wire) -> Wire:
        wanted = {name: asked[name] for name in ("source", "type", "currency") if name in asked}
        if payout := asked.get("payout"):
            self.books.find("payout", payout)
            wanted["_payout"] = payout
        found = [each for each in self.books.every("balance_transaction", **wanted) if within(each, asked)]
        return listing("/v1/balance_transactions", found, asked)

    # -- webhook endpoints -------------------------------------------------------------------------------------------

    def make_endpoint(self, asked: Wire) -> Wire:
        """The secret is told here and never again."""
        secret = new_id("whsec", 32)
        made = self.books.add("we", "webhook_endpoint", status="enabled", _secret=secret)
        made |= {"api_version": ACCOUNTS_VERSION} | asked
        return made | {"secret": secret}

    def change_endpoint(self, asked: Wire, number: str) -> Wire:
        endpoint = self.books.things.get(number)
        if endpoint is None:
            raise missing("webhook endpoint", number)
        if "disabled" in asked:
            endpoint["status"] = "disabled" if asked.pop("disabled") else "enabled"
        endpoint |= asked
        return endpoint
