"""A school to look at: people, texts and whatever else the site shows, made by the same functions as a real one's.

Each topic is a module with `load()`; TOPICS is the order in which they build on each other.
"""

from django.db import transaction

from pages.demo import (
    cancellation_terms,
    catalog,
    class_cancellations,
    money,
    people,
    registrations,
    resources,
    texts,
    timetable,
    transfers,
    vouchers,
)
from users.models import User

TOPICS = (
    texts,
    people,
    catalog,
    timetable,
    cancellation_terms,
    registrations,
    transfers,
    resources,
    vouchers,
    class_cancellations,
    money,
)


class NotEmpty(Exception):
    """There are people here already."""


def is_empty() -> bool:
    return not User.objects.exists()


def load(*, anyway: bool = False) -> None:
    """All of it or nothing. `anyway` adds what is missing to a school that has people, and changes none."""
    if not (anyway or is_empty()):
        raise NotEmpty
    with transaction.atomic():
        for topic in TOPICS:
            topic.load()
