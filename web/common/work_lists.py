"""The lists of open work at the desk. Each app declares its own as DESK_WORK in `<app>/navigation.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.urls import reverse
from django.utils.functional import Promise

from common.app_modules import app_modules
from common.navigation import has_url, is_permitted


@dataclass(frozen=True)
class WorkItem:
    one: str | Promise
    """The singular label, such as "message to answer"."""
    many: str | Promise
    url_name: str
    rows: Callable[[], QuerySet[Any]]
    permission: str = ""
    """Without it, the work is shown to those who may open the page."""
    query: str = ""
    """This is appended to the address of the page, for example "?state=parked"."""


@dataclass(frozen=True)
class WorkCount:
    number: int
    label: str | Promise
    url: str


def declared_work() -> list[WorkItem]:
    return [item for module in app_modules("navigation") for item in getattr(module, "DESK_WORK", [])]


def open_work_for(user: Any) -> list[WorkCount]:
    """Count the work that the user has permission for. All lists are counted in one query; empty ones are left out."""
    declared = (item for item in declared_work() if has_url(item.url_name))
    items = [item for item in declared if is_permitted(user, item.url_name, item.permission)]
    queries: list[QuerySet[Any, tuple[int, int]]] = []
    for position, item in enumerate(items):
        counted = item.rows().order_by().annotate(work=Value(position)).values("work").annotate(count=Count("pk"))
        queries.append(counted.values_list("work", "count"))
    numbers = dict(queries[0].union(*queries[1:], all=True)) if queries else {}
    return [
        WorkCount(number, item.one if number == 1 else item.many, reverse(item.url_name) + item.query)
        for position, item in enumerate(items)
        if (number := numbers.get(position))
    ]
