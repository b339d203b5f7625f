#!/usr/bin/env python3
"""How long it takes to register oneself and a friend for two classes and to pay: a stranger on a phone, at human speed.

    .venv/bin/python bench/checkout.py [--key 70] [--look 2.0] [--tap 0.7] [--pictures FOLDER]

A browser 390 px wide on gunicorn. Each key takes `--key` milliseconds, each page is looked at for `--look` seconds
before anything is done on it, and each tap comes `--tap` seconds after the thing before. Exit 0 when two people have
both spots, paid, within two minutes.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.management import call_command
from playwright.sync_api import Locator, Page, sync_playwright

from bench import rush, services
from tests.services import FLAGS, chromium

LIMIT = 120


def main() -> int:
    options = services.options(__doc__, key=70.0, look=2.0, tap=0.7, pictures=None)
    with ExitStack() as stack:
        home = stack.enter_context(services.folder())
        services.django_over(f"sqlite:///{home}/db.sqlite3", STATIC_ROOT=f"{home}/static")
        call_command("collectstatic", verbosity=0, interactive=False)
        class_offer_id = open_classes()
        port = stack.enter_context(rush.server(home, class_offer_id))
        page = stack.enter_context(phone(port))
        person = Person(page, options)
        began = time.monotonic()
        register(person, class_offer_id)
        seconds = time.monotonic() - began
    return 0 if judge(person, seconds) else 1


def open_classes() -> int:
    from datetime import time

    from tests import factories

    session = factories.create_session("Phone")
    factories.create_class_offer(session, factories.create_subject(version="B"), class_day=4, start_time=time(18))
    return int(factories.create_class_offer(session, factories.create_subject()).pk)


@contextmanager
def phone(port: int) -> Iterator[Page]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop lives in the thread that asks the database
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = browser.new_context(
            base_url=f"http://127.0.0.1:{port}",
            viewport={"width": 390, "height": 844},
            has_touch=True,
            is_mobile=True,
        )
        yield context.new_page()
        browser.close()


class Person:
    """Looks, finds, taps and types as a person does."""

    def __init__(self, page: Page, options: argparse.Namespace) -> None:
        self.page, self.options = page, options
        self.keys = self.taps = 0
        self.steps = list[tuple[str, float]]()
        self.began = time.monotonic()

    def look(self, heading: str) -> None:
        """The step before is over once this page is here."""
        self.page.get_by_role("heading", name=heading, level=1).wait_for()
        time.sleep(self.options.look)
        if self.options.pictures:
            path = self.options.pictures / f"{len(self.steps) + 1}-{heading.lower().replace(' ', '-')}.png"
            self.page.screenshot(path=path, full_page=True)
        self.steps.append((heading, time.monotonic()))

    def tap(self, what: Locator) -> None:
        time.sleep(self.options.tap)
        what.tap()
        self.taps += 1

    def type(self, label: str, text: str) -> None:
        field = self.page.get_by_label(label)
        self.tap(field)
        field.press_sequentially(text, delay=self.options.key)
        self.keys += len(text)


def register(person: Person, class_offer_id: int) -> None:
    page = person.page
    page.goto("/classes/")
    person.look("Classes")
    person.tap(page.locator(f"a[href='/classes/{class_offer_id}']").first)
    page.get_by_role("link", name="Register", exact=True).wait_for()
    time.sleep(person.options.look)
    person.tap(page.get_by_role("link", name="Register", exact=True))
    person.look("Register")
    person.tap(page.get_by_text("Add another class"))
    person.look("Register")
    person.tap(page.get_by_label("Beginning B"))
    person.tap(page.get_by_role("button", name="Add another person"))
    person.look("Register")
    person.type("First name", "Leopoldine")
    person.type("Last name", "Hasenhuettl")
    person.type("Their email", "leopoldine.hasenhuettl@example.org")
    person.tap(page.get_by_role("button", name="Continue", exact=True).last)
    person.look("Your order")
    person.type("Your name", "Patricia Payerhofer")
    person.type("Your email", "patricia.payerhofer@example.org")
    person.tap(page.get_by_label("Practice payment (no real money)"))
    person.tap(page.get_by_role("button", name=re.compile(r"^Pay \$")))
    person.look("Thank you")


def judge(person: Person, seconds: float) -> bool:
    from registrations.models import Registration

    before = person.began
    for name, at in person.steps:
        print(f"{at - before:6.1f} s  {name}")
        before = at
    states = list(Registration.objects.values_list("state", flat=True))
    print(f"{seconds:.0f} s for {person.taps} taps and {person.keys} keys; places: {states}")
    good = seconds < LIMIT and states == ["confirmed"] * 4
    print("As it should be." if good else "NOT as it should be.")
    return good


if __name__ == "__main__":
    sys.exit(main())
