"""Functions that write entries into the history."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model

from history.models import Entry


def subject_of(row: Model) -> tuple[str, str]:
    return row._meta.model_name or "", str(row.pk)


def record_action(actor: Any, action: str, subject: Model, *, why: str = "", **details: Any) -> Entry:
    """Write an entry. The caller must be inside the transaction of the action, so that both are saved or neither is."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A history entry must be written inside the transaction of its action.")
    entry = _build_entry(actor, action, subject, why, details)
    entry.save()
    return entry


def _build_entry(actor: Any, action: str, subject: Model, why: str, details: Mapping[str, Any]) -> Entry:
    subject_type, subject_id = subject_of(subject)
    return Entry(
        actor_id=actor.pk if actor is not None else None,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        reason=why,
        details=dict(details),
    )


def record_actions(
    actor: Any, action: str, subjects: Iterable[tuple[Model, Mapping[str, Any]]], *, why: str = ""
) -> None:
    # All entries are written in one query.
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("History entries must be written inside the transaction of their action.")
    Entry.objects.bulk_create(_build_entry(actor, action, row, why, details) for row, details in subjects)
