"""The parameters of a Stripe Checkout Session."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone
from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

from billing.gateways.stripe.amounts import to_stripe_units
from billing.models import Payment

SLOT = 300
"""Sessions expire at multiples of this many seconds, so that a second click requests exactly the same session."""
LEAST, MOST = timedelta(minutes=31), timedelta(hours=23)
"""Stripe's limits are half an hour and a day; these leave room for a clock that is wrong."""


def session_expiry() -> datetime:
    """Return the end of the hold, within Stripe's limits."""
    duration = min(max(timedelta(minutes=settings.HOLD_MINUTES), LEAST), MOST)
    end = (timezone.now() + duration).timestamp()
    return datetime.fromtimestamp(-(-end // SLOT) * SLOT, UTC)


def session_params(payment: Payment, site: str, end: datetime) -> SessionCreateParams:
    """Build the parameters. Stripe's dashboard decides the payment methods; the currency is always the order's."""
    metadata = {"token": payment.token, "order": payment.order.number}
    params: SessionCreateParams = {
        "mode": "payment",
        "client_reference_id": payment.token,
        "line_items": line_items(payment),
        "metadata": metadata,
        "payment_intent_data": {"description": payment.description, "metadata": metadata},
        "adaptive_pricing": {"enabled": False},
        "expires_at": int(end.timestamp()),
        "success_url": f"{site}{payment.get_process_url()}",
        "cancel_url": f"{site}{payment.canceled_address}",
    }
    if payment.billing_email:
        params["customer_email"] = payment.billing_email
    return params


def line_items(payment: Payment) -> list[SessionCreateParamsLineItem]:
    return [
        {
            "quantity": item.quantity,
            "price_data": {
                "currency": item.currency.lower(),
                "unit_amount": to_stripe_units(item.price, item.currency),
                "product_data": {"name": item.name},
            },
        }
        for item in payment.get_purchased_items()
    ]
