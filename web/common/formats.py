"""The formats of dates, times, numbers and money on pages, in the admin and in mail. Each kind has one format.

The language is the active one, or the school's own if none is active. Babel knows the formats of each language. This
module changes five details: a negative number has a minus sign instead of a hyphen; AM and PM follow an ordinary space,
which mail programs and searches can handle; a range of times has no spaces around the dash; the yen sign is the narrow
one; and there is a space between the letters of a currency and the amount. Results are cached because pages repeat the
same values.
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
    """The format is Tue, Dec 22, 2026. A moment is shown as its day in the current time zone."""
    return _date_text(DATE, _local_day(value), _active_language())


def format_short_date(value: date) -> str:
    """The format is Tue, Dec 22. Use it only if the page shows the year elsewhere."""
    return _date_text(SHORT_DATE, _local_day(value), _active_language())


def format_time(value: time | datetime, *, seconds: bool = False) -> str:
    return _time_text("medium" if seconds else "short", _local_clock_time(value), _active_language())


def format_time_span(start: time | datetime, end: time | datetime) -> str:
    """The format is 7:00–8:00 PM or 11:00 AM–12:30 PM."""
    return _time_span_text(_local_clock_time(start), _local_clock_time(end), _active_language())


def format_moment(value: datetime, *, seconds: bool = False) -> str:
    date_and_time = _babel_locale(_active_language()).datetime_formats["medium"]
    return date_and_time.format(format_time(value, seconds=seconds), format_date(value))


def format_money(amount: Decimal, currency: str) -> str:
    """The format is $1,250.00, −¥500 or CHF 12.50. Halves are rounded up."""
    return _money_text(amount, currency, _active_language())


def format_number(value: Number) -> str:
    return _number_text(value, _active_language())


def format_percent(value: Number) -> str:
    """The value 50 is shown as 50%."""
    return _percent_text(value, _active_language())


def currency_digits(currency: str) -> int:
    return get_currency_precision(currency)


def _active_language() -> str:
    return get_language() or settings.LANGUAGE_CODE


@remembered
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
def _date_text(skeleton: str, day: date, language: str) -> str:
    return format_skeleton(skeleton, datetime.combine(day, time()), locale=_babel_locale(language))


@remembered
def _time_text(width: str, clock: time, language: str) -> str:
    return babel_time(clock.replace(tzinfo=None), width, locale=_babel_locale(language)).translate(SPACES)


@remembered
def _time_span_text(start: time, end: time, language: str) -> str:
    if start == end:
        return _time_text("short", start, language)
    locale = _babel_locale(language)
    has_am_pm = "a" in locale.time_formats["short"].pattern
    return format_interval(start, end, "hm" if has_am_pm else "Hm", locale=locale).translate(SPACES)


@remembered
def _money_text(amount: Decimal, currency: str, language: str) -> str:
    # Adding 0 turns a negative zero into zero.
    exact = amount.quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_UP) + 0
    text = format_currency(exact, currency, locale=_babel_locale(language))
    return LETTER_AND_FIGURE.sub(NO_BREAK, text).replace(WIDE_YEN, YEN).replace("-", MINUS)


@remembered
def _number_text(value: Number, language: str) -> str:
    return format_decimal(value, locale=_babel_locale(language), decimal_quantization=False).replace("-", MINUS)


@remembered
def _percent_text(value: Number, language: str) -> str:
    fraction = Decimal(str(value)) / 100
    return babel_percent(fraction, locale=_babel_locale(language), decimal_quantization=False).replace("-", MINUS)


def format_ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
