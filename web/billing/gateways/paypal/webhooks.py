"""PayPal's webhooks: verifying that PayPal sent them, and turning them into facts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone

from billing.gateways.facts import About, Ask, Expired, Fact, Heard
from billing.gateways.paypal import disputes, orders
from billing.gateways.paypal.client import Client
from common.network import place_to_wait

OLDEST, AHEAD = timedelta(days=4), timedelta(minutes=10)
"""PayPal retries for three days, and clocks differ a little."""

HEADERS = {
    "auth_algo": "PayPal-Auth-Algo",
    "cert_url": "PayPal-Cert-Url",
    "transmission_id": "PayPal-Transmission-Id",
    "transmission_sig": "PayPal-Transmission-Sig",
    "transmission_time": "PayPal-Transmission-Time",
}


class Forged(Exception):
    """The message is not from PayPal, or not for this webhook."""


@dataclass(frozen=True)
class Verifier:
    client: Client
    webhook_id: str

    def check(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return the event if PayPal confirms that it sent exactly these bytes. Raise WebhookForged otherwise."""
        signature = {name: headers.get(header, "") for name, header in HEADERS.items()}
        event = parsed(body)
        self._refuse_implausible(signature)
        envelope = json.dumps(signature | {"webhook_id": self.webhook_id}).encode()
        # Serializing the event again would change the signed bytes. The body is valid JSON, so inserting it is safe.
        request = envelope[:-1] + b', "webhook_event": ' + body + b"}"
        with place_to_wait():
            answer = self.client.inquire("/v1/notifications/verify-webhook-signature", request)
        if answer.get("verification_status") != "SUCCESS":
            raise Forged("PayPal does not confirm the signature.")
        return event

    def _refuse_implausible(self, signature: Mapping[str, str]) -> None:
        """Refuse obvious forgeries without a request to PayPal."""
        missing = [HEADERS[name] for name, value in signature.items() if not value]
        if missing:
            raise Forged(f"Missing headers: {', '.join(missing)}.")
        cert, home = urlsplit(signature["cert_url"]), urlsplit(self.client.url)
        at_paypal = cert.scheme == "https" and (cert.hostname or "").endswith(".paypal.com")
        if not at_paypal and (cert.scheme, cert.netloc) != (home.scheme, home.netloc):
            raise Forged("The certificate is not from PayPal.")
        try:
            age = timezone.now() - datetime.fromisoformat(signature["transmission_time"])
        except (ValueError, TypeError):
            raise Forged("The time cannot be read.") from None
        if not -AHEAD < age < OLDEST:
            raise Forged("The time is too long ago or in the future.")


def parsed(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Forged("The body is not JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("resource"), dict) or not event.get("id"):
        raise Forged("The body is not an event.")
    return event


def heard(event: Mapping[str, Any]) -> Heard:
    kind = str(event.get("event_type") or "")
    translate = KINDS.get(kind)
    about, facts = translate(event["resource"]) if translate else (About(), ())
    return Heard(str(event["id"]), kind, about, facts, made_at(event))


def made_at(event: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(event.get("create_time")))
    except ValueError:
        return None


ReferenceAndFacts = tuple[About, tuple[Fact, ...]]


def approved(order: Mapping[str, Any]) -> ReferenceAndFacts:
    # The buyer may never return to our site. Polling finds the approved order and captures it.
    return orders.about(order), (Ask(),)


def reversed_approval(resource: Mapping[str, Any]) -> ReferenceAndFacts:
    return orders.about(dict(resource) | {"id": resource.get("order_id") or resource.get("id")}), (Expired(),)


def captured(capture: Mapping[str, Any]) -> ReferenceAndFacts:
    related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
    about = About(
        token=str(capture.get("custom_id") or ""),
        session=str(related.get("order_id") or linked(capture, "/v2/checkout/orders/")),
        reference=str(capture.get("id") or ""),
    )
    return about, (orders.from_capture(capture),)


def refused(capture: Mapping[str, Any]) -> ReferenceAndFacts:
    # PayPal uses the status DENIED as well as DECLINED, with either name of the event.
    return captured(dict(capture) | {"status": "DECLINED"})


def refunded(refund: Mapping[str, Any]) -> ReferenceAndFacts:
    return About(reference=linked(refund, "/v2/payments/captures/")), (orders.from_refund(refund),)


def reversed_capture(refund: Mapping[str, Any]) -> ReferenceAndFacts:
    # A bank or PayPal withdrew the money because of a dispute, whose details only polling returns.
    return About(reference=linked(refund, "/v2/payments/captures/")), (Ask(),)


def disputed(dispute: Mapping[str, Any]) -> ReferenceAndFacts:
    return disputes.payment(dispute), (disputes.read(dispute),)


def linked(resource: Mapping[str, Any], path: str) -> str:
    """Return the id at the end of the resource's link to its parent."""
    for link in resource.get("links") or ():
        _, separator, resource_id = str(link.get("href") or "").partition(path)
        if link.get("rel") == "up" and separator:
            return resource_id
    return ""


KINDS: dict[str, Callable[[Mapping[str, Any]], ReferenceAndFacts]] = {
    "CHECKOUT.ORDER.APPROVED": approved,
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED": reversed_approval,
    "PAYMENT.CAPTURE.COMPLETED": captured,
    "PAYMENT.CAPTURE.PENDING": captured,
    "PAYMENT.CAPTURE.DENIED": refused,
    "PAYMENT.CAPTURE.DECLINED": refused,
    "PAYMENT.CAPTURE.REFUNDED": refunded,
    "PAYMENT.CAPTURE.REVERSED": reversed_capture,
    "PAYMENT.REFUND.PENDING": refunded,
    "PAYMENT.REFUND.FAILED": refunded,
    "CUSTOMER.DISPUTE.CREATED": disputed,
    "CUSTOMER.DISPUTE.UPDATED": disputed,
    "CUSTOMER.DISPUTE.RESOLVED": disputed,
}
