"""What the imitations of gateways have in common: a server, levers under /_control/, and faults on order."""

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
Levers = dict[str, Callable[[dict[str, Any]], Any]]


class Asked(Protocol):
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
            status, found = self.server.fake.pull(place.removeprefix("/_control/"), json.loads(body or b"{}"))
            self.write(status, json.dumps(found).encode(), JSON)
        else:
            self.route(method, place, body)

    def route(self, method: str, place: str, body: bytes) -> None:
        raise NotImplementedError

    def heads(self) -> CaseInsensitiveDict[str]:
        return CaseInsensitiveDict(self.headers.items())

    def give(self, reply: Reply | None) -> None:
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
        with suppress(ConnectionError):  # who asked did not wait
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Quiet: GET /_control/requests tells."""


class Imitation:
    """All that a test or a lever can reach; `url` is what the site is given as the gateway's address."""

    handler: ClassVar[type[Handler]]
    refusal: ClassVar[type[Exception]]
    webhooks: Outgoing[Any]

    def __init__(self, port: int) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.requests: list[Any] = []
        self.http = Server(("127.0.0.1", port), self.handler)
        self.http.fake = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.levers: Levers = {}

    def act(self, asked: Any) -> Any:
        """The gateway's own answer."""
        raise NotImplementedError

    def note(self, asked: Any, reply: Any) -> None:
        """Keep what was asked for the tests."""
        raise NotImplementedError

    def trouble(self, status: int) -> Any:
        """How the gateway says that it is not well."""
        raise NotImplementedError

    def answer(self, asked: Asked) -> Any:
        """None: hang up."""
        fault = self.faults.take(asked.where)
        if fault and fault.kind == "before":
            reply = self.trouble(fault.status)
            self.note(asked, reply)
            return reply
        with self.lock:
            reply = self.act(asked)
            self.note(asked, reply)
        if fault and fault.kind == "drop":
            return None
        return self.trouble(fault.status) if fault and fault.kind == "after" else reply

    def pull(self, name: str, wanted: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not name:
            return 200, {"levers": sorted(self.levers)}
        try:
            with self.lock:
                return 200, {"done": self.levers[name](wanted)}
        except (KeyError, TypeError, ValueError, self.refusal) as wrong:
            return 400, {"wrong": f"{type(wrong).__name__}: {wrong}"}

    def common_levers(self) -> Levers:
        return {
            "requests": lambda wanted: [each.__dict__ for each in self.requests],
            "fault": lambda wanted: self.faults.order(**wanted),
            "no-faults": lambda wanted: self.faults.clear(),
            "hold-webhooks": lambda wanted: self.webhooks.hold(),
            "release-webhooks": lambda wanted: self.webhooks.release(),
            "reorder-webhooks": lambda wanted: self.webhooks.reorder(wanted["order"]),
            "copies-of-webhooks": lambda wanted: setattr(self.webhooks, "copies", wanted["copies"]),
        }


class Server(ThreadingHTTPServer):
    daemon_threads = True
    fake: Any


F = TypeVar("F", bound=Imitation)


@contextmanager
def running(fake: F) -> Iterator[F]:
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


def serve(description: str | None, port: int, begin: Callable[[int, str], F], tell: Callable[[F], str]) -> None:
    """On the command line: prints what the site is to be given, then an empty line, and serves until it is ended."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="The site that webhooks are sent to.")
    wanted = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with running(begin(wanted.port, wanted.site.rstrip("/"))) as fake:
        print(f"{tell(fake)}\n", flush=True)
        ended.wait()
