#!/usr/bin/env python3
"""How long it takes a teacher to give tonight's video to her class, on a phone, at human speed.

    .venv/bin/python bench/giving.py [--megabytes 40] [--key 70] [--look 2.0] [--tap 0.7] [--pictures FOLDER]

A browser 390 px wide on gunicorn, logged in, from the teaching page on; the film is chosen as fast as a script chooses,
everything else takes the time that a person takes (see bench/checkout.py). Exit 0 when all of it is there in 30 s.
"""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from django.core.management import call_command

from bench import rush, services
from bench.checkout import Person, phone

LIMIT = 30


def main() -> int:
    options = services.options(__doc__, megabytes=40, key=70.0, look=2.0, tap=0.7, pictures=None)
    with ExitStack() as stack:
        home = stack.enter_context(services.folder())
        more = {"STATIC_ROOT": f"{home}/static", "PRIVATE_ROOT": f"{home}/private"}
        services.django_over(f"sqlite:///{home}/db.sqlite3", **more)
        call_command("collectstatic", verbosity=0, interactive=False)
        school = open_school()
        film = home / "Sugar push.mp4"
        film.write_bytes(made(options.megabytes))
        port = stack.enter_context(rush.server(home, school.class_offer.pk))
        page = stack.enter_context(phone(port))
        page.context.add_cookies([session_of(school.tess, port)])
        person = Person(page, options)
        began = time.monotonic()
        give(person, film)
        seconds = time.monotonic() - began
        return 0 if judge(person, seconds, film.stat().st_size) else 1


def open_school():  # type: ignore[no-untyped-def]
    from tests import factories

    return factories.create_school()


def made(megabytes: int) -> bytes:
    from tests import samples

    return samples.mp4(60, size=megabytes * 2**20)


def session_of(user, port: int) -> dict[str, str]:  # type: ignore[no-untyped-def]
    from django.conf import settings
    from django.test import Client

    from tests.base import BACKEND

    client = Client()
    client.force_login(user, BACKEND)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": f"http://127.0.0.1:{port}"}


def give(person: Person, film: Path) -> None:
    page = person.page
    page.goto("/teaching/")
    person.look("Teaching")
    person.tap(page.get_by_role("link", name="Resources").first)
    person.look("Resources")
    person.tap(page.get_by_role("link", name="Video"))
    person.look("Video")
    page.locator("[name=file]").set_input_files(film)
    person.type("Title (optional)", "Sugar push, slowly")
    person.tap(page.get_by_role("button", name="Add"))
    page.get_by_text("“Sugar push, slowly” has been added.").wait_for()
    person.look("Resources")


def judge(person: Person, seconds: float, size: int) -> bool:
    from classwork.models import Resource

    before = person.began
    for name, at in person.steps:
        print(f"{at - before:6.1f} s  {name}")
        before = at
    sizes = list(Resource.objects.values_list("size", flat=True))
    print(f"{seconds:.0f} s for {person.taps} taps and {person.keys} keys, {size / 2**20:.0f} MB sent")
    good = seconds < LIMIT and sizes == [size]
    print("As it should be." if good else "NOT as it should be.")
    return good


if __name__ == "__main__":
    sys.exit(main())
