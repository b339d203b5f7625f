"""A request to a gateway that sends its response byte by byte ends when the time limit of the page is over."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from django.http import HttpResponse
from django.test import RequestFactory, TestCase, override_settings

from billing.gateways.paypal.client import PayPalClient
from billing.gateways.stripe.client import create_stripe_client, translate_stripe_errors
from common.errors import TemporaryFailure
from common.network import limit_waiting

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n"
PAUSE = 0.05


class DrippingServer:
    """Sends `at_once`, then `slowly` byte by byte, which takes seconds."""

    def __init__(self, at_once: bytes, slowly: bytes) -> None:
        self.at_once, self.slowly = at_once, slowly
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=[connection], daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65536)
            connection.sendall(self.at_once)
            for number in range(len(self.slowly)):
                connection.sendall(self.slowly[number : number + 1])
                time.sleep(PAUSE)


@override_settings(GATEWAY_SECONDS=0.5)
class DrippingGatewayTest(TestCase):
    def assert_times_out(self, ask: Callable[[str], object]) -> None:
        for name, server in (
            ("body", DrippingServer(HEAD, b"x" * 90)),
            ("headers", DrippingServer(b"", HEAD.replace(b"OK", b"OK" * 20))),
        ):
            self.addCleanup(server.listener.close)

            def call_gateway(request: object, url: str = server.url) -> HttpResponse:
                with self.assertRaises(TemporaryFailure):
                    ask(url)
                return HttpResponse()

            with self.subTest(name):
                started_at = time.monotonic()
                limit_waiting(call_gateway)(RequestFactory().get("/"))
                self.assertLess(time.monotonic() - started_at, 1)

    def test_slow_paypal_response_times_out(self) -> None:
        self.assert_times_out(lambda url: PayPalClient(url, "id", "secret").get("/v2/orders"))

    def test_slow_stripe_response_times_out(self) -> None:
        def ask(url: str) -> None:
            with translate_stripe_errors():
                create_stripe_client("sk_test_1", url).v1.balance.retrieve()

        self.assert_times_out(ask)
