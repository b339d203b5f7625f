"""Counts the answers to how people heard of the school."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.db.models.functions import Lower, Trim

from registrations.models import Registration


@dataclass(frozen=True)
class HeardFromAnswer:
    key: str
    answer: str
    count: int
    latest: datetime


def _normalized_answers() -> QuerySet[Any, Any]:
    return (
        Registration.objects.exclude(referral_source="").order_by().annotate(heard_key=Lower(Trim("referral_source")))
    )


def registrations_with_answer(key: str) -> QuerySet[Any, Any]:
    return _normalized_answers().filter(heard_key=key).values("pk")


def answer_counts() -> QuerySet[Any, Any]:
    counted = (
        _normalized_answers().values("heard_key").annotate(count=Count("pk"), first=Min("pk"), latest=Max("created_at"))
    )
    return counted.order_by("-count", "heard_key")


def as_answers(rows: Sequence[Mapping[str, Any]]) -> list[HeardFromAnswer]:
    first = Registration.objects.in_bulk([row["first"] for row in rows])
    return [
        HeardFromAnswer(row["heard_key"], first[row["first"]].referral_source.strip(), row["count"], row["latest"])
        for row in rows
    ]
