"""The imitation as a server: `with stripe_server() as fake:` runs it in this process, and __main__ in its own."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from urllib.parse import parse_qs

import stripe

from tests.fakes.imitation import HTML, Handler, Imitation, running
from tests.fakes.stripe_server import pages
from tests.fakes.stripe_server.api import Api, Reply, Request
from tests.fakes.stripe_server.books import shown
from tests.fakes.stripe_server.checkout import Checkout
from tests.fakes.stripe_server.control import controls
from tests.fakes.stripe_server.webhooks import Notice, Webhooks
from tests.fakes.stripe_server.wire import StripeError, Wire

KEY, WEBHOOK_SECRET = "sk_test_imitation", "whsec_imitation"


@dataclass
class RecordedRequest:
    where: str
    key: str
    form: Wire
    status: int


class StripeHandler(Handler):
    def route(self, method: str, place: str, body: bytes) -> None:
        fake: Stripe = self.server.fake
        if place.startswith("/v1/"):
            self.send_reply(fake.answer(Request(method, self.path, body.decode(), self.header_dict())))
        elif place == "/pages.css":
            self.write(200, pages.STYLE, "text/css")
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            found = fake.page(place, form)
            self.write(found.status, found.body, HTML, Location=found.location)


class Stripe(Imitation):
    handler = StripeHandler
    error_class = StripeError

    def __init__(self, port: int = 0, webhooks_to: str = "") -> None:
        super().__init__(port)
        self.books = Checkout(url=self.url, send_event=self._send_event)
        self.webhooks = Webhooks(endpoints=lambda: self.books.every("webhook_endpoint"), on_hold=not webhooks_to)
        self.api = Api(self.books, KEY)
        self.controls = controls(self)
        self.endpoint = self.books.add("we", "webhook_endpoint", status="enabled", url=webhooks_to)
        self.endpoint |= {"api_version": stripe.api_version, "enabled_events": ["*"], "_secret": WEBHOOK_SECRET}

    def _send_event(self, kind: str, about: Wire) -> None:
        self.webhooks.send_event(kind, shown(about), self.books.now())

    def send_webhooks_to(self, url: str) -> None:
        self.endpoint["url"] = url
        self.webhooks.release()

    def forward(self, seconds: float) -> None:
        """Move the clock forward, which closes pages that were left open."""
        self.books.ahead += seconds
        for session in self.books.every("checkout.session"):
            self.books.session(session["id"])

    def notices(self, *kinds: str) -> list[Notice]:
        """Return the waiting messages and remove them, for tests that deliver them themselves."""
        return [notice for notice in self.webhooks.fetch() if not kinds or notice.kind in kinds]

    def requests_to(self, where: str) -> list[RecordedRequest]:
        return [each for each in self.requests if each.where.startswith(where)]

    # -- answering ---------------------------------------------------------------------------------------------------

    def handle(self, request: Request) -> Reply:
        return self.api.answer(request)

    def record(self, request: Request, reply: Reply) -> None:
        self.requests.append(RecordedRequest(request.where, request.key, request.form, reply.status))

    def failure_reply(self, status: int) -> Reply:
        kind = "rate_limit" if status == 429 else "api_error"
        return Reply(status, {"error": {"type": kind, "message": "An unexpected error occurred."}})

    # -- the pages ---------------------------------------------------------------------------------------------------

    def page(self, path: str, form: dict[str, str]) -> "Page":
        kind, _, number = path.lstrip("/").rpartition("/")
        acts = {"c/pay": self._checkout, "c/bank": self._bank}
        try:
            with self.lock:
                if path == "/dashboard":
                    return self._dashboard(form)
                return acts[kind](number, form)
        except KeyError:
            return Page(404, pages.closed("There is nothing here."))
        except StripeError as error:
            return Page(error.status, pages.closed(str(error)))

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
        outcome = self.books.pay(number, card)
        if outcome == "bank":
            session["_card"] = card
            return Page(303, location=f"/c/bank/{number}")
        return self._back(session) if outcome == "paid" else Page(200, pages.checkout(session, outcome))

    def _bank(self, number: str, form: dict[str, str]) -> "Page":
        session = self.books.session(number)
        if not form:
            return Page(200, pages.bank(session))
        if form.get("answer") == "yes":
            self.books.pay(number, session["_card"], agreed=True)
            return self._back(session)
        outcome = "We are unable to authenticate your payment method. Please choose a different one."
        return Page(200, pages.checkout(session, self.books.decline(number, "authentication_required", outcome)))

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


def stripe_server(port: int = 0, webhooks_to: str = "") -> AbstractContextManager[Stripe]:
    return running(Stripe(port, webhooks_to))
