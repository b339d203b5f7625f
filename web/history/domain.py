from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model

from history.models import Entry


def subject_of(thing: Model) -> tuple[str, str]:
    return thing._meta.model_name or "", str(thing.pk)


def record(actor: Any, action: str, subject: Model, *, why: str = "", **details: Any) -> Entry:
    """Write an entry in the caller's transaction, so that the deed and its record stand or fall together."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("history.record() must be called inside the transaction of what it records.")
    entry = _entry(actor, action, subject, why, details)
    entry.save()
    return entry


def _entry(actor: Any, action: str, subject: Model, why: str, details: Mapping[str, Any]) -> Entry:
    subject_type, subject_id = subject_of(subject)
    return Entry(
        actor_id=actor.pk if actor is not None else None,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        why=why,
        details=dict(details),
    )


def record_many(actor: Any, action: str, subjects: Iterable[tuple[Model, Mapping[str, Any]]], *, why: str = "") -> None:
    """The same deed to many, each with details of its own, in one query."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("history.record_many() must be called inside the transaction of what it records.")
    Entry.objects.bulk_create(_entry(actor, action, thing, why, details) for thing, details in subjects)
