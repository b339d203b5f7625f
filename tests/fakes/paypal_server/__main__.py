"""`-m tests.fakes.paypal_server --port 8115 --site http://127.0.0.1:8000`: run an imitation of PayPal."""

from tests.fakes.imitation import serve
from tests.fakes.paypal_server import CLIENT_ID, SECRET, WEBHOOK_ID, PayPal


def create_fake(port: int, site: str) -> PayPal:
    return PayPal(port, f"{site}/payments/process/paypal/")


def settings_for_site(fake: PayPal) -> str:
    names = f"PAYPAL_CLIENT_ID={CLIENT_ID}\nPAYPAL_SECRET={SECRET}\nPAYPAL_WEBHOOK_ID={WEBHOOK_ID}"
    return f"PAYPAL_URL={fake.url}\n{names}"


if __name__ == "__main__":
    serve(__doc__, 8115, create_fake, settings_for_site)
