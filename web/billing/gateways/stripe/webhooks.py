"""Stripe's webhooks: verifying their signature, and turning them into facts. Other events are accepted without any."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import stripe

from billing.errors import WebhookRejected
from billing.gateways.facts import Fact, PaymentDeclined, PaymentReference, PollNeeded, WebhookMessage
from billing.gateways.stripe import stripe_objects
from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.stripe_objects import Wire

logger = logging.getLogger(__name__)


def verify_event(client: stripe.StripeClient, secrets: list[str], body: bytes, signature: str) -> Wire:
    """Verify the signature with each secret, because two of them are valid while the secret is being changed."""
    for secret in secrets if signature.isascii() else []:
        try:
            return client.construct_event(body, signature, secret).to_dict()
        except (ValueError, stripe.SignatureVerificationError):
            continue
    raise WebhookRejected


def parse_stripe_event(event: Wire) -> WebhookMessage:
    kind, thing = event["type"], event["data"]["object"]
    about: PaymentReference = PaymentReference()
    facts: tuple[Fact, ...] = ()
    parse_facts = FOLLOWED.get(kind)
    if parse_facts is not None:
        is_session = kind.startswith("checkout.session.")
        about = stripe_objects.reference_of_session(thing) if is_session else stripe_objects.reference_of_money(thing)
        facts = parse_facts(thing)
    if facts and event["api_version"] != VERSION:
        logger.warning("Stripe's webhook endpoint speaks %s where %s is expected.", event["api_version"], VERSION)
        facts = (PollNeeded(),)
    at = datetime.fromtimestamp(event["created"], UTC)
    return WebhookMessage(event_id=event["id"], kind=kind, about=about, facts=facts, at=at)


def _session_facts(session: Wire) -> tuple[Fact, ...]:
    # A webhook about a session does not contain the fee, so a paid session is polled.
    return (
        *stripe_objects.facts_of_session(session),
        *((PollNeeded(),) if session["payment_status"] == "paid" else ()),
    )


def _failed_debit_facts(session: Wire) -> tuple[Fact, ...]:
    return (PaymentDeclined(stripe_objects.NO_MONEY_CAME),)


def _refund_facts(refund: Wire) -> tuple[Fact, ...]:
    return (stripe_objects.fact_of_stripe_refund(refund),)


def _poll_for_refunds(charge: Wire) -> tuple[Fact, ...]:
    # A charge contains only the sum of its refunds, so they are polled one by one.
    return (PollNeeded(),)


def _dispute_facts(dispute: Wire) -> tuple[Fact, ...]:
    return (stripe_objects.fact_of_dispute(dispute),)


FOLLOWED: dict[str, Callable[[Wire], tuple[Fact, ...]]] = {
    "checkout.session.completed": _session_facts,
    "checkout.session.expired": _session_facts,
    "checkout.session.async_payment_succeeded": _session_facts,
    "checkout.session.async_payment_failed": _failed_debit_facts,
    "refund.created": _refund_facts,
    "refund.updated": _refund_facts,
    "refund.failed": _refund_facts,
    "charge.refunded": _poll_for_refunds,
    "charge.dispute.created": _dispute_facts,
    "charge.dispute.funds_withdrawn": _dispute_facts,
    "charge.dispute.closed": _dispute_facts,
}
