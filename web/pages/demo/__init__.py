"""The demo school: people, texts, classes and everything else, created by the same functions as in a real school.

Each topic is a module with a function `load`. TOPICS lists them in the order in which they depend on each other.
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
    site_texts,
    timetable,
    transfers,
    vouchers,
)
from pages.errors import SchoolNotEmpty
from users.models import User

TOPICS = (
    site_texts,
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


def is_empty() -> bool:
    return not User.objects.exists()


def load_demo_school(*, anyway: bool = False) -> None:
    """Load everything or nothing. `anyway` adds what is missing to a school with people, and changes nobody."""
    if not (anyway or is_empty()):
        raise SchoolNotEmpty
    with transaction.atomic():
        for topic in TOPICS:
            topic.load()
