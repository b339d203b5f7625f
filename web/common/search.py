"""Readers for the search parameters in the address of a list. Any text is accepted, and nonsense finds nothing."""

from datetime import date

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from common.days import FIRST_DAY, LAST_DAY

LONGEST_NUMBER = 15
MOST_WORDS = 20


def search_text(request: HttpRequest) -> str:
    # PostgreSQL refuses a NUL, and nobody types one by accident.
    return request.GET.get("q", "").replace("\0", "").strip()


def split_words(text: str) -> list[str]:
    # Each word becomes a condition of its own, and a database accepts only so many conditions in one query.
    return text.split()[:MOST_WORDS]


def read_number(text: str) -> int | None:
    """Read the ID of a row. The answer is None if the text is not a number or is larger than any ID can be."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def read_day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None
