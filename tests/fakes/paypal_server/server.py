"""The imitation as a server: `with paypal_server() as fake:` runs it in this process, and __main__ in its own."""

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.imitation import HTML, Handler, Imitation, running
from tests.fakes.paypal_server import pages
from tests.fakes.paypal_server.api import Api, Reply
from tests.fakes.paypal_server.books import Books
from tests.fakes.paypal_server.contract import Request
from tests.fakes.paypal_server.control import controls
from tests.fakes.paypal_server.webhooks import Notice, Webhooks
from tests.fakes.paypal_server.wire import PayPalError

CLIENT_ID, SECRET, WEBHOOK_ID = "fake-client", "fake-secret", "WH0FAKE"


@dataclass
class RecordedRequest:
    where: str
    key: str
    body: Any
    status: int


class PayPalHandler(Handler):
    def route(self, method: str, place: str, body: bytes) -> None:
        if place == "/checkoutnow":
            self.checkout(method, parse_qs(urlsplit(self.path).query), parse_qs(body.decode()))
        else:
            self.send_reply(self.server.fake.answer(Request(method, self.path, body, self.header_dict())))

    def checkout(self, method: str, query: dict[str, list[str]], form: dict[str, list[str]]) -> None:
        fake: PayPal = self.server.fake
        number = query.get("token", [""])[0]
        if method == "POST":
            where = fake.decide(number, form.get("answer", [""])[0])
            self.write(303 if where else 404, pages.gone(), HTML, Location=where or "")
        else:
            again = fake.books.instruments.get(number) == "declined"
            self.write(*fake.show_approval(number, again), HTML)


class PayPal(Imitation):
    handler = PayPalHandler
    error_class = PayPalError

    def __init__(self, port: int = 0, webhooks_to: str = "") -> None:
        super().__init__(port)
        self.books = Books(url=self.url, send_event=self._send_event)
        certificate = f"{self.url}/v1/notifications/certs/CERT-FAKE"
        self.webhooks = Webhooks(WEBHOOK_ID, certificate, self.books.stamp, webhooks_to, on_hold=not webhooks_to)
        self.api = Api(self.books, self.webhooks, CLIENT_ID, SECRET)
        self.controls = controls(self)

    def _send_event(self, kind: str, of: str, resource: dict[str, Any]) -> None:
        self.webhooks.send_event(kind, of, resource, self.books.stamp())

    def forward(self, time: timedelta) -> None:
        self.books.shift += time

    def send_webhooks_to(self, url: str) -> None:
        self.webhooks.to = url
        self.webhooks.release()

    def signed(self, notice: Notice) -> dict[str, str]:
        """The headers of another transmission."""
        return self.webhooks.signed(notice, self.books.stamp())

    def notices(self) -> list[Notice]:
        """Return the waiting messages and remove them, for tests that deliver them themselves."""
        return self.webhooks.fetch()

    def keys(self, where: str) -> list[str]:
        """The idempotency keys of the requests."""
        return [each.key for each in self.requests if each.where.startswith(where)]

    # -- answering -------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        return self.api.answer(request)

    def record(self, request: Request, reply: Reply) -> None:
        try:
            body = json.loads(request.body or b"null")
        except ValueError:
            body = request.body.decode(errors="replace")
        self.requests.append(
            RecordedRequest(request.where, request.headers.get("PayPal-Request-Id", ""), body, reply.status)
        )

    def failure_reply(self, status: int) -> Reply:
        return Reply.of(status, {"name": "SERVICE_UNAVAILABLE" if status == 503 else "INTERNAL_SERVER_ERROR"})

    def show_approval(self, number: str, again: bool) -> tuple[int, bytes]:
        try:
            with self.lock:
                return 200, pages.approval(self.books.order(number), self.books.contexts[number], again)
        except PayPalError:
            return 404, pages.gone()

    def decide(self, number: str, answer: str) -> str | None:
        """Return where the payer goes next, or None if the order is no longer open."""
        try:
            with self.lock:
                self.books.order(number)
                context = self.books.contexts[number]
                if answer == "cancel":
                    return onward(context["cancel_url"], token=number)
                self.books.approve(number, answer)
        except PayPalError:
            return None
        return onward(context["return_url"], token=number, PayerID="PAYER23456789")


def onward(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def paypal_server(port: int = 0, webhooks_to: str = "") -> AbstractContextManager[PayPal]:
    return running(PayPal(port, webhooks_to))
