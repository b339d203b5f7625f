"""What needs attention at the desk. Each app lists its own as DESK_WORK in `<app>/navigation.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Value
from django.urls import reverse

from common.navigation import has_url, navigation_modules


@dataclass(frozen=True, kw_only=True)
class WorkItem:
    one: str
    """How one of them is called, as in "message to answer"."""
    many: str
    url_name: str
    permission: str
    rows: Callable[[], QuerySet[Any]]
    query: str = ""
    """What comes after the address of the page, such as "?state=parked"."""


@dataclass(frozen=True)
class WorkCount:
    number: int
    label: str
    url: str


def declared_work() -> list[WorkItem]:
    """What is nearest to people comes first: the apps stand with the highest layer first."""
    return [item for module in navigation_modules() for item in getattr(module, "DESK_WORK", [])]


def open_work_for(user: Any) -> list[WorkCount]:
    """What this person may take care of, in one query however much there is; empty lists are left out."""
    items = [item for item in declared_work() if has_url(item.url_name) and user.has_perm(item.permission)]
    parts = [_count_rows(position, item.rows()) for position, item in enumerate(items)]
    numbers = dict(parts[0].union(*parts[1:], all=True)) if parts else {}
    return [_work_count(item, numbers[position]) for position, item in enumerate(items) if numbers.get(position)]


def _count_rows(position: int, rows: QuerySet[Any]) -> QuerySet[Any, tuple[int, int]]:
    counted = rows.order_by().annotate(work=Value(position)).values("work").annotate(count=Count("pk"))
    return counted.values_list("work", "count")


def _work_count(item: WorkItem, number: int) -> WorkCount:
    return WorkCount(number, item.one if number == 1 else item.many, reverse(item.url_name) + item.query)
