"""What lists are asked for in the address of a page: any text at all, and nonsense finds nothing."""

from datetime import date

from django.http import HttpRequest
from django.utils.dateparse import parse_date

from common.days import FIRST_DAY, LAST_DAY

LONGEST_NUMBER = 15
MOST_WORDS = 20


def words(request: HttpRequest) -> str:
    """What was typed into the search field of a list. PostgreSQL refuses a NUL, which nobody types by accident."""
    return request.GET.get("q", "").replace("\0", "").strip()


def split_words(text: str) -> list[str]:
    """Each has to match something; what comes after so many is more than a database takes in one condition."""
    return text.split()[:MOST_WORDS]


def read_number(text: str) -> int | None:
    """The number of a row; None for what is no number, or larger than any row has."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def read_day(text: str) -> date | None:
    """None for what is no day, or too far away to count days and sessions around it."""
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day is not None and FIRST_DAY <= day <= LAST_DAY else None
