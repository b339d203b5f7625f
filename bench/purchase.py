#!/usr/bin/env python3
"""What a paid order costs the server: strangers buy one class over HTTP, in this tree and in an earlier commit.

    .venv/bin/python bench/purchase.py [--before COMMIT] [--rounds 3] [--orders 24] [--postgres]

The two trees take turns, each with a database and gunicorn with two processes. A round has one buyer after another and
then eight at once. The buyer fills in whatever form a page shows until an order is paid, so that the pages may differ.
CPU-milliseconds are those of the server and of PostgreSQL. A Django view that says "ok" is asked in each round, too, so
that rounds on different machines can be compared.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urljoin, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services
from bench.rush import Visitor

TICKS = os.sysconf("SC_CLK_TCK")
BARE = """
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path
settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"])
urlpatterns = [path("", lambda request: HttpResponse("ok"))]
application = get_wsgi_application()
"""
PREPARE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import factories
print(factories.create_class_offer(factories.create_session("Purchase"), factories.create_subject(), capacity=5000).pk)
"""
FORM = re.compile(r"<form\b(?P<tag>[^>]*)>(?P<inside>.*?)</form>", re.DOTALL)
ACTION = re.compile(r'action="([^"]*)"')
HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"')
PAID = "received your payment"


def main() -> int:
    options = services.options(__doc__, before="", rounds=3, orders=24, postgres=False)
    with ExitStack() as stack:
        sides = [stack.enter_context(opened("this tree", services.TOP, options))]
        if options.before:
            tree = stack.enter_context(checkout(options.before))
            sides.append(stack.enter_context(opened(options.before, tree, options)))
        bare = stack.enter_context(bare_server())
        for _ in range(options.rounds):
            for side in sides:
                side.play_round(options.orders)
            bare.play_round(options.orders)
    for side in sides:
        print(side.report())
    print(bare.report())
    if options.before:
        now, before = (median(side.milliseconds[1]) for side in sides)
        print(f"A paid order takes {now / before:.2f} of the CPU time that it took in {options.before}.")
    return 0


@contextmanager
def checkout(commit: str) -> Iterator[Path]:
    with services.folder() as folder:
        tree = folder / "tree"
        git = ["git", "-C", str(services.TOP), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


@dataclass
class Side:
    """A tree with its server, and what was measured of it, by the number of buyers at once."""

    name: str
    port: int
    class_offer_id: int
    processes: list[int]
    milliseconds: dict[int, list[float]] = field(default_factory=lambda: {1: [], 8: []})
    rates: dict[int, list[float]] = field(default_factory=lambda: {1: [], 8: []})
    requests: int = 0
    bought: int = 0

    def play_round(self, orders: int) -> None:
        for at_once in self.rates:
            began, cpu = time.monotonic(), self.cpu_seconds()
            first, self.bought = self.bought, self.bought + orders
            with ThreadPoolExecutor(at_once) as pool:
                counts = list(pool.map(self.buy, range(first, self.bought)))
            self.requests = max(counts)
            self.rates[at_once].append(orders / (time.monotonic() - began))
            self.milliseconds[at_once].append(1000 * (self.cpu_seconds() - cpu) / orders)

    def buy(self, number: int) -> int:
        return Buyer(self.port, number).buy(self.class_offer_id)

    def cpu_seconds(self) -> float:
        return sum(map(tree_cpu_seconds, self.processes))

    def report(self) -> str:
        lines = [
            f"{at_once} at once: {median(self.milliseconds[at_once]):6.1f} CPU-ms, {median(self.rates[at_once]):6.2f}/s"
            for at_once in self.rates
        ]
        return f"{self.name} ({self.requests} requests): " + "; ".join(lines)


class Bare(Side):
    def buy(self, number: int) -> int:
        assert Visitor(self.port).ask("GET", "/")[0] == 200
        return 1


class Buyer(Visitor):
    def __init__(self, port: int, number: int) -> None:
        super().__init__(port, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        self.typed = {
            "payer_name": f"Buyer {number}",
            "payer_email": f"buyer{number}@example.org",
            "who": "me",
            "others": "0",
            "method": "practice",
            "terms": "on",
            "answer": "pay",
        }

    def buy(self, class_offer_id: int) -> int:
        """How many requests it took."""
        self.typed["classes"] = str(class_offer_id)
        page = self.open(f"/classes/{class_offer_id}")
        link = re.search(r'href="(/register/[^"]*)"', page)
        page = self.open(link[1] if link else "/register/")
        while PAID not in page:
            assert len(self.statuses) < 20, "An order is never paid."
            page = self.submit(page)
        return len(self.statuses)

    def open(self, address: str) -> str:
        self.address_shown = address
        status, page, onward = self.ask("GET", address)
        return self.open(self.path(onward)) if status in (302, 303) else page

    def submit(self, page: str) -> str:
        """Fill in the form that asks for most of what the buyer can type."""
        form = max(FORM.finditer(page), key=lambda form: len(self.fields(form["inside"])))
        action = ACTION.search(form["tag"])
        data = dict(HIDDEN.findall(form["inside"])) | self.fields(form["inside"])
        status, page, onward = self.ask("POST", self.path(action[1] if action else ""), data)
        assert status < 500, f"{self.address_shown} answered {status}."
        return self.open(self.path(onward)) if status in (302, 303) else page

    def fields(self, form: str) -> dict[str, str]:
        return {name: value for name, value in self.typed.items() if f'name="{name}"' in form}

    def path(self, address: str) -> str:
        parts = urlsplit(urljoin(self.address_shown, address))
        return parts.path + (f"?{parts.query}" if parts.query else "")


@contextmanager
def opened(name: str, tree: Path, options: argparse.Namespace) -> Iterator[Side]:
    with services.database(options.postgres) as (_, database):
        env = os.environ | {
            "PYTHONPATH": f"{tree / 'web'}:{tree}",
            "ENV_FILE": str(tree / "tests" / "test.env"),
            "DJANGO_SETTINGS_MODULE": "hepcat.settings",
            "DATABASE_URL": database,
            "OUTBOX_ENGINE": "worker",
            "TRUSTED_PROXIES": "1",
            "LOG_LEVEL": "ERROR",
        }
        prepared = subprocess.run(
            [sys.executable, "-c", PREPARE], env=env, cwd=tree / "web", check=True, capture_output=True, text=True
        )
        with gunicorn("hepcat.wsgi", tree / "web", env) as (port, process):
            processes = [process, *postgres_processes(database)]
            yield Side(name, port, int(prepared.stdout.split()[-1]), processes)


@contextmanager
def bare_server() -> Iterator[Side]:
    with services.folder() as home:
        (home / "bare.py").write_text(BARE)
        with gunicorn("bare", home, dict(os.environ)) as (port, process):
            yield Bare("a view that says ok", port, 0, [process])


@contextmanager
def gunicorn(application: str, folder: Path, env: dict[str, str]) -> Iterator[tuple[int, int]]:
    port = services.free_port()
    command = [sys.executable, "-m", "gunicorn", application, "-b", f"127.0.0.1:{port}", "-w", "2", "--threads", "4"]
    server = subprocess.Popen([*command, "--log-level", "error"], env=env, cwd=folder)
    try:
        services.wait_for(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(20)


def postgres_processes(database: str) -> list[int]:
    port = urlsplit(database).port
    if port is None:
        return []
    found = subprocess.run(["pgrep", "-f", f"postgres .*-p {port}"], capture_output=True, text=True, check=True)
    return [int(found.stdout.split()[0])]


def tree_cpu_seconds(process: int) -> float:
    """Of a process, those it started, and those of them that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return sum(map(int, fields[11:15])) / TICKS + sum(tree_cpu_seconds(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main())
