"""What waits for a person at the desk. Each app names its own in its AppConfig:

DESK_WORK = [("letter to answer", "letters to answer", "desk_contact", "", "pages.view_contactmessage",
              "pages.domain.contact.unanswered")]
    in words, for one and for many; a page and its query; a permission; a function that gives the rows.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Count, QuerySet, Value
from django.urls import reverse
from django.utils.module_loading import import_string

from common.navigation import leads_somewhere


class Work(NamedTuple):
    one: str
    many: str
    url_name: str
    query: str
    permission: str
    rows: str


@dataclass(frozen=True)
class Waiting:
    number: int
    label: str
    url: str


def declared() -> list[Work]:
    """What is nearest to people comes first: the highest layer stands first among the apps."""
    return [Work(*row) for config in apps.get_app_configs() for row in getattr(config, "DESK_WORK", [])]


def waiting(user: Any) -> list[Waiting]:
    """What this person may see to, in one query however much there is; what there is nothing of is left out."""
    works = [work for work in declared() if leads_somewhere(work.url_name) and user.has_perm(work.permission)]
    parts = [_counted(place, import_string(work.rows)()) for place, work in enumerate(works)]
    numbers = dict(parts[0].union(*parts[1:], all=True)) if parts else {}
    return [_shown(work, numbers[place]) for place, work in enumerate(works) if numbers.get(place)]


def _counted(place: int, rows: QuerySet[Any]) -> QuerySet[Any, tuple[int, int]]:
    counted = rows.order_by().annotate(work=Value(place)).values("work").annotate(count=Count("pk"))
    return counted.values_list("work", "count")


def _shown(work: Work, number: int) -> Waiting:
    return Waiting(number, work.one if number == 1 else work.many, reverse(work.url_name) + work.query)
