"""The fake Stripe server refuses what Stripe refuses. Otherwise, its acceptance would prove nothing."""

from typing import Any

import requests
import stripe
from django.test import SimpleTestCase, tag

from billing.gateways.stripe.client import RETRIES, VERSION, create_stripe_client
from tests.fakes.stripe_server import KEY, contract, stripe_server
from tests.fakes.stripe_server.checkout import ASKS_THE_BANK
from tests.fakes.stripe_server.wire import StripeRefusal, Wire, nested

LINE = {"quantity": "1", "price_data": {"currency": "usd", "unit_amount": "1000", "product_data": {"name": "A class"}}}
GOOD: dict[str, Any] = {"mode": "payment", "success_url": "https://school.example/", "line_items": [LINE]}


def line(**changes: Any) -> Wire:
    return GOOD | {"line_items": [LINE | {"price_data": LINE["price_data"] | changes}]}  # type: ignore[operator]


@tag("once")
class StripeContractTest(SimpleTestCase):
    def test_valid_request_is_parsed(self) -> None:
        read = contract.check("SessionCreateParams", GOOD | {"adaptive_pricing": {"enabled": "false"}})
        self.assertEqual(read["line_items"][0]["price_data"]["unit_amount"], 1000)
        self.assertIs(read["adaptive_pricing"]["enabled"], False)

    def test_invalid_requests_are_refused(self) -> None:
        for types, wrong, message in (
            ("SessionCreateParams", GOOD | {"payment_method_types": ["card"]}, "unknown parameter"),
            ("SessionCreateParams", GOOD | {"api_key": "sk_test"}, "unknown parameter: api_key"),
            ("SessionCreateParams", GOOD | {"idempotency_key": "x"}, "unknown parameter"),
            ("SessionCreateParams", line(unit_amount="10.00"), "Invalid"),
            ("SessionCreateParams", line(unit_amount="10.0"), "Invalid integer"),
            ("SessionCreateParams", line(unit_amount="1_000"), "Invalid integer"),
            ("SessionCreateParams", line(price="10"), "unknown parameter"),
            ("SessionCreateParams", line(product_data={}), "Missing required param"),
            ("SessionCreateParams", GOOD | {"metadata": "token"}, "Invalid metadata"),
            ("SessionCreateParams", GOOD | {"expires_at": "soon"}, "Invalid expires_at"),
            ("SessionCreateParams", GOOD | {"adaptive_pricing": {"enabled": "False"}}, "Invalid boolean"),
            ("RefundCreateParams", {"payment_intent": "pi_1", "amount": "1.5"}, "Invalid amount"),
            ("RefundCreateParams", {"intent": "pi_1"}, "unknown parameter"),
            ("WebhookEndpointCreateParams", {"url": "x"}, "Missing required param"),
            ("WebhookEndpointCreateParams", {"url": "x", "enabled_events": ["no.such"]}, "Invalid"),
            ("WebhookEndpointCreateParams", {"url": "x", "enabled_events": ["*"], "api_version": "1"}, "Invalid"),
            ("BalanceTransactionListParams", {"created": {"since": "1"}}, "unknown parameter"),
        ):
            with self.subTest(types=types, wrong=message), self.assertRaisesMessage(StripeRefusal, message):
                contract.check(types, wrong)

    def test_nested_forms_are_parsed(self) -> None:
        form = "a=1&b[c]=2&d[0][e]=3&d[1][e]=4&expand[0]=x&expand[1]=y"
        read = {"a": "1", "b": {"c": "2"}, "d": [{"e": "3"}, {"e": "4"}], "expand": ["x", "y"]}
        self.assertEqual(nested(form), read)


@tag("once")
class StripeServerTest(SimpleTestCase):
    def setUp(self) -> None:
        self.fake = self.enterContext(stripe_server())
        self.client_of_stripe = create_stripe_client(KEY, self.fake.url)

    def post_form(self, path: str, form: str, **headers: str) -> requests.Response:
        known = {"Authorization": f"Bearer {KEY}", "Stripe-Version": VERSION}
        return requests.post(f"{self.fake.url}{path}", form, headers=known | headers, timeout=5)

    def open_session(self, units: int = 1000, currency: str = "usd", **more: Any) -> stripe.checkout.Session:
        product: Any = {"currency": currency, "unit_amount": units, "product_data": {"name": "A class"}}
        params: Any = {"mode": "payment", "success_url": "https://a.example/", "line_items": [{"price_data": product}]}
        params["line_items"][0]["quantity"] = 1
        return self.client_of_stripe.v1.checkout.sessions.create(params | more)

    def pay_session(self) -> str:
        session = self.open_session()
        self.fake.books.pay(session.id, "4242424242424242")
        return str(self.fake.books.session(session.id)["payment_intent"])

    def assert_refused(self, message: str, act: Any) -> None:
        with self.subTest(message), self.assertRaisesMessage(stripe.InvalidRequestError, message):
            act()

    def test_client_pins_api_version_and_retries(self) -> None:
        self.assertEqual(VERSION, stripe.api_version)
        self.assertEqual(self.client_of_stripe._requestor._options.max_network_retries, RETRIES)
        self.assertIsNone(stripe.api_key)

    def test_wrong_key_version_or_path_is_refused(self) -> None:
        self.assertEqual(self.post_form("/v1/refunds", "", Authorization="Bearer sk_other").status_code, 401)
        self.assertEqual(self.post_form("/v1/refunds", "", **{"Stripe-Version": "2019-05-16"}).status_code, 400)
        self.assertEqual(self.post_form("/v1/no_such_thing", "").status_code, 404)

    def test_unsupported_amounts_are_refused(self) -> None:
        for units, currency in ((49, "usd"), (100_000_000, "usd"), (12_345, "isk"), (1505, "kwd"), (1000, "xyz")):
            self.assert_refused("", lambda units=units, currency=currency: self.open_session(units, currency))

    def test_session_expiry_must_be_between_thirty_minutes_and_a_day(self) -> None:
        now = self.fake.books.now()
        for seconds in (60 * 29, 60 * 60 * 25):
            self.assert_refused(
                "30 minutes to 24 hours", lambda seconds=seconds: self.open_session(expires_at=now + seconds)
            )

    def test_invalid_session_parameters_are_refused(self) -> None:
        for wrong in (
            {"success_url": "/payments/"},
            {"cancel_url": "school"},
            {"customer_email": "pat"},
            {"client_reference_id": "x" * 201},
            {"metadata": {"x" * 41: "1"}},
            {"payment_intent_data": {"metadata": {"order": "x" * 501}}},
        ):
            self.assert_refused("", lambda wrong=wrong: self.open_session(**wrong))
        self.assertEqual(self.fake.books.every("checkout.session"), [])

    def test_idempotency_key_replays_same_request_and_refuses_another(self) -> None:
        form = "mode=payment&success_url=https://a.example/&line_items[0][price_data][currency]=usd&line_items[0][quantity]=1"
        form += "&line_items[0][price_data][unit_amount]=1000&line_items[0][price_data][product_data][name]=A"
        where, key = "/v1/checkout/sessions", {"Idempotency-Key": "k"}
        first, again = self.post_form(where, form, **key), self.post_form(where, form, **key)
        self.assertEqual(first.json(), again.json())
        self.assertEqual(again.headers["Idempotent-Replayed"], "true")
        other = self.post_form(where, form.replace("1000", "2000"), **key)
        self.assertEqual((other.status_code, other.json()["error"]["type"]), (400, "idempotency_error"))

    def test_unknown_resources_are_not_found(self) -> None:
        v1 = self.client_of_stripe.v1
        self.assert_refused("No such", lambda: v1.checkout.sessions.retrieve("cs_no"))
        self.assert_refused("No such", lambda: v1.refunds.create({"payment_intent": "pi_no"}))
        self.assert_refused(
            "cannot be expanded", lambda: v1.checkout.sessions.retrieve(self.open_session().id, {"expand": ["no"]})
        )

    def test_excessive_repeated_and_disputed_refunds_are_refused(self) -> None:
        intent = self.pay_session()
        refund = self.client_of_stripe.v1.refunds.create
        self.assert_refused("greater than", lambda: refund({"payment_intent": intent, "amount": 1001}))
        self.assert_refused("positive integer", lambda: refund({"payment_intent": intent, "amount": 0}))
        refund({"payment_intent": intent})
        self.assert_refused("already been refunded", lambda: refund({"payment_intent": intent}))
        disputed = self.pay_session()
        self.fake.books.dispute(disputed)
        self.assert_refused("charged back", lambda: refund({"payment_intent": disputed}))

    def test_expired_session_cannot_be_paid(self) -> None:
        session = self.open_session()
        self.client_of_stripe.v1.checkout.sessions.expire(session.id)
        self.assertEqual(requests.get(str(session.url), timeout=5).status_code, 410)
        with self.assertRaises(StripeRefusal):
            self.fake.books.pay(session.id, "4242424242424242")

    def test_card_needing_bank_authentication_is_charged_only_after_approval(self) -> None:
        for card in ASKS_THE_BANK:
            session = self.open_session()
            self.assertEqual(self.fake.books.pay(session.id, card), "bank")
            self.assertEqual(self.fake.books.session(session.id)["payment_status"], "unpaid")
            self.assertEqual(self.fake.books.pay(session.id, card, agreed=True), "paid")

    def test_levers_work_over_http(self) -> None:
        intent = self.pay_session()
        levers = f"{self.fake.url}/_control"
        done = requests.post(f"{levers}/refund", json={"payment_intent": intent, "amount": 400}, timeout=5).json()
        self.assertEqual(done["done"]["amount"], 400)
        events = requests.get(f"{levers}/events", timeout=5).json()["done"]
        self.assertIn("charge.refunded", [event["type"] for event in events])
        self.assertIn("reorder-webhooks", requests.get(f"{levers}/", timeout=5).json()["levers"])
        self.assertEqual(requests.post(f"{levers}/dispute", json={"intent": "pi_no"}, timeout=5).status_code, 400)

    def test_webhooks_are_duplicated_and_reordered_on_demand(self) -> None:
        self.fake.webhooks.copies = 2
        self.pay_session()
        self.fake.webhooks.reorder("reversed")
        kinds = [notice.kind for notice in self.fake.notices()]
        self.assertEqual(kinds[:2], ["checkout.session.completed"] * 2)
        self.assertEqual(len(kinds), 6)
