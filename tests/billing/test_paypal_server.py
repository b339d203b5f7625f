"""The fake PayPal server refuses what PayPal refuses and works with PayPal's own client."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests
from django.test import SimpleTestCase, tag
from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

from tests.fakes.paypal_server import CLIENT_ID, SECRET, PayPal, paypal_server

ORDERS = "/v2/checkout/orders"
CONTEXT = {"return_url": "https://school/back/", "cancel_url": "https://school/back/"}


def order(currency: str = "USD", value: str = "10.00") -> dict[str, Any]:
    return {
        "intent": "CAPTURE",
        "purchase_units": [{"amount": {"currency_code": currency, "value": value}}],
        "payment_source": {"paypal": {"experience_context": CONTEXT}},
    }


@tag("once")
class PayPalServerTest(SimpleTestCase):
    fake: PayPal

    def setUp(self) -> None:
        self.fake = self.enterContext(paypal_server())
        login = (CLIENT_ID, SECRET)
        form = {"grant_type": "client_credentials"}
        answer = requests.post(f"{self.fake.url}/v1/oauth2/token", form, auth=login, timeout=5)
        self.token = answer.json()["access_token"]

    def send_request(
        self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None
    ) -> tuple[int, Any]:
        headers = {
            "Authorization": f"Bearer {self.token if token is None else token}",
            "Prefer": "return=representation",
        }
        headers |= {"PayPal-Request-Id": key} if key else {}
        headers |= {"Content-Type": "application/json"} if method == "POST" else {}
        answer = requests.request(method, f"{self.fake.url}{path}", json=body, headers=headers, timeout=5)
        return answer.status_code, answer.json()

    def assert_refused(self, issue: str, status: int, request: str, body: Any = None, key: str = "k") -> None:
        method, path = request.split()
        code, answer = self.send_request(method, path, body, key)
        self.assertEqual((code, answer["details"][0]["issue"]), (status, issue))

    def pull_lever(self, lever: str, **wanted: Any) -> Any:
        answer = requests.post(f"{self.fake.url}/_control/{lever}", json=wanted, timeout=5)
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()["done"]

    def create_approved_order(self, instrument: str = "balance") -> str:
        number = self.fake.books.create(order())["id"]
        self.fake.books.approve(number, instrument)
        return number

    def create_capture(self, instrument: str = "balance") -> str:
        order = self.fake.books.capture(self.create_approved_order(instrument))
        return order["purchase_units"][0]["payments"]["captures"][0]["id"]

    def test_request_without_valid_token_is_unauthorized(self) -> None:
        for token in ("", "A21.invented"):
            self.assertEqual(self.send_request("GET", f"{ORDERS}/A", token=token)[0], 401)
        self.fake.forward(timedelta(hours=10))
        self.assertEqual(self.send_request("GET", f"{ORDERS}/A")[0], 401)
        wrong = requests.post(f"{self.fake.url}/v1/oauth2/token", {"grant_type": "client_credentials"}, timeout=5)
        self.assertEqual(wrong.status_code, 401)

    def test_unsupported_amounts_are_refused(self) -> None:
        for currency, value, issue in (
            ("JPY", "500.00", "DECIMAL_PRECISION"),
            ("HUF", "500.5", "DECIMAL_PRECISION"),
            ("USD", "1.005", "DECIMAL_PRECISION"),
            ("USD", "0.00", "CANNOT_BE_ZERO_OR_NEGATIVE"),
            ("KWD", "1.500", "INVALID_CURRENCY_CODE"),
        ):
            with self.subTest(currency, value=value):
                self.assert_refused(issue, 422, f"POST {ORDERS}", order(currency, value), f"{currency}{value}")

    def test_unknown_resources_are_not_found(self) -> None:
        for method, path in (
            ("GET", f"{ORDERS}/NONE"),
            ("POST", f"{ORDERS}/NONE/capture"),
            ("GET", "/v2/payments/captures/NONE"),
            ("POST", "/v2/payments/captures/NONE/refund"),
            ("GET", "/v2/payments/refunds/NONE"),
            ("GET", "/v1/customer/disputes/NONE"),
            ("GET", "/v9/nothing"),
        ):
            with self.subTest(path):
                self.assert_refused(
                    "INVALID_RESOURCE_ID", 404, f"{method} {path}", {} if method == "POST" else None, path
                )

    def test_approved_order_is_captured_once(self) -> None:
        number = self.send_request("POST", ORDERS, order(), "a")[1]["id"]
        self.assert_refused("ORDER_NOT_APPROVED", 422, f"POST {ORDERS}/{number}/capture", {}, "b")
        self.fake.books.approve(number)
        self.assertEqual(self.send_request("POST", f"{ORDERS}/{number}/capture", {}, "c")[0], 201)
        self.assertEqual(self.send_request("POST", f"{ORDERS}/{number}/capture", {}, "c")[0], 200)
        self.assert_refused("ORDER_ALREADY_CAPTURED", 422, f"POST {ORDERS}/{number}/capture", {}, "d")

    def test_declined_capture_stays_declined_under_same_key(self) -> None:
        number = self.create_approved_order("declined")
        for _ in range(2):
            self.assert_refused("INSTRUMENT_DECLINED", 422, f"POST {ORDERS}/{number}/capture", {}, "a")

    def test_refunds_cannot_exceed_the_captured_amount(self) -> None:
        path = f"/v2/payments/captures/{self.create_capture()}/refund"
        part, euro = ({"amount": {"currency_code": currency, "value": "6.00"}} for currency in ("USD", "EUR"))
        self.assert_refused("REFUND_CAPTURE_CURRENCY_MISMATCH", 422, f"POST {path}", euro, "a")
        self.assertEqual(self.send_request("POST", path, part, "b")[0], 201)
        self.assert_refused("REFUND_AMOUNT_EXCEEDED", 422, f"POST {path}", part, "c")
        self.assertEqual(self.send_request("POST", path, {}, "d")[1]["amount"]["value"], "4.00")
        self.assert_refused("CAPTURE_FULLY_REFUNDED", 422, f"POST {path}", {}, "e")

    def test_order_with_payment_source_needs_key_and_key_needs_same_body(self) -> None:
        self.assert_refused("PAYPAL_REQUEST_ID_REQUIRED", 400, f"POST {ORDERS}", order(), "")
        self.send_request("POST", ORDERS, order(), "a")
        self.assert_refused("INVALID_PARAMETER_VALUE", 400, f"POST {ORDERS}", order(value="11.00"), "a")

    def test_invalid_request_is_refused_and_recorded(self) -> None:
        self.assert_refused("INVALID_PARAMETER_SYNTAX", 400, f"POST {ORDERS}", order() | {"unknown": "key"})
        self.assertEqual(len(self.pull_lever("violations")), 1)

    def test_order_without_payment_source_has_older_approval_link(self) -> None:
        old = {name: part for name, part in order().items() if name != "payment_source"} | {
            "application_context": CONTEXT
        }
        answer = self.send_request("POST", ORDERS, old, "a")[1]
        self.assertEqual((answer["status"], answer["links"][1]["rel"]), ("CREATED", "approve"))

    def test_search_over_more_than_a_month_is_refused(self) -> None:
        dates = "start_date=2026-01-01T00:00:00Z&end_date=2026-03-01T00:00:00Z"
        self.assert_refused("DATE_RANGE_IS_INVALID", 400, f"GET /v1/reporting/transactions?{dates}")

    def test_levers_are_listed_and_invalid_levers_return_400(self) -> None:
        listed = requests.get(f"{self.fake.url}/_control/", timeout=5).json()["levers"]
        self.assertIn("fault", listed)
        for lever, wanted in (
            ("nonsense", {}),
            ("fault", {"match": "*", "kind": "sideways"}),
            ("settle", {"number": "X"}),
        ):
            answer = requests.post(f"{self.fake.url}/_control/{lever}", json=wanted, timeout=5)
            self.assertEqual(answer.status_code, 400)

    def test_dashboard_actions_by_lever_send_webhooks(self) -> None:
        number = self.fake.books.create(order())["id"]
        self.pull_lever("approve", number=number, instrument="echeck")
        self.send_request("POST", f"{ORDERS}/{number}/capture", {}, "a")
        capture = next(iter(self.pull_lever("captures")))
        self.pull_lever("settle", number=capture)
        self.pull_lever("pending-refunds", on=True)
        refund = self.pull_lever("refund", number=capture, amount={"currency_code": "USD", "value": "1.00"})
        self.pull_lever("settle-refund", number=refund["id"])
        dispute = self.pull_lever("dispute", number=capture)["dispute_id"]
        self.pull_lever("update-dispute", number=dispute)
        self.pull_lever("resolve", number=dispute, outcome="RESOLVED_SELLER_FAVOUR")
        kinds = [notice.kind for notice in self.fake.notices()]
        self.assertEqual(
            kinds,
            [
                "CHECKOUT.ORDER.APPROVED",
                "PAYMENT.CAPTURE.PENDING",
                "PAYMENT.CAPTURE.COMPLETED",
                "PAYMENT.REFUND.PENDING",
                "PAYMENT.CAPTURE.REFUNDED",
                "CUSTOMER.DISPUTE.CREATED",
                "CUSTOMER.DISPUTE.UPDATED",
                "CUSTOMER.DISPUTE.RESOLVED",
            ],
        )

    def test_webhooks_are_retried_duplicated_and_reordered_on_demand(self) -> None:
        with webhook_receiver() as (url, received):
            self.pull_lever("hold-webhooks")
            self.pull_lever("copies-of-webhooks", copies=2)
            self.fake.books.settle(self.create_capture("echeck"))
            self.pull_lever("reorder-webhooks", order="reversed")
            self.pull_lever("webhooks-to", url=url)
            self.assertTrue(received.enough.wait(10))
        self.assertEqual(received.kinds[0], "PAYMENT.CAPTURE.COMPLETED")
        self.assertEqual(
            received.kinds.count("PAYMENT.CAPTURE.COMPLETED"), 3
        )  # Two copies, and the one that was refused.
        self.assertEqual(
            sorted(set(received.kinds)),
            ["CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.PENDING"],
        )

    def test_paypals_own_client_can_order_capture_refund_and_search(self) -> None:
        config = Configuration(
            environment=Environment.SANDBOX,
            client_credentials_auth_credentials=ClientCredentialsAuthCredentials(CLIENT_ID, SECRET),
        )
        config.environments = {Environment.SANDBOX: {Server.DEFAULT: self.fake.url}}
        theirs = PaypalServersdkClient(config=config)
        made = theirs.orders.create_order({"body": order(), "paypal_request_id": "a"}).body
        self.fake.books.approve(made.id)
        captured = theirs.orders.capture_order({"id": made.id, "prefer": "return=representation"}).body
        capture = captured.purchase_units[0].payments.captures[0]
        self.assertEqual((captured.status, capture.status, capture.amount.value), ("COMPLETED", "COMPLETED", "10.00"))
        refund = theirs.payments.refund_captured_payment(
            {"capture_id": capture.id, "prefer": "return=representation"}
        ).body
        self.assertEqual((refund.status, refund.amount.value), ("COMPLETED", "10.00"))
        now = self.fake.books.now()
        dates = {"start_date": (now - timedelta(days=1)).isoformat(), "end_date": (now + timedelta(days=1)).isoformat()}
        self.assertEqual(theirs.transaction_search.search_transactions(dates).body.total_items, 2)
        self.assertEqual(self.fake.api.violations, [])


class ReceivedWebhooks:
    """The webhooks received by a site that refuses the first one."""

    def __init__(self, wanted: int) -> None:
        self.kinds: list[str] = []
        self.wanted, self.enough = wanted, threading.Event()


@contextmanager
def webhook_receiver() -> Iterator[tuple[str, ReceivedWebhooks]]:
    received = ReceivedWebhooks(7)

    class Site(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.kinds.append(body.split(b'"event_type":"')[1].split(b'"')[0].decode())
            self.send_response(503 if len(received.kinds) == 1 else 200)
            self.end_headers()
            if len(received.kinds) == received.wanted:
                received.enough.set()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Write no log."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", received
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
