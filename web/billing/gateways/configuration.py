"""What each gateway has to be given before it is offered, and what of it is not there."""

from django.conf import settings

NEEDED = {
    "Stripe": ("STRIPE_KEY", "STRIPE_WEBHOOK_SECRET"),
    "PayPal": ("PAYPAL_CLIENT_ID", "PAYPAL_SECRET", "PAYPAL_WEBHOOK_ID"),
}


def missing_values(label: str) -> list[str]:
    """Half of what a gateway needs is a mistake; nothing of it is a school that does not use it."""
    names = NEEDED[label]
    missing = [name for name in names if not getattr(settings, name)]
    return [] if len(missing) == len(names) else missing


def is_used(label: str) -> bool:
    return any(getattr(settings, name) for name in NEEDED[label])


def explain_missing(label: str) -> str:
    """One sentence, or '' when nothing is missing."""
    missing = missing_values(label)
    if not missing:
        return ""
    return f"{label} is not offered: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing."


def incomplete_gateways() -> list[str]:
    return [said for said in map(explain_missing, NEEDED) if said]
