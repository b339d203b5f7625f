"""Vouchers that are given by mail on their day, and the reminder before one ends."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing.models import Voucher
from common import dates
from mailroom.domain import draft

MORNING = 8


def give_due(at: datetime | None = None) -> int:
    """The job: nobody gets a present before eight in the morning."""
    at = at or timezone.now()
    local = dates.local(at)
    last = local.date() if local.hour >= MORNING else local.date() - timedelta(days=1)
    due = Voucher.objects.with_balance().filter(give_on__lte=last, given_at=None).exclude(recipient_email="")
    return sum(_give(voucher, at) for voucher in due[:500])


@transaction.atomic
def _give(voucher: Voucher, at: datetime) -> bool:
    """Once, though two workers run the job."""
    if not Voucher.objects.filter(pk=voucher.pk, given_at=None, voided_at=None).update(given_at=at):
        return False
    _draft("voucher", voucher, voucher.recipient_email, f"{voucher.pk}")
    return True


def remind(at: datetime | None = None) -> int:
    """The job: whoever we can write to hears once that it ends soon, and again after it was given more time."""
    at = at or timezone.now()
    today = dates.local(at).date()
    until = today + timedelta(days=settings.VOUCHER_REMIND_DAYS)
    ending = (
        Voucher.objects.usable(today)
        .filter(expires_on__lt=until)
        .filter(Q(reminded_of=None) | ~Q(reminded_of=F("expires_on")))
    )
    return sum(_remind(voucher) for voucher in ending.select_related("line__order")[:500])


@transaction.atomic
def _remind(voucher: Voucher) -> bool:
    fresh = Voucher.objects.filter(pk=voucher.pk).exclude(reminded_of=voucher.expires_on)
    if not fresh.update(reminded_of=voucher.expires_on):
        return False
    address = voucher.recipient_email if voucher.given_at else ""
    address = address or (voucher.line.order.payer_email if voucher.line else voucher.recipient_email)
    if address:
        _draft("voucher_ending", voucher, address, f"{voucher.pk} {voucher.expires_on}")
    return bool(address)


def _draft(name: str, voucher: Voucher, to: str, key: str) -> None:
    draft(
        f"billing.{name}", to=to, key=f"voucher:{key}", data={"voucher_id": voucher.pk}, about=("voucher", voucher.pk)
    )
