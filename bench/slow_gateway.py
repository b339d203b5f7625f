#!/usr/bin/env python3
"""Whether the site keeps its pace while a gateway is slow: the same buyers, a quick gateway first, then a slow one.

    .venv/bin/python bench/slow_gateway.py [--buyers 12] [--seconds 20] [--delay 10] [--postgres]

gunicorn with two processes of four threads, and an imitation of Stripe that answers at once, then after `--delay`
seconds. Buyers press “Pay” on orders of their own while readers open the list of classes and the page that load
balancers ask. Exit 0 when a reader of the slow run waits no longer, at the 95th percentile, than twice as long as in
the quick one or half a second, when nothing answers with 5xx, and when the slow gateway was really waited for. With
GATEWAY_CONCURRENCY=99 it fails: so the site would be without its limit.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import rush, services

READERS = 4
ENOUGH = 0.5
PAGES = ["/classes/", "/healthz"]


@dataclass
class Run:
    """What one kind of gateway did to the site."""

    name: str
    pages: list[float] = field(default_factory=list)
    payers: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    sent_on: int = 0

    @property
    def slow_end(self) -> float:
        return statistics.quantiles(self.pages, n=20)[-1]

    def __str__(self) -> str:
        median, longest = statistics.median(self.pages), max(self.pages)
        asked = f"{len(self.payers)} clicks on Pay, {self.sent_on} sent on, the longest {max(self.payers):.1f} s"
        return (
            f"{self.name}: {len(self.pages)} pages, median {median * 1000:.0f} ms, "
            f"95th percentile {self.slow_end * 1000:.0f} ms, longest {longest * 1000:.0f} ms; {asked}"
        )


def main() -> int:
    options = services.options(__doc__, buyers=12, seconds=20.0, delay=10.0, postgres=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        fake = stack.enter_context(stripe())
        services.django_over(database)
        port = stack.enter_context(rush.server(home, rush.open_class(1000)))
        addresses = orders(int(2 * options.buyers * options.seconds))
        quick = play("quick", port, addresses, options)
        fake.faults.order("POST /v1/checkout/sessions", "slow", times=10**6, seconds=options.delay)
        slow = play("slow", port, addresses, options)
        return 0 if judge(quick, slow, options) else 1


@contextmanager
def stripe() -> Iterator[Any]:
    from tests.fakes.stripe_server import KEY, WEBHOOK_SECRET, stripe_server

    with stripe_server() as fake:
        os.environ |= {"STRIPE_URL": fake.url, "STRIPE_KEY": KEY, "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET}
        yield fake


def play(name: str, port: int, addresses: list[str], options: argparse.Namespace) -> Run:
    run, until = Run(name), time.monotonic() + options.seconds
    with ThreadPoolExecutor(options.buyers + READERS) as pool:
        futures = [pool.submit(buy, port, addresses, run, until) for _ in range(options.buyers)]
        futures += [pool.submit(read, port, PAGES[number % len(PAGES)], run, until) for number in range(READERS)]
    for future in futures:
        future.result()
    return run


def orders(many: int) -> list[str]:
    """Of people without an account: whoever holds an order's secret address can pay it."""
    from django.utils import timezone

    from billing.models import Order, OrderLine

    now = timezone.now()
    fields = {"state": "placed", "due_kind": "now", "placed_at": now, "held_until": now + timedelta(hours=1)}
    made = [
        Order.objects.create(payer_name="Pat", payer_email="p@example.org", currency="USD", **fields)
        for _ in range(many)
    ]
    OrderLine.objects.bulk_create(
        OrderLine(order=order, kind="class", product_id=0, title="A class", price_facts={"list_price": "70"})
        for order in made
    )
    return [order.address() for order in made]


def buy(port: int, addresses: list[str], run: Run, until: float) -> None:
    """A new order each time, a second between two: a click on “Pay” until the browser is sent on."""
    while time.monotonic() < until and addresses:
        visitor = rush.Visitor(port)
        address = addresses.pop()
        _, page, _ = visitor.ask("GET", address)
        began = time.monotonic()
        _, _, onward = visitor.send(address.replace("/?", "/pay/?"), page, method="stripe")
        run.payers.append(time.monotonic() - began)
        run.statuses += visitor.statuses
        run.sent_on += not onward.startswith("/")
        time.sleep(1)


def read(port: int, path: str, run: Run, until: float) -> None:
    while time.monotonic() < until:
        visitor = rush.Visitor(port)
        began = time.monotonic()
        visitor.ask("GET", path)
        run.pages.append(time.monotonic() - began)
        run.statuses += visitor.statuses
        time.sleep(0.05)


def judge(quick: Run, slow: Run, options: argparse.Namespace) -> bool:
    print(quick, slow, sep="\n")
    faults = []
    if slow.slow_end > max(2 * quick.slow_end, ENOUGH):
        faults.append("the other pages wait for the gateway")
    if max([*quick.statuses, *slow.statuses]) >= 500:
        faults.append("something answered with 5xx")
    if max(slow.payers) < options.delay or not quick.sent_on:
        faults.append("nobody waited for the gateway, so nothing is shown")
    print("; ".join(faults) or "The other pages keep their pace.")
    return not faults


if __name__ == "__main__":
    sys.exit(main())
