"""Comparing a row with its changed copy."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar

from django.db.models import Model

from common.formats import format_date, format_moment, format_time

M = TypeVar("M", bound=Model)
Differences = dict[str, tuple[str, str]]


def copy_with_values(thing: M, values: Mapping[str, Any]) -> M:
    """Neither the row nor the given object changes."""
    changed = copy.copy(thing)
    changed._state = copy.copy(thing._state)
    changed._state.fields_cache = dict(thing._state.fields_cache)
    for name, value in values.items():
        setattr(changed, name, value)
    return changed


def field_differences(before: Model, after: Model) -> Differences:
    return {
        field.name: (display_value(before, field.name), display_value(after, field.name))
        for field in after._meta.concrete_fields
        if field.editable and getattr(before, field.attname) != getattr(after, field.attname)
    }


def display_value(thing: Model, name: str) -> str:
    display = getattr(thing, f"get_{name}_display", None)
    value = display() if display else getattr(thing, name)
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, date):
        return format_date(value)
    if isinstance(value, time):
        return format_time(value)
    return "" if value is None else str(value)
