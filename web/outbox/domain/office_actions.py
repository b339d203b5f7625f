"""Retrying and dismissing deliveries at the desk. Each action is recorded in the history with its reason."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from history.domain import record
from outbox.models import Delivery, State


def parked() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.PARKED)


class TooLate(Exception):
    """The delivery has changed since the page was shown."""


def retry(pk: int, actor: Any, why: str) -> Delivery:
    with transaction.atomic():
        delivery = locked(pk, [State.PARKED, State.DISMISSED, State.WAITING])
        delivery.state, delivery.due_at = State.WAITING, timezone.now()
        delivery.tries, delivery.reason, delivery.sent_at = 0, "", None
        delivery.save(update_fields=["state", "due_at", "tries", "reason", "sent_at"])
        record(actor, "outbox.retried", delivery, why=why, event=delivery.event.type, receiver=delivery.receiver)
    return delivery


def dismiss(pk: int, actor: Any, why: str) -> Delivery:
    with transaction.atomic():
        delivery = locked(pk, [State.PARKED, State.WAITING])
        delivery.state, delivery.due_at, delivery.ended_at = State.DISMISSED, None, timezone.now()
        delivery.reason = why
        delivery.save(update_fields=["state", "due_at", "ended_at", "reason"])
        record(actor, "outbox.dismissed", delivery, why=why, event=delivery.event.type, receiver=delivery.receiver)
    return delivery


def locked(pk: int, states: list[State]) -> Delivery:
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("event").get(pk=pk)
    if delivery.state not in states:
        raise TooLate
    return delivery
