"""Counts the answers to how people heard of the school."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import Lower, Trim

from classwork.models import Registration


@dataclass(frozen=True)
class Answer:
    key: str
    answer: str
    count: int
    latest: datetime


def _normalized() -> QuerySet[Any, Any]:
    return Registration.objects.exclude(heard_from="").order_by().annotate(heard_key=Lower(Trim("heard_from")))


def answered(key: str) -> QuerySet[Any, Any]:
    return _normalized().filter(heard_key=key).values("pk")


def answers() -> QuerySet[Any, Any]:
    counted = _normalized().values("heard_key").annotate(count=Count("pk"), first=Min("pk"), latest=Max("created_at"))
    return counted.order_by("-count", "heard_key")


def as_answers(rows: Sequence[Mapping[str, Any]]) -> list[Answer]:
    first = Registration.objects.in_bulk([row["first"] for row in rows])
    return [
        Answer(row["heard_key"], first[row["first"]].heard_from.strip(), row["count"], row["latest"]) for row in rows
    ]
