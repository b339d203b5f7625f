"""Webhooks: proven by the bytes that came, then translated. What we do not follow is heard and let go."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import stripe

from billing.gateways import BadSignature
from billing.gateways.facts import About, Ask, Expired, Fact, Heard, Refused
from billing.gateways.stripe import reading
from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.reading import Wire, number

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
    for follow in (SESSIONS, MONEY_BACK):
        if kind in follow:
            name, read = follow[kind]
            return name(thing), read(thing)
    return About(), ()


def _completed(session: Wire) -> tuple[Fact, ...]:
    """The fee stands in none of their messages about a session, so it is asked for."""
    return (*reading.session(session), *((Ask(),) if session["payment_status"] == "paid" else ()))


def _about_money(thing: Wire) -> About:
    token = (thing.get("metadata") or {}).get("token", "")
    return About(token=token, reference=number(thing.get("payment_intent")))


Follow = dict[str, tuple[Callable[[Wire], About], Callable[[Wire], tuple[Fact, ...]]]]
SESSIONS: Follow = {
    "checkout.session.completed": (reading.about_session, _completed),
    "checkout.session.async_payment_succeeded": (reading.about_session, _completed),
    "checkout.session.async_payment_failed": (
        reading.about_session,
        lambda session: (Refused(reading.NO_MONEY_CAME),),
    ),
    "checkout.session.expired": (reading.about_session, lambda session: (Expired(),)),
}
MONEY_BACK: Follow = {
    **dict.fromkeys(
        ("refund.created", "refund.updated", "refund.failed"),
        (_about_money, lambda refund: (reading.refund(refund),)),
    ),
    # A sum of all refunds; each of them is asked for.
    "charge.refunded": (_about_money, lambda charge: (Ask(),)),
    **dict.fromkeys(
        ("charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"),
        (_about_money, lambda dispute: (reading.dispute(dispute),)),
    ),
}
FOLLOWED = (*SESSIONS, *MONEY_BACK)
