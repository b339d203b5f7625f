"""Levels and locations: rows that nothing hangs on but texts, kept with a note of who wrote them."""

from django.db import transaction

from classwork.models import Level, Location
from history.domain import record
from users.models import User


def keep(actor: User | None, thing: Level | Location) -> None:
    with transaction.atomic():
        verb = "created" if thing.pk is None else "changed"
        thing.save()
        record(actor, f"classwork.{thing._meta.model_name}_{verb}", thing, name=str(thing))
