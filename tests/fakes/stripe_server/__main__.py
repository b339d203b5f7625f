"""`-m tests.fakes.stripe_server --port 8114 --site http://127.0.0.1:8000`: run an imitation of Stripe."""

from tests.fakes.imitation import serve
from tests.fakes.stripe_server import KEY, WEBHOOK_SECRET, Stripe


def create_fake(port: int, site: str) -> Stripe:
    return Stripe(port, f"{site}/payments/process/stripe/")


def settings_for_site(fake: Stripe) -> str:
    return f"STRIPE_URL={fake.url}\nSTRIPE_KEY={KEY}\nSTRIPE_WEBHOOK_SECRET={WEBHOOK_SECRET}"


if __name__ == "__main__":
    serve(__doc__, 8114, create_fake, settings_for_site)
