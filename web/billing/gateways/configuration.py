"""The settings that each gateway needs before it is offered, and which of them are missing."""

from django.conf import settings

NEEDED = {
    "Stripe": ("STRIPE_KEY", "STRIPE_WEBHOOK_SECRET"),
    "PayPal": ("PAYPAL_CLIENT_ID", "PAYPAL_SECRET", "PAYPAL_WEBHOOK_ID"),
}


def missing_values(label: str) -> list[str]:
    """Return the missing settings. If all of them are missing the school does not use the gateway, so return none."""
    names = NEEDED[label]
    missing = [name for name in names if not getattr(settings, name)]
    return [] if len(missing) == len(names) else missing


def is_used(label: str) -> bool:
    return any(getattr(settings, name) for name in NEEDED[label])


def explain_missing(label: str) -> str:
    missing = missing_values(label)
    if not missing:
        return ""
    return f"{label} is not offered: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing."


def incomplete_gateways() -> list[str]:
    return [sentence for sentence in map(explain_missing, NEEDED) if sentence]
