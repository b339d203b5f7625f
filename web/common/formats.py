"""The formats of dates, times, numbers and money on pages, in the admin and in mail. Each kind has one format.

The language is the active one, or the school's own if none is active. Babel knows the formats of each language. This
module changes five details: a negative number has a minus sign instead of a hyphen; AM and PM follow an ordinary space,
which mail programs and searches can handle; a range of times has no spaces around the dash; the yen sign is the narrow
one; and there is a space between the letters of a currency and the amount. Results are cached because pages repeat the
same values.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any, Concatenate, ParamSpec, cast

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

P = ParamSpec("P")


def remembered(format_values: Callable[Concatenate[Locale, P], str]) -> Callable[P, str]:
    """Format in the active language, and remember the text for these values."""

    @lru_cache(maxsize=4096)
    def format_in_language(language: str, *values: Any) -> str:
        return format_values(_babel_locale(language), *values)  # type: ignore[call-arg]

    return cast("Callable[P, str]", lambda *values: format_in_language(_active_language(), *values))


def format_date(value: date) -> str:
    """The format is Tue, Dec 22, 2026. A moment is shown as its day in the current time zone."""
    return _date_text(DATE, _local_day(value))


def format_short_date(value: date) -> str:
    """The format is Tue, Dec 22. Use it only if the page shows the year elsewhere."""
    return _date_text(SHORT_DATE, _local_day(value))


def format_time(value: time | datetime, *, seconds: bool = False) -> str:
    return _time_text("medium" if seconds else "short", _local_clock_time(value))


def format_time_span(start: time | datetime, end: time | datetime) -> str:
    """The format is 7:00–8:00 PM or 11:00 AM–12:30 PM."""
    return _time_span_text(_local_clock_time(start), _local_clock_time(end))


def format_moment(value: datetime, *, seconds: bool = False) -> str:
    date_and_time = _babel_locale(_active_language()).datetime_formats["medium"]
    return date_and_time.format(format_time(value, seconds=seconds), format_date(value))


@remembered
def format_money(locale: Locale, amount: Decimal, currency: str) -> str:
    """The format is $1,250.00, −¥500 or CHF 12.50. Halves are rounded up."""
    # Adding 0 turns a negative zero into zero.
    exact = amount.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP) + 0
    text = format_currency(exact, currency, locale=locale)
    return LETTER_AND_FIGURE.sub(NO_BREAK, text).replace(WIDE_YEN, YEN).replace("-", MINUS)


@remembered
def format_number(locale: Locale, value: Number) -> str:
    return format_decimal(value, locale=locale, decimal_quantization=False).replace("-", MINUS)


@remembered
def format_percent(locale: Locale, value: Number) -> str:
    """The value 50 is shown as 50%."""
    fraction = Decimal(str(value)) / 100
    return babel_percent(fraction, locale=locale, decimal_quantization=False).replace("-", MINUS)


def currency_digits(currency: str) -> int:
    return get_currency_precision(currency)


def _active_language() -> str:
    return get_language() or settings.LANGUAGE_CODE


@cache
def _babel_locale(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en")


def _local_day(value: date) -> date:
    return _in_current_zone(value).date() if isinstance(value, datetime) else value


def _local_clock_time(value: time | datetime) -> time:
    return _in_current_zone(value).time() if isinstance(value, datetime) else value


def _in_current_zone(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@remembered
def _date_text(locale: Locale, skeleton: str, day: date) -> str:
    return format_skeleton(skeleton, datetime.combine(day, time()), locale=locale)


@remembered
def _time_text(locale: Locale, width: str, clock: time) -> str:
    return babel_time(clock.replace(tzinfo=None), width, locale=locale).translate(SPACES)


@remembered
def _time_span_text(locale: Locale, start: time, end: time) -> str:
    if start == end:
        return _time_text("short", start)
    has_am_pm = "a" in locale.time_formats["short"].pattern
    return format_interval(start, end, "hm" if has_am_pm else "Hm", locale=locale).translate(SPACES)


def format_ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
