"""`-m tests.fakes.paypal_server --port 8115 --site http://127.0.0.1:8000`: a PayPal for one's own machine."""

import argparse
import signal
import threading

from tests.fakes.paypal_server import CLIENT_ID, SECRET, WEBHOOK_ID, paypal_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8115)
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="The site that webhooks are sent to.")
    wanted = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with paypal_server(wanted.port, f"{wanted.site.rstrip('/')}/payments/process/paypal/") as fake:
        print(f"PAYPAL_URL={fake.url}\nPAYPAL_CLIENT_ID={CLIENT_ID}\nPAYPAL_SECRET={SECRET}")
        print(f"PAYPAL_WEBHOOK_ID={WEBHOOK_ID}\n", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
