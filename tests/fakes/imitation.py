"""What the imitations of gateways share: a server, controls under /_control/, and faults that a test requests."""

import argparse
import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Protocol, TypeVar
from urllib.parse import urlsplit

from requests.structures import CaseInsensitiveDict

from tests.fakes.faults import Faults
from tests.fakes.outgoing import Outgoing

JSON, HTML = "application/json", "text/html; charset=utf-8"
Controls = dict[str, Callable[[dict[str, Any]], Any]]


class Request(Protocol):
    @property
    def where(self) -> str: ...


class Reply(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def text(self) -> bytes: ...

    @property
    def headers(self) -> dict[str, str]: ...


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self._take("GET")

    def do_POST(self) -> None:
        self._take("POST")

    def _take(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = urlsplit(self.path).path
        if place.startswith("/_control/"):
            status, found = self.server.fake.run_control(place.removeprefix("/_control/"), json.loads(body or b"{}"))
            self.write(status, json.dumps(found).encode(), JSON)
        else:
            self.route(method, place, body)

    def route(self, method: str, place: str, body: bytes) -> None:
        raise NotImplementedError

    def header_dict(self) -> CaseInsensitiveDict[str]:
        return CaseInsensitiveDict(self.headers.items())

    def send_reply(self, reply: Reply | None) -> None:
        if reply is None:
            self.close_connection = True
            self.connection.close()
            return
        self.write(reply.status, reply.text, JSON, **reply.headers)

    def write(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        with suppress(ConnectionError):  # The client may have stopped waiting.
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing, because GET /_control/requests lists the requests."""


class Imitation:
    """The base class of the imitations. `url` is what the site uses as the address of the gateway."""

    handler: ClassVar[type[Handler]]
    error_class: ClassVar[type[Exception]]
    webhooks: Outgoing[Any]

    def __init__(self, port: int) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Any] = []
        self.http = Server(("127.0.0.1", port), self.handler)
        self.http.fake = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.controls: Controls = {}

    def handle(self, request: Any) -> Any:
        """Answer as the gateway does."""
        raise NotImplementedError

    def record(self, request: Any, reply: Any) -> None:
        """Store the request for tests."""
        raise NotImplementedError

    def failure_reply(self, status: int) -> Any:
        """Answer as the gateway does when it has a failure."""
        raise NotImplementedError

    def answer(self, request: Request) -> Any:
        """Return None if the connection is to be closed without an answer."""
        fault = self.faults.take(request.where)
        if fault and fault.kind == "before":
            reply = self.failure_reply(fault.status)
            self.record(request, reply)
            return reply
        with self.lock:
            reply = self.handle(request)
            self.record(request, reply)
        if fault and fault.kind == "drop":
            return None
        return self.failure_reply(fault.status) if fault and fault.kind == "after" else reply

    def run_control(self, name: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not name:
            return 200, {"levers": sorted(self.controls)}
        try:
            with self.lock:
                return 200, {"done": self.controls[name](params)}
        except (KeyError, TypeError, ValueError, self.error_class) as error:
            return 400, {"wrong": f"{type(error).__name__}: {error}"}

    def common_controls(self) -> Controls:
        return {
            "requests": lambda params: [each.__dict__ for each in self.requests],
            "fault": lambda params: self.faults.order(**params),
            "no-faults": lambda params: self.faults.clear(),
            "hold-webhooks": lambda params: self.webhooks.hold(),
            "release-webhooks": lambda params: self.webhooks.release(),
            "reorder-webhooks": lambda params: self.webhooks.reorder(params["order"]),
            "copies-of-webhooks": lambda params: setattr(self.webhooks, "copies", params["copies"]),
        }


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: Any


F = TypeVar("F", bound=Imitation)


@contextmanager
def running(fake: F) -> Iterator[F]:
    threads = [
        threading.Thread(target=fake.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True),
        threading.Thread(target=fake.webhooks.deliver_until_closed, daemon=True),
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


def serve(
    description: str | None, port: int, create_fake: Callable[[int, str], F], settings_for_site: Callable[[F], str]
) -> None:
    """Print the settings that the site needs and an empty line, and serve until a signal ends the process."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="The site that webhooks are sent to.")
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with running(create_fake(options.port, options.site.rstrip("/"))) as fake:
        print(f"{settings_for_site(fake)}\n", flush=True)
        ended.wait()
