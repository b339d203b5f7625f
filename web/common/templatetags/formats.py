"""Template filters for common.formats. They are built in, so no template loads them; a missing value gives ''."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any

from django import template
from django.conf import settings

from common import formats

register = template.Library()


def simple(name: str, format_value: Callable[..., str]) -> None:
    register.filter(name, lambda value: "" if value in {None, ""} else format_value(value))


simple("full_date", formats.format_date)
simple("short_date", formats.format_short_date)
simple("clock_time", formats.format_time)
simple("number", formats.format_number)
simple("percent", formats.format_percent)


@register.filter
def moment(value: datetime | None, detail: str = "") -> str:
    # Seconds are shown by {{ attempt.started_at|moment:"seconds" }}.
    return formats.format_moment(value, seconds=detail == "seconds") if value else ""


@register.filter
def time_span(start: time | datetime | None, end: time | datetime | None) -> str:
    return "" if start is None or end is None else formats.format_time_span(start, end)


@register.filter
def money(amount: Any, currency: str = "") -> str:
    # Without a currency, the amount is in the school's own currency.
    return "" if amount in {None, ""} else formats.format_money(amount, currency or settings.CURRENCY)
