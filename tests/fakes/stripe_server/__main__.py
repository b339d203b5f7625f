"""`-m tests.fakes.stripe_server --port 8114 --site http://127.0.0.1:8000`: a Stripe for one's own machine.

Prints what the site is to be given, then an empty line.
"""

import argparse
import signal
import threading

from tests.fakes.stripe_server import KEY, WEBHOOK_SECRET, stripe_server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8114)
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="The site that webhooks are sent to.")
    wanted = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with stripe_server(wanted.port, f"{wanted.site.rstrip('/')}/payments/process/stripe/") as fake:
        print(f"STRIPE_URL={fake.url}\nSTRIPE_KEY={KEY}\nSTRIPE_WEBHOOK_SECRET={WEBHOOK_SECRET}\n", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
