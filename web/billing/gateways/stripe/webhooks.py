"""Stripe's webhooks: verifying their signature, and turning them into facts. Other events are accepted without any."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import stripe

from billing.gateways import BadSignature
from billing.gateways.facts import About, Ask, Fact, Heard, Refused
from billing.gateways.stripe import parsing
from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.parsing import Wire

logger = logging.getLogger(__name__)


def prove(client: stripe.StripeClient, secrets: list[str], body: bytes, signature: str) -> Wire:
    """Verify the signature with each secret, because two of them are valid while the secret is being changed."""
    for secret in secrets if signature.isascii() else []:
        try:
            return client.construct_event(body, signature, secret).to_dict()
        except (ValueError, stripe.SignatureVerificationError):
            continue
    raise BadSignature


def translate(event: Wire) -> Heard:
    kind, thing = event["type"], event["data"]["object"]
    about: About = About()
    facts: tuple[Fact, ...] = ()
    parse_facts = FOLLOWED.get(kind)
    if parse_facts is not None:
        is_session = kind.startswith("checkout.session.")
        about = parsing.about_session(thing) if is_session else parsing.about_money(thing)
        facts = parse_facts(thing)
    if facts and event["api_version"] != VERSION:
        logger.warning("Stripe's webhook endpoint speaks %s where %s is expected.", event["api_version"], VERSION)
        facts = (Ask(),)
    at = datetime.fromtimestamp(event["created"], UTC)
    return Heard(event_id=event["id"], kind=kind, about=about, facts=facts, at=at)


def _session(session: Wire) -> tuple[Fact, ...]:
    # A webhook about a session does not contain the fee, so a paid session is polled.
    return (*parsing.session(session), *((Ask(),) if session["payment_status"] == "paid" else ()))


def _no_money(session: Wire) -> tuple[Fact, ...]:
    return (Refused(parsing.NO_MONEY_CAME),)


def _refund(refund: Wire) -> tuple[Fact, ...]:
    return (parsing.refund(refund),)


def _refunds(charge: Wire) -> tuple[Fact, ...]:
    # A charge contains only the sum of its refunds, so they are polled one by one.
    return (Ask(),)


def _dispute(dispute: Wire) -> tuple[Fact, ...]:
    return (parsing.dispute(dispute),)


FOLLOWED: dict[str, Callable[[Wire], tuple[Fact, ...]]] = {
    "checkout.session.completed": _session,
    "checkout.session.expired": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _no_money,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refunded": _refunds,
    "charge.dispute.created": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.closed": _dispute,
}
