"""The imitation as a server: `with paypal_server() as fake:` in a process; __main__ runs it beside one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from tests.fakes.faults import Faults
from tests.fakes.paypal_server import pages
from tests.fakes.paypal_server.api import Api, Reply
from tests.fakes.paypal_server.books import Books
from tests.fakes.paypal_server.contract import Asked
from tests.fakes.paypal_server.control import levers
from tests.fakes.paypal_server.webhooks import Notice, Webhooks
from tests.fakes.paypal_server.wire import No

CLIENT_ID, SECRET, WEBHOOK_ID = "fake-client", "fake-secret", "WH0FAKE"


@dataclass
class Seen:
    where: str
    key: str
    body: Any
    status: int


class PayPal:
    """All that a test or a lever can reach. `url` is what the site is given as PAYPAL_URL."""

    def __init__(self, port: int = 0, webhooks_to: str = "") -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.http = Server(("127.0.0.1", port), Handler)
        self.http.fake = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.webhooks = Webhooks(WEBHOOK_ID, f"{self.url}/v1/notifications/certs/CERT-FAKE", webhooks_to)
        self.books = Books(url=self.url, tell=self._tell)
        self.api = Api(self.books, self.webhooks, CLIENT_ID, SECRET)
        self.levers = levers(self)

    def _tell(self, kind: str, of: str, resource: dict[str, Any]) -> None:
        self.webhooks.tell(kind, of, resource, self.books.stamp())

    def forward(self, time: timedelta) -> None:
        self.books.shift += time

    def send_webhooks_to(self, url: str) -> None:
        self.webhooks.to = url
        self.webhooks.release()

    def signed(self, notice: Notice) -> dict[str, str]:
        """The headers of one more transmission."""
        return self.webhooks.signed(notice, self.books.stamp())

    def notices(self) -> list[Notice]:
        """What waits to be sent, taken away; for tests that carry it to the site themselves."""
        with self.webhooks.wake:
            found = list(self.webhooks.waiting)
            self.webhooks.waiting.clear()
        return found

    def keys(self, where: str) -> list[str]:
        """The request ids under which something was asked."""
        return [each.key for each in self.requests if each.where.startswith(where)]

    # -- answering -------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Reply | None:
        """None: hang up."""
        fault = self.faults.take(asked.where)
        if fault and fault.kind == "before":
            return self._note(asked, trouble(fault.status))
        with self.lock:
            reply = self.api.answer(asked)
        self._note(asked, reply)
        if fault and fault.kind == "drop":
            return None
        return trouble(fault.status) if fault and fault.kind == "after" else reply

    def _note(self, asked: Asked, reply: Reply) -> Reply:
        try:
            body = json.loads(asked.body or b"null")
        except ValueError:
            body = asked.body.decode(errors="replace")
        self.requests.append(Seen(asked.where, asked.headers.get("PayPal-Request-Id", ""), body, reply.status))
        return reply

    def pull(self, name: str, wanted: dict[str, Any]) -> Reply:
        try:
            with self.lock:
                found = self.levers[name](wanted)
        except (KeyError, TypeError, ValueError, No) as wrong:
            return Reply.of(400, {"wrong": f"{type(wrong).__name__}: {wrong}"})
        return Reply.of(200, {"done": found})

    def show_approval(self, number: str, again: bool) -> tuple[int, bytes]:
        try:
            with self.lock:
                return 200, pages.approval(self.books.order(number), self.books.contexts[number], again)
        except No:
            return 404, pages.gone()

    def decide(self, number: str, answer: str) -> str | None:
        """Where the payer goes next; None when there is nothing to decide any more."""
        try:
            with self.lock:
                self.books.order(number)
                context = self.books.contexts[number]
                if answer == "cancel":
                    return onward(context["cancel_url"], token=number)
                self.books.approve(number, answer)
        except No:
            return None
        return onward(context["return_url"], token=number, PayerID="PAYER23456789")


def trouble(status: int) -> Reply:
    return Reply.of(status, {"name": "SERVICE_UNAVAILABLE" if status == 503 else "INTERNAL_SERVER_ERROR"})


def onward(url: str, **query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: PayPal


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.handle_one_of("GET")

    def do_POST(self) -> None:
        self.handle_one_of("POST")

    def handle_one_of(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = urlsplit(self.path)
        if place.path == "/checkoutnow":
            self.checkout(method, parse_qs(place.query), parse_qs(body.decode()))
        elif place.path.startswith("/_control/"):
            self.control(place.path.removeprefix("/_control/"), body)
        else:
            self.give(
                self.server.fake.answer(Asked(method, self.path, body, CaseInsensitiveDict(self.headers.items())))
            )

    def checkout(self, method: str, query: dict[str, list[str]], form: dict[str, list[str]]) -> None:
        number = query.get("token", [""])[0]
        if method == "POST":
            where = self.server.fake.decide(number, form.get("answer", [""])[0])
            self.write(303 if where else 404, pages.gone(), "text/html; charset=utf-8", where)
        else:
            again = self.server.fake.books.instruments.get(number) == "declined"
            self.write(*self.server.fake.show_approval(number, again), "text/html; charset=utf-8")

    def control(self, name: str, body: bytes) -> None:
        if not name:
            self.give(Reply.of(200, {"levers": sorted(self.server.fake.levers)}))
        else:
            self.give(self.server.fake.pull(name, json.loads(body or b"{}")))

    def give(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            self.connection.close()
            return
        self.write(reply.status, reply.body, "application/json")

    def write(self, status: int, body: bytes, kind: str, location: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        with suppress(ConnectionError):  # who asked did not wait
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet: GET /_control/requests tells."""


@contextmanager
def paypal_server(port: int = 0, webhooks_to: str = "") -> Iterator[PayPal]:
    fake = PayPal(port, webhooks_to)
    threads = [
        threading.Thread(target=fake.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        threading.Thread(target=fake.webhooks.deliver_for_ever, args=(fake.books.stamp,), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield fake
    finally:
        fake.webhooks.close()
        fake.http.shutdown()
        fake.http.server_close()
        for thread in threads:
            thread.join(5)
