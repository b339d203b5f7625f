"""PayPal's webhooks: verifying that PayPal sent them, and turning them into facts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from billing.errors import WebhookRejected
from billing.gateways.facts import AttemptExpired, Fact, PaymentReference, PollNeeded, WebhookMessage
from billing.gateways.paypal import disputes, orders
from billing.gateways.paypal.client import PayPalClient
from common.network import gateway_slot

OLDEST, AHEAD = timedelta(days=4), timedelta(minutes=10)
"""PayPal retries for three days, and clocks differ a little."""

HEADERS = {
    "auth_algo": "PayPal-Auth-Algo",
    "cert_url": "PayPal-Cert-Url",
    "transmission_id": "PayPal-Transmission-Id",
    "transmission_sig": "PayPal-Transmission-Sig",
    "transmission_time": "PayPal-Transmission-Time",
}


@dataclass(frozen=True)
class WebhookVerifier:
    client: PayPalClient
    webhook_id: str

    def check(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return the event if PayPal confirms that it sent exactly these bytes. Raise WebhookRejected otherwise."""
        signature = {name: headers.get(header, "") for name, header in HEADERS.items()}
        event = parse_event_body(body)
        self._refuse_implausible(signature)
        envelope = json.dumps(signature | {"webhook_id": self.webhook_id}).encode()
        # Serializing the event again would change the signed bytes. The body is valid JSON, so inserting it is safe.
        request = envelope[:-1] + b', "webhook_event": ' + body + b"}"
        with gateway_slot():
            answer = self.client.inquire("/v1/notifications/verify-webhook-signature", request)
        if answer.get("verification_status") != "SUCCESS":
            raise WebhookRejected("PayPal does not confirm the signature.")
        return event

    def _refuse_implausible(self, signature: Mapping[str, str]) -> None:
        """Refuse obvious forgeries without a request to PayPal."""
        missing = [HEADERS[name] for name, value in signature.items() if not value]
        if missing:
            raise WebhookRejected(f"Missing headers: {', '.join(missing)}.")
        cert, home = urlsplit(signature["cert_url"]), urlsplit(self.client.url)
        at_paypal = cert.scheme == "https" and (cert.hostname or "").endswith(".paypal.com")
        if not at_paypal and (cert.scheme, cert.netloc) != (home.scheme, home.netloc):
            raise WebhookRejected("The certificate is not from PayPal.")
        try:
            age = timezone.now() - datetime.fromisoformat(signature["transmission_time"])
        except (ValueError, TypeError):
            raise WebhookRejected("The time cannot be read.") from None
        if not -AHEAD < age < OLDEST:
            raise WebhookRejected("The time is too long ago or in the future.")


def parse_event_body(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise WebhookRejected("The body is not JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("resource"), dict) or not event.get("id"):
        raise WebhookRejected("The body is not an event.")
    return event


def parse_paypal_event(event: Mapping[str, Any]) -> WebhookMessage:
    kind = str(event.get("event_type") or "")
    translate = KINDS.get(kind)
    about, facts = translate(event["resource"]) if translate else (PaymentReference(), ())
    return WebhookMessage(str(event["id"]), kind, about, facts, event_created_at(event))


def event_created_at(event: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(event.get("create_time")))
    except ValueError:
        return None


ReferenceAndFacts = tuple[PaymentReference, tuple[Fact, ...]]


def parse_approval(order: Mapping[str, Any]) -> ReferenceAndFacts:
    # The buyer may never return to our site. Polling finds the approved order and captures it.
    return orders.reference_of_order(order), (PollNeeded(),)


def parse_reversed_approval(resource: Mapping[str, Any]) -> ReferenceAndFacts:
    return orders.reference_of_order(dict(resource) | {"id": resource.get("order_id") or resource.get("id")}), (
        AttemptExpired(),
    )


def parse_capture(capture: Mapping[str, Any]) -> ReferenceAndFacts:
    related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
    about = PaymentReference(
        token=str(capture.get("custom_id") or ""),
        session=str(related.get("order_id") or linked_id(capture, "/v2/checkout/orders/")),
        reference=str(capture.get("id") or ""),
    )
    return about, (orders.fact_of_capture(capture),)


def parse_denial(capture: Mapping[str, Any]) -> ReferenceAndFacts:
    # PayPal uses the status DENIED as well as DECLINED, with either name of the event.
    return parse_capture(dict(capture) | {"status": "DECLINED"})


def parse_refund(refund: Mapping[str, Any]) -> ReferenceAndFacts:
    return PaymentReference(reference=linked_id(refund, "/v2/payments/captures/")), (orders.fact_of_refund(refund),)


def parse_reversed_capture(refund: Mapping[str, Any]) -> ReferenceAndFacts:
    # A bank or PayPal withdrew the money because of a dispute, whose details only polling returns.
    return PaymentReference(reference=linked_id(refund, "/v2/payments/captures/")), (PollNeeded(),)


def parse_dispute_event(dispute: Mapping[str, Any]) -> ReferenceAndFacts:
    return disputes.disputed_payment(dispute), (disputes.parse_dispute(dispute),)


def linked_id(resource: Mapping[str, Any], path: str) -> str:
    """Return the id at the end of the resource's link to its parent."""
    for link in resource.get("links") or ():
        _, separator, resource_id = str(link.get("href") or "").partition(path)
        if link.get("rel") == "up" and separator:
            return resource_id
    return ""


KINDS: dict[str, Callable[[Mapping[str, Any]], ReferenceAndFacts]] = {
    "CHECKOUT.ORDER.APPROVED": parse_approval,
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": parse_reversed_approval,
    "PAYMENT.CAPTURE.COMPLETED": parse_capture,
    "PAYMENT.CAPTURE.PENDING": parse_capture,
    "PAYMENT.CAPTURE.DENIED": parse_denial,
    "PAYMENT.CAPTURE.DECLINED": parse_denial,
    "PAYMENT.CAPTURE.REFUNDED": parse_refund,
    "PAYMENT.CAPTURE.REVERSED": parse_reversed_capture,
    "PAYMENT.REFUND.PENDING": parse_refund,
    "PAYMENT.REFUND.FAILED": parse_refund,
    "CUSTOMER.DISPUTE.CREATED": parse_dispute_event,
    "CUSTOMER.DISPUTE.UPDATED": parse_dispute_event,
    "CUSTOMER.DISPUTE.RESOLVED": parse_dispute_event,
}
