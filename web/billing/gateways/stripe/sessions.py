"""A Checkout Session: what is asked of Stripe for an attempt to pay."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

from billing.gateways.stripe.amounts import to_stripe
from billing.models import Payment

SLOT = 300
"""Sessions end on whole five minutes: a second click asks for the very same one."""
LEAST, MOST = timedelta(minutes=31), timedelta(hours=23)
"""Stripe's own limits, half an hour and a day, with room for a clock that is off."""


def until() -> datetime:
    """As long as the place is held, where Stripe allows it."""
    wanted = min(max(timedelta(minutes=settings.HOLD_MINUTES), LEAST), MOST)
    end = (timezone.now() + wanted).timestamp()
    return datetime.fromtimestamp(-(-end // SLOT) * SLOT, UTC)


def wanted(payment: Payment, site: str, end: datetime) -> SessionCreateParams:
    """Which ways to pay are offered is chosen in Stripe's dashboard, in the currency of the order and no other."""
    ours = {"token": payment.token, "order": payment.order.number}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": payment.token,
        "line_items": lines(payment),
        "metadata": ours,
        "payment_intent_data": {"description": payment.description, "metadata": ours},
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(end.timestamp()),
        "success_url": f"{site}{payment.get_process_url()}",
        "cancel_url": f"{site}{payment.canceled_address}",
    }
    if payment.billing_email:
        params["customer_email"] = payment.billing_email
    return params


def lines(payment: Payment) -> list[SessionCreateParamsLineItem]:
    return [
        {
            "quantity": item.quantity,
            "price_data": {
                "currency": item.currency.lower(),
                "unit_amount": to_stripe(item.price, item.currency),
                "product_data": {"name": item.name},
            },
        }
        for item in payment.get_purchased_items()
    ]
