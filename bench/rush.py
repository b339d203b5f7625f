#!/usr/bin/env python3
"""Two hundred people order the last twenty spots over HTTP, from gunicorn with a worker.

    .venv/bin/python bench/rush.py [--buyers 200] [--places 20] [--at-once 40] [--postgres]

Each of them registers, enters the payer and makes the practice payment. Exit 0 if exactly as many
spots are sold as there are, everyone else reads that the class is full, no answer is a 5xx, and no hold is left. For
comparison, it prints how many pages of the class list the same server answers per second.
"""

import argparse
import http.client
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services

SOLD, FULL = "sold", "full"
HIDDEN = re.compile(r'name="(csrfmiddlewaretoken|seen_now|seen_door)" value="([^"]*)"')


def main() -> int:
    options = services.options(__doc__, buyers=200, places=20, at_once=40, postgres=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        services.django_over(database)
        class_offer_id = open_class(options.places)
        port = stack.enter_context(server(home, class_offer_id))
        pages = page_rate(port, options.at_once)
        began = time.monotonic()
        with ThreadPoolExecutor(options.at_once) as pool:
            outcomes = Counter(pool.map(lambda number: Buyer(port, number).buy(class_offer_id), range(options.buyers)))
        seconds = time.monotonic() - began
        return 0 if judge(options, outcomes, seconds, pages, class_offer_id) else 1


def open_class(places: int) -> int:
    from tests import factories

    return int(
        factories.create_class_offer(factories.create_session("Rush"), factories.create_subject(), capacity=places).pk
    )


@contextmanager
def server(home: Path, class_offer_id: int) -> Iterator[int]:
    """Two processes with four threads each; the database is the one that DATABASE_URL names. Each buyer comes from an
    address of their own, for orders are limited by address."""
    port = services.free_port()
    env = os.environ | {"PYTHONPATH": f"{services.TOP / 'web'}:{services.TOP}", "TRUSTED_PROXIES": "1"}
    command = [sys.executable, "-m", "gunicorn", "hepcat.wsgi", "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "4"]
    log = (home / "gunicorn.log").open("w")
    started = [
        subprocess.Popen([*command, "--log-level", "error"], env=env, cwd=services.TOP / "web", stderr=log),
        subprocess.Popen([sys.executable, "manage.py", "worker"], env=env, cwd=services.TOP / "web", stderr=log),
    ]
    try:
        services.wait_for(port)
        Visitor(port).ask("GET", f"/classes/{class_offer_id}")
        yield port
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)
        log.close()


class Visitor:
    """A browser's cookies, and one request at a time."""

    def __init__(self, port: int, address: str = "192.0.2.1") -> None:
        self.port, self.address, self.cookies, self.statuses = port, address, dict[str, str](), list[int]()

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {
            "X-Forwarded-For": self.address,
            "Cookie": cookies,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, path, urlencode(data) if data else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        connection.close()
        self.statuses.append(response.status)
        return response.status, text, response.headers.get("Location", "")

    def send(self, path: str, page: str, **data: str) -> tuple[int, str, str]:
        """Fill in a form: what it hides goes along."""
        return self.ask("POST", path, {name: unescape(value) for name, value in HIDDEN.findall(page)} | data)


class Buyer(Visitor):
    def __init__(self, port: int, number: int) -> None:
        super().__init__(port, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        self.name, self.email = f"Buyer {number}", f"buyer{number}@example.org"

    def buy(self, class_offer_id: int) -> str:
        outcome = self.outcome(class_offer_id)
        worst = max(self.statuses)
        return f"answer {worst}" if worst >= 500 else outcome

    def outcome(self, class_offer_id: int) -> str:
        _, page, _ = self.ask("GET", f"/register/?class={class_offer_id}")
        _, _, onward = self.send("/register/", page, classes=str(class_offer_id), who="me", others="0")
        _, page, _ = self.ask("GET", onward)
        if onward != "/checkout/":
            return page_outcome(page)
        payer = {"payer_name": self.name, "payer_email": self.email}
        _, _, onward = self.send("/checkout/", page, method="practice", **payer)
        _, page, _ = self.ask("GET", onward.removeprefix(f"http://127.0.0.1:{self.port}"))
        return page_outcome(page)


def page_outcome(page: str) -> str:
    if "received your payment" in page:
        return SOLD
    return FULL if "class is full" in page else "unclear"


def page_rate(port: int, at_once: int, seconds: float = 5) -> float:
    """How many pages a second the same server answers when nobody buys."""
    until = time.monotonic() + seconds

    def look(_: int) -> int:
        visitor = Visitor(port)
        while time.monotonic() < until:
            visitor.ask("GET", "/classes/")
        return len(visitor.statuses)

    with ThreadPoolExecutor(at_once) as pool:
        return sum(pool.map(look, range(at_once))) / seconds


def judge(
    options: argparse.Namespace, outcomes: Counter[str], seconds: float, pages: float, class_offer_id: int
) -> bool:
    from registrations.models import Registration

    states = Counter(Registration.objects.filter(class_offer=class_offer_id).values_list("state", flat=True))
    sold = min(options.places, options.buyers)
    print(f"{options.buyers} buyers for {options.places} places: {dict(outcomes)}; registrations: {dict(states)}")
    print(f"{seconds:.1f} s: {options.buyers / seconds:.1f} buyers/s, {sold / seconds:.1f} paid orders/s;", end=" ")
    print(f"the class list alone: {pages:.0f} pages/s")
    good = outcomes == {SOLD: sold, FULL: options.buyers - sold} and states == {"confirmed": sold}
    print("As it should be." if good else "NOT as it should be.")
    return good


if __name__ == "__main__":
    sys.exit(main())
