"""Webhooks: proven by the bytes that came, then translated. What we do not follow is heard and let go."""

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
    """While the secret is changed, either of two is good."""
    for secret in secrets if signature.isascii() else []:
        try:
            return client.construct_event(body, signature, secret).to_dict()
        except (ValueError, stripe.SignatureVerificationError):
            continue
    raise BadSignature


def translate(event: Wire) -> Heard:
    about, facts = _meaning(event["type"], event["data"]["object"])
    if facts and event["api_version"] != VERSION:
        logger.warning("Stripe's webhook endpoint speaks %s where %s is expected.", event["api_version"], VERSION)
        facts = (Ask(),)
    at = datetime.fromtimestamp(event["created"], UTC)
    return Heard(event_id=event["id"], kind=event["type"], about=about, facts=facts, at=at)


def _meaning(kind: str, thing: Wire) -> tuple[About, tuple[Fact, ...]]:
    read = FOLLOWED.get(kind)
    if read is None:
        return About(), ()
    about = parsing.about_session if kind.startswith("checkout.session.") else parsing.about_money
    return about(thing), read(thing)


def _session(session: Wire) -> tuple[Fact, ...]:
    """The fee stands in none of their messages about a session, so it is asked for."""
    return (*parsing.session(session), *((Ask(),) if session["payment_status"] == "paid" else ()))


def _no_money(session: Wire) -> tuple[Fact, ...]:
    return (Refused(parsing.NO_MONEY_CAME),)


def _refund(refund: Wire) -> tuple[Fact, ...]:
    return (parsing.refund(refund),)


def _refunds(charge: Wire) -> tuple[Fact, ...]:
    """A charge tells the sum of all its refunds; each of them is asked for."""
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
