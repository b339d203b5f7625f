"""Bounced mails and blocked addresses."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.names import email_key
from history.domain import record_action
from mailroom.domain import transitions
from mailroom.errors import MailActionRefused
from mailroom.models import Message, Suppression


def record_bounce(message: Message, reason: str, *, permanent: bool = True) -> None:
    with transaction.atomic():
        transitions.mark_bounced(message, reason)
        if permanent:
            suppress_address(message.to, Suppression.Cause.BOUNCE, reason)


def suppress_address(address: str, cause: Suppression.Cause, detail: str = "", *, at: datetime | None = None) -> None:
    """Block an address, unless it is blocked already. An event at or before the last unblocking has no effect."""
    if at is not None and Suppression.objects.filter(email=email_key(address), lifted_at__gte=at).exists():
        return
    defaults = {"cause": cause, "detail": detail[:200]}
    Suppression.objects.get_or_create(email=email_key(address), lifted_at=None, defaults=defaults)


def lift_suppression(actor: Any, pk: int, why: str) -> Suppression:
    with transaction.atomic():
        suppression = Suppression.objects.select_for_update().get(pk=pk)
        if suppression.lifted_at is not None:
            raise MailActionRefused(code="already_unblocked")
        suppression.lifted_at = timezone.now()
        suppression.save(update_fields=["lifted_at"])
        record_action(actor, "mailroom.suppression_lifted", suppression, why=why)
    return suppression
