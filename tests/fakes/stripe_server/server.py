"""The imitation as a server: `with stripe_server() as fake:` in a process; __main__ runs it beside one."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import stripe

from tests.fakes.faults import Faults
from tests.fakes.stripe_server import pages
from tests.fakes.stripe_server.api import Api, Asked, Reply
from tests.fakes.stripe_server.books import shown
from tests.fakes.stripe_server.checkout import Checkout
from tests.fakes.stripe_server.control import levers
from tests.fakes.stripe_server.webhooks import Notice, Webhooks
from tests.fakes.stripe_server.wire import Refusal, Wire, new_id

KEY, WEBHOOK_SECRET = "sk_test_imitation", "whsec_imitation"
HTML = "text/html; charset=utf-8"


@dataclass
class Seen:
    where: str
    key: str
    form: Wire
    status: int


class Stripe:
    """All that a test or a lever can reach. `url` is what the site is given as STRIPE_URL."""

    def __init__(self, port: int = 0, webhooks_to: str = "") -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Seen] = []
        self.http = Server(("127.0.0.1", port), Handler)
        self.http.fake = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.books = Checkout(url=self.url, tell=self._tell)
        self.webhooks = Webhooks(lambda: self.books.every("webhook_endpoint"), on_hold=not webhooks_to)
        self.api = Api(self.books, KEY)
        self.levers = levers(self)
        self.endpoint = self.books.add("we", "webhook_endpoint", status="enabled", url=webhooks_to)
        self.endpoint |= {"api_version": stripe.api_version, "enabled_events": ["*"], "_secret": WEBHOOK_SECRET}

    def _tell(self, kind: str, about: Wire) -> None:
        self.webhooks.tell(kind, shown(about), self.books.now())

    def send_webhooks_to(self, url: str) -> None:
        self.endpoint["url"] = url
        self.webhooks.release()

    def forward(self, seconds: float) -> None:
        """Time passes: pages that were left open close."""
        self.books.ahead += seconds
        for session in self.books.every("checkout.session"):
            self.books.session(session["id"])

    def notices(self, *kinds: str) -> list[Notice]:
        """What waits to be sent, taken away; for tests that carry it to the site themselves."""
        return [notice for notice in self.webhooks.fetch() if not kinds or notice.kind in kinds]

    def asked(self, where: str) -> list[Seen]:
        return [each for each in self.requests if each.where.startswith(where)]

    # -- answering ---------------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> Reply | None:
        """None: hang up."""
        fault = self.faults.take(asked.where)
        if fault and fault.kind == "before":
            return self._note(asked, trouble(fault.status))
        with self.lock:
            reply = self._note(asked, self.api.answer(asked))
        if fault and fault.kind == "drop":
            return None
        return trouble(fault.status) if fault and fault.kind == "after" else reply

    def _note(self, asked: Asked, reply: Reply) -> Reply:
        self.requests.append(Seen(asked.where, asked.key, asked.form, reply.status))
        return reply

    def pull(self, name: str, wanted: Wire) -> Reply:
        try:
            with self.lock:
                return Reply(200, {"done": self.levers[name](wanted)})
        except (KeyError, TypeError, ValueError, Refusal) as wrong:
            return Reply(400, {"wrong": f"{type(wrong).__name__}: {wrong}"})

    # -- the pages ---------------------------------------------------------------------------------------------------

    def page(self, method: str, path: str, form: dict[str, str]) -> "Page":
        kind, _, number = path.lstrip("/").rpartition("/")
        acts = {"c/pay": self._checkout, "c/bank": self._bank}
        try:
            with self.lock:
                if path == "/dashboard":
                    return self._dashboard(form)
                return acts[kind](number, form)
        except KeyError:
            return Page(404, pages.closed("There is nothing here."))
        except Refusal as refusal:
            return Page(refusal.status, pages.closed(str(refusal)))

    def _checkout(self, number: str, form: dict[str, str]) -> "Page":
        session = self.books.session(number)
        if session["status"] != "open":
            return Page(410, pages.closed("This payment is finished or has taken too long."))
        if not form:
            return Page(200, pages.checkout(session))
        if form.get("way") == "bank":
            self.books.pay_from_bank(number)
            return self._back(session)
        card = "".join(filter(str.isdigit, form.get("card", "")))
        said = self.books.pay(number, card)
        if said == "bank":
            session["_card"] = card
            return Page(303, location=f"/c/bank/{number}")
        return self._back(session) if said == "paid" else Page(200, pages.checkout(session, said))

    def _bank(self, number: str, form: dict[str, str]) -> "Page":
        session = self.books.session(number)
        if not form:
            return Page(200, pages.bank(session))
        if form.get("answer") == "yes":
            self.books.pay(number, session["_card"], agreed=True)
            return self._back(session)
        said = "We are unable to authenticate your payment method. Please choose a different one."
        return Page(200, pages.checkout(session, self.books.decline(number, "authentication_required", said)))

    def _back(self, session: Wire) -> "Page":
        return Page(303, location=session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    def _dashboard(self, form: dict[str, str]) -> "Page":
        if form:
            pages.act(self.books, form["do"])
            return Page(303, location="/dashboard")
        return Page(200, pages.dashboard(self.books))


@dataclass(frozen=True)
class Page:
    status: int
    body: bytes = b""
    location: str = ""


def trouble(status: int) -> Reply:
    kind = "rate_limit" if status == 429 else "api_error"
    return Reply(status, {"error": {"type": kind, "message": "An unexpected error occurred."}})


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: Stripe


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.route("GET")

    def do_POST(self) -> None:
        self.route("POST")

    def route(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self.give(self.server.fake.answer(Asked(method, self.path, body, self.headers)))
        elif path.startswith("/_control/"):
            self.control(path.removeprefix("/_control/"), body)
        elif path == "/pages.css":
            self.write(200, pages.STYLE, "text/css")
        else:
            form = {name: values[0] for name, values in parse_qs(body).items()}
            found = self.server.fake.page(method, path, form)
            self.write(found.status, found.body, HTML, found.location)

    def control(self, name: str, body: str) -> None:
        if not name:
            self.give(Reply(200, {"levers": sorted(self.server.fake.levers)}))
        else:
            self.give(self.server.fake.pull(name, json.loads(body or "{}")))

    def give(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            self.connection.close()
            return
        self.write(reply.status, json.dumps(reply.body).encode(), "application/json", replayed=reply.replayed)

    def write(self, status: int, body: bytes, kind: str, location: str = "", *, replayed: bool = False) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Request-Id": new_id("req", 14)}
        if location:
            headers["Location"] = location
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        for name, value in headers.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # who asked did not wait
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet: GET /_control/requests tells."""


@contextmanager
def stripe_server(port: int = 0, webhooks_to: str = "") -> Iterator[Stripe]:
    fake = Stripe(port, webhooks_to)
    threads = [
        threading.Thread(target=fake.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        threading.Thread(target=fake.webhooks.deliver_for_ever, daemon=True),
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
