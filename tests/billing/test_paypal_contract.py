"""Check the validator of our PayPal requests with requests that it must refuse.

Without them, a validator that accepts everything would go unnoticed. PayPal's own package always validates.
PayPal's OpenAPI files also validate if PAYPAL_OPENAPI names their folder.
"""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from django.test import SimpleTestCase, tag

from tests.fakes.paypal_server import contract
from tests.fakes.paypal_server.contract import Request

ORDERS, CAPTURE, REFUND = (
    "/v2/checkout/orders",
    "/v2/checkout/orders/5O190127/capture",
    "/v2/payments/captures/2GG279/refund",
)
VERIFY = "/v1/notifications/verify-webhook-signature"
HEADERS = {"Content-Type": "application/json", "PayPal-Request-Id": "a-key", "Prefer": "return=representation"}
MONEY = {"currency_code": "USD", "value": "10.00"}
ORDER: dict[str, Any] = {
    "intent": "CAPTURE",
    "purchase_units": [
        {
            "amount": MONEY,
            "custom_id": "a",
            "invoice_id": "1-a",
            "description": "a",
            "payee": {"email_address": "a@b.org"},
        }
    ],
    "payment_source": {
        "paypal": {
            "experience_context": {
                "return_url": "https://a.org/",
                "cancel_url": "https://a.org/",
                "user_action": "PAY_NOW",
                "shipping_preference": "NO_SHIPPING",
                "brand_name": "a",
            }
        }
    },
}
SIGNED: dict[str, Any] = {
    "auth_algo": "SHA256withRSA",
    "cert_url": "https://api.paypal.com/cert",
    "transmission_id": "a-1",
    "transmission_sig": "abc",
    "transmission_time": "2026-11-21T12:00:00Z",
    "webhook_id": "WH1",
    "webhook_event": {"id": "WH-1", "event_type": "A", "resource": {}},
}


def post_request(path: str, body: Any, **headers: str) -> Request:
    return Request("POST", path, json.dumps(body).encode(), HEADERS | headers)


def changed_order(change: Callable[[Any], object]) -> dict[str, Any]:
    order = deepcopy(ORDER)
    change(order)
    return order


def unit(order: Any) -> Any:
    return order["purchase_units"][0]


def context(order: Any) -> Any:
    return order["payment_source"]["paypal"]["experience_context"]


GOOD = {
    "an order": post_request(ORDERS, ORDER),
    "a capture": post_request(CAPTURE, {}),
    "a refund of part": post_request(REFUND, {"amount": MONEY, "custom_id": "refund-a_B-1"}),
    "a refund of all": post_request(REFUND, {}),
    "a signature": post_request(VERIFY, SIGNED),
}
ALWAYS_REFUSED = {
    "an unknown key": post_request(ORDERS, changed_order(lambda order: order.update(return_url="https://a.org/"))),
    "an unknown key deep inside": post_request(
        ORDERS, changed_order(lambda order: context(order).update(user_acton="PAY_NOW"))
    ),
    "no intent": post_request(ORDERS, changed_order(lambda order: order.pop("intent"))),
    "no amount": post_request(ORDERS, changed_order(lambda order: unit(order).pop("amount"))),
    "no currency": post_request(REFUND, {"amount": {"value": "1.00"}}),
    "an unknown key of a refund": post_request(REFUND, {"amout": MONEY}),
    "a form instead of JSON": post_request(ORDERS, ORDER, **{"Content-Type": "application/x-www-form-urlencoded"}),
    "no JSON": Request("POST", ORDERS, b"{", HEADERS),
    "a search without an end": Request("GET", "/v1/reporting/transactions?start_date=2026-11-21T12:00:00Z"),
    "an unknown search": Request("GET", "/v1/reporting/transactions?start_date=a&end_date=b&from=c"),
    "a token by JSON": post_request("/v1/oauth2/token", {"grant_type": "client_credentials"}),
}
REFUSED_BY_THE_DESCRIPTIONS = {
    "an intent of the old interface": post_request(ORDERS, changed_order(lambda order: order.update(intent="sale"))),
    "a number for a text": post_request(
        ORDERS, changed_order(lambda order: unit(order).update(amount=MONEY | {"value": 10}))
    ),
    "a comma": post_request(ORDERS, changed_order(lambda order: unit(order).update(amount=MONEY | {"value": "10,00"}))),
    "a long currency": post_request(
        ORDERS, changed_order(lambda order: unit(order).update(amount=MONEY | {"currency_code": "EURO"}))
    ),
    "a long description": post_request(ORDERS, changed_order(lambda order: unit(order).update(description="a" * 128))),
    "an action that does not exist": post_request(
        ORDERS, changed_order(lambda order: context(order).update(user_action="PAY"))
    ),
    "an order's id with a hyphen": post_request("/v2/checkout/orders/5O-1/capture", {}),
    "a long key": post_request(ORDERS, ORDER, **{"PayPal-Request-Id": "a" * 109}),
    "a signature without a time": post_request(VERIFY, {k: v for k, v in SIGNED.items() if k != "transmission_time"}),
    "a webhook's id with a space": post_request(VERIFY, SIGNED | {"webhook_id": "W H"}),
}


@tag("once")
class PayPalContractTest(SimpleTestCase):
    def test_valid_requests_have_no_faults(self) -> None:
        for name, request in GOOD.items():
            with self.subTest(name):
                self.assertEqual(contract.request_problems(request), [])

    def test_invalid_requests_are_refused(self) -> None:
        for name, request in ALWAYS_REFUSED.items():
            with self.subTest(name):
                self.assertTrue(contract.request_problems(request))

    def test_answer_unreadable_by_paypals_package_is_reported(self) -> None:
        for body in (b"{", b'{"id": "A", "nonsense": 1}', b'{"links": [{"rel": "self"}]}'):
            with self.subTest(body):
                self.assertTrue(contract.answer_problems(Request("GET", f"{ORDERS}/A"), 200, body))

    def test_folder_without_openapi_files_raises_error(self) -> None:
        with self.assertRaises(FileNotFoundError):
            contract.folder_of(".")


if contract.folder():

    @tag("once")
    class OpenApiDescriptionsTest(SimpleTestCase):
        def test_requests_invalid_by_openapi_are_refused(self) -> None:
            for name, request in REFUSED_BY_THE_DESCRIPTIONS.items():
                with self.subTest(name):
                    self.assertTrue(contract.request_problems(request))

        def test_answers_invalid_by_openapi_are_reported(self) -> None:
            for body in (b'{"id": "A", "status": "WHAT"}', b'{"status": 1}', b'{"create_time": "now"}'):
                with self.subTest(body):
                    self.assertTrue(contract.answer_problems(Request("GET", f"{ORDERS}/A"), 200, body))

else:
    print("PAYPAL_OPENAPI is not set: PayPal's package validates requests, its OpenAPI files do not.", file=sys.stderr)
