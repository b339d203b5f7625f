"""Retrying and dismissing deliveries at the desk. Each action is recorded in the history with its reason."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from history.domain import record_action
from outbox.errors import DeliveryActionRefused
from outbox.models import Delivery, DeliveryState


def parked_deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=DeliveryState.PARKED)


def retry_delivery(pk: int, actor: Any, why: str) -> Delivery:
    with transaction.atomic():
        delivery = lock_delivery(pk, [DeliveryState.PARKED, DeliveryState.DISMISSED, DeliveryState.WAITING])
        delivery.state, delivery.due_at = DeliveryState.WAITING, timezone.now()
        delivery.tries, delivery.reason, delivery.sent_at = 0, "", None
        delivery.save(update_fields=["state", "due_at", "tries", "reason", "sent_at"])
        record_action(actor, "outbox.retried", delivery, why=why, event=delivery.event.type, receiver=delivery.receiver)
    return delivery


def dismiss_delivery(pk: int, actor: Any, why: str) -> Delivery:
    with transaction.atomic():
        delivery = lock_delivery(pk, [DeliveryState.PARKED, DeliveryState.WAITING])
        delivery.state, delivery.due_at, delivery.ended_at = DeliveryState.DISMISSED, None, timezone.now()
        delivery.reason = why
        delivery.save(update_fields=["state", "due_at", "ended_at", "reason"])
        record_action(
            actor, "outbox.dismissed", delivery, why=why, event=delivery.event.type, receiver=delivery.receiver
        )
    return delivery


def lock_delivery(pk: int, states: list[DeliveryState]) -> Delivery:
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("event").get(pk=pk)
    if delivery.state not in states:
        raise DeliveryActionRefused
    return delivery
