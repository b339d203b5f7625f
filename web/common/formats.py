"""How dates, times, numbers and money are written: one way for each kind, on pages, in admin and in mail.

The language is the active one, or the school's own where none is active. What each language writes comes from Babel,
but for this: a minus is a minus sign and no hyphen; an ordinary space stands before AM and PM, so that mail programs
and search know it; a range of times has no spaces around its dash; the yen is as narrow as the figures beside it; and a
currency of letters keeps its distance, which Babel forgets. Everything is remembered: a page repeats itself.
"""

import re
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_interval, format_skeleton
from babel.dates import format_time as babel_time
from babel.numbers import format_currency, format_decimal, get_currency_precision
from babel.numbers import format_percent as babel_percent
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, to_locale

DATE, SHORT_DATE = "yMMMEd", "MMMEd"
MINUS = "\N{MINUS SIGN}"
SPACES = str.maketrans({"\N{NARROW NO-BREAK SPACE}": " ", "\N{NO-BREAK SPACE}": " ", "\N{THIN SPACE}": None})
LETTER_AND_FIGURE = re.compile(r"(?<=[^\W\d_])(?=\d)")
NO_BREAK = "\N{NO-BREAK SPACE}"
WIDE_YEN, YEN = "\N{FULLWIDTH YEN SIGN}", "\N{YEN SIGN}"

Number = int | float | Decimal

remembered = lru_cache(maxsize=4096)


def format_date(value: date) -> str:
    """Tue, Dec 22, 2026. A moment counts as the day that it is at the school."""
    return _date(DATE, _day(value), _language())


def format_short_date(value: date) -> str:
    """Tue, Dec 22; where the page names the year."""
    return _date(SHORT_DATE, _day(value), _language())


def format_time(value: time | datetime, *, seconds: bool = False) -> str:
    """7:00 PM"""
    return _time("medium" if seconds else "short", _clock(value), _language())


def format_time_span(start: time | datetime, end: time | datetime) -> str:
    """7:00–8:00 PM, 11:00 AM–12:30 PM"""
    return _time_span(_clock(start), _clock(end), _language())


def format_moment(value: datetime, *, seconds: bool = False) -> str:
    """Tue, Dec 22, 2026, 7:00 PM"""
    date_and_time = _locale(_language()).datetime_formats["medium"]
    return date_and_time.format(format_time(value, seconds=seconds), format_date(value))


def format_money(amount: Decimal, currency: str) -> str:
    """$1,250.00, −¥500, CHF 12.50; halves are rounded up."""
    return _money(amount, currency, _language())


def format_number(value: Number) -> str:
    """1,234.5"""
    return _number(value, _language())


def format_percent(value: Number) -> str:
    """50% for 50."""
    return _percent(value, _language())


def currency_digits(currency: str) -> int:
    """How many decimals the currency has."""
    return get_currency_precision(currency)


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE


@remembered
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _day(value: date) -> date:
    return _local(value).date() if isinstance(value, datetime) else value


def _clock(value: time | datetime) -> time:
    return _local(value).time() if isinstance(value, datetime) else value


def _local(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@remembered
def _date(skeleton: str, day: date, language: str) -> str:
    return format_skeleton(skeleton, datetime.combine(day, time()), locale=_locale(language))


@remembered
def _time(width: str, clock: time, language: str) -> str:
    return babel_time(clock.replace(tzinfo=None), width, locale=_locale(language)).translate(SPACES)


@remembered
def _time_span(start: time, end: time, language: str) -> str:
    if start == end:
        return _time("short", start, language)
    locale = _locale(language)
    halves = "a" in locale.time_formats["short"].pattern
    return format_interval(start, end, "hm" if halves else "Hm", locale=locale).translate(SPACES)


@remembered
def _money(amount: Decimal, currency: str, language: str) -> str:
    exact = amount.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP) + 0  # no zero below zero
    shown = format_currency(exact, currency, locale=_locale(language))
    return LETTER_AND_FIGURE.sub(NO_BREAK, shown).replace(WIDE_YEN, YEN).replace("-", MINUS)


@remembered
def _number(value: Number, language: str) -> str:
    return format_decimal(value, locale=_locale(language), decimal_quantization=False).replace("-", MINUS)


@remembered
def _percent(value: Number, language: str) -> str:
    part = Decimal(str(value)) / 100
    return babel_percent(part, locale=_locale(language), decimal_quantization=False).replace("-", MINUS)
