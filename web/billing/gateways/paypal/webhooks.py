"""What PayPal tells by itself: whether it is PayPal, and what it says in our words."""

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
"""PayPal tries again for three days; clocks differ a little."""

HEADERS = {
    "auth_algo": "PayPal-Auth-Algo",
    "cert_url": "PayPal-Cert-Url",
    "transmission_id": "PayPal-Transmission-Id",
    "transmission_sig": "PayPal-Transmission-Sig",
    "transmission_time": "PayPal-Transmission-Time",
}


class Forged(Exception):
    """Not from PayPal, or not meant for this webhook."""


@dataclass(frozen=True)
class Verifier:
    client: Client
    webhook_id: str

    def check(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The event, when PayPal says that it sent these very bytes."""
        told = {name: headers.get(header, "") for name, header in HEADERS.items()}
        event = parsed(body)
        self._plausible(told)
        envelope = json.dumps(told | {"webhook_id": self.webhook_id}).encode()
        # Written anew the event would be other bytes than were signed. It parsed whole, so nothing can follow it.
        question = envelope[:-1] + b', "webhook_event": ' + body + b"}"
        with place_to_wait():
            answer = self.client.inquire("/v1/notifications/verify-webhook-signature", question)
        if answer.get("verification_status") != "SUCCESS":
            raise Forged("PayPal does not know this signature")
        return event

    def _plausible(self, told: Mapping[str, str]) -> None:
        """What costs nothing to see is seen before PayPal is asked."""
        missing = [HEADERS[name] for name, value in told.items() if not value]
        if missing:
            raise Forged(f"without {', '.join(missing)}")
        cert, home = urlsplit(told["cert_url"]), urlsplit(self.client.url)
        at_paypal = cert.scheme == "https" and (cert.hostname or "").endswith(".paypal.com")
        if not at_paypal and (cert.scheme, cert.netloc) != (home.scheme, home.netloc):
            raise Forged("with a certificate from elsewhere")
        try:
            age = timezone.now() - datetime.fromisoformat(told["transmission_time"])
        except (ValueError, TypeError):
            raise Forged("without a time") from None
        if not -AHEAD < age < OLDEST:
            raise Forged("out of its time")


def parsed(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise Forged("no JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("resource"), dict) or not event.get("id"):
        raise Forged("no event")
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


Told = tuple[About, tuple[Fact, ...]]


def approved(order: Mapping[str, Any]) -> Told:
    """The buyer may never come back to us: whoever asks finds the order approved and captures it."""
    return orders.about(order), (Ask(),)


def reversed_approval(resource: Mapping[str, Any]) -> Told:
    return orders.about(dict(resource) | {"id": resource.get("order_id") or resource.get("id")}), (Expired(),)


def captured(capture: Mapping[str, Any]) -> Told:
    related = (capture.get("supplementary_data") or {}).get("related_ids") or {}
    about = About(
        token=str(capture.get("custom_id") or ""),
        session=str(related.get("order_id") or linked(capture, "/v2/checkout/orders/")),
        reference=str(capture.get("id") or ""),
    )
    return about, (orders.from_capture(capture),)


def refused(capture: Mapping[str, Any]) -> Told:
    """Said with DENIED and with DECLINED, and by either name of the event."""
    return captured(dict(capture) | {"status": "DECLINED"})


def refunded(refund: Mapping[str, Any]) -> Told:
    return About(reference=linked(refund, "/v2/payments/captures/")), (orders.from_refund(refund),)


def reversed_capture(refund: Mapping[str, Any]) -> Told:
    """A bank or PayPal took the money back. It belongs to a dispute, of which only asking tells all."""
    return About(reference=linked(refund, "/v2/payments/captures/")), (Ask(),)


def disputed(dispute: Mapping[str, Any]) -> Told:
    return disputes.payment(dispute), (disputes.read(dispute),)


def linked(resource: Mapping[str, Any], path: str) -> str:
    """The id behind the link to what this belongs to."""
    for link in resource.get("links") or ():
        _, found, after = str(link.get("href") or "").partition(path)
        if link.get("rel") == "up" and found:
            return after
    return ""


KINDS: dict[str, Callable[[Mapping[str, Any]], Told]] = {
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
