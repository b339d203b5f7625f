#!/usr/bin/env python3
"""The library of a student with forty classes and four hundred resources, beside the same page with one class.

    .venv/bin/python bench/library.py [--classes 40] [--rounds 30] [--others 0] [--postgres]

With `--others 120000` that many registrations of other people lie beside them.

Both students ask in turn, so that a busy machine is busy for both; the median of each counts. Exit 0 when the large
page takes as many queries as the small one, at most six beside the session and the account, and less than a second.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services

EACH, BESIDE, MOST_QUERIES, MOST_SECONDS = 10, 2, 6, 1.0


def main() -> int:
    options = services.options(__doc__, classes=40, rounds=30, others=0, postgres=False)
    with services.database(options.postgres) as (_, database):
        services.django_over(database)
        return 0 if judge(*measured(options.classes, options.rounds, options.others)) else 1


def measured(classes: int, rounds: int, others: int) -> tuple[list[float], list[float], int, int]:
    from tests import factories

    session = factories.create_session("Library")
    few, many = (student_of(session, name, count) for name, count in (("Few", 1), ("Many", classes)))
    register_others(others)
    queries = [asked(browser) for browser in (few, many)]
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for taken, browser in zip(times, (few, many), strict=True):
            began = time.perf_counter()
            look(browser)
            taken.append(time.perf_counter() - began)
    return times[0], times[1], *queries


def register_others(count: int) -> None:
    """Of three thousand people, each in as many classes as it takes."""
    if not count:
        return
    from django.db import connection
    from django.utils import timezone

    from classwork.models import ClassOffer
    from registrations.models import Registration
    from users.models import Student

    named = [f"Other {number:05}" for number in range(3000)]
    students = Student.objects.bulk_create(Student(first_name=one, name_key=one.lower()) for one in named)
    class_offers = list(ClassOffer.objects.all()[: -(-count // len(students))])
    at = timezone.now()
    Registration.objects.bulk_create(
        (
            Registration(student=one, class_offer=class_offer, state="confirmed", confirmed_at=at)
            for class_offer in class_offers
            for one in students
        ),
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{Registration.objects.count()} registrations")


def student_of(session: Any, name: str, classes: int) -> Any:
    """A browser, logged in."""
    from django.test import Client

    from tests import factories
    from tests.classwork import resource_factories

    account = factories.create_account(f"{name.lower()}@example.org", name)
    student = factories.create_student(account)
    for number in range(classes):
        class_offer = factories.create_class_offer(
            session, factories.create_subject("L2", name=f"{name} {number}", num_weeks=4), class_day=number % 7
        )
        resource_factories.create_registration(student, class_offer)
        for resource in range(EACH):
            resource_factories.resource(
                f"Resource {resource}", class_offer, when="class", class_number=1 + resource % 4
            )
    browser = Client()
    browser.force_login(account, "users.backends.PermissionBackend")
    look(browser)
    return browser


def look(browser: Any) -> None:
    answer = browser.get("/library/")
    if answer.status_code != 200 or b"Resource 1" not in answer.content:
        sys.exit(f"The library answers {answer.status_code}, without what the student has.")


def asked(browser: Any) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        look(browser)
    return len(captured)


def judge(small: list[float], large: list[float], few: int, many: int) -> bool:
    one, all_of_them = statistics.median(small), statistics.median(large)
    print(f"one class: {one * 1000:.0f} ms, {few} queries")
    print(f"all of them: {all_of_them * 1000:.0f} ms, {many} queries, {all_of_them / one:.1f} times as long")
    return few == many <= BESIDE + MOST_QUERIES and all_of_them < MOST_SECONDS


if __name__ == "__main__":
    sys.exit(main())
