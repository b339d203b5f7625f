"""Mail about gift vouchers: the gift on its delivery day, and a reminder before a voucher expires."""

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
    at = at or timezone.now()
    local = dates.local(at)
    # Gifts are not sent before eight in the morning.
    last = local.date() if local.hour >= MORNING else local.date() - timedelta(days=1)
    due = Voucher.objects.with_balance().filter(give_on__lte=last, given_at=None).exclude(recipient_email="")
    sent = 0
    for voucher in due[:500]:
        with transaction.atomic():
            # Two workers may run this job at the same time; only one of them updates the row.
            if Voucher.objects.filter(pk=voucher.pk, given_at=None, voided_at=None).update(given_at=at):
                _draft("voucher", voucher, voucher.recipient_email, f"{voucher.pk}")
                sent += 1
    return sent


def remind(at: datetime | None = None) -> int:
    at = at or timezone.now()
    today = dates.local(at).date()
    until = today + timedelta(days=settings.VOUCHER_REMIND_DAYS)
    # There is one reminder for each expiry date, so an extended voucher gets another one.
    expiring = (
        Voucher.objects.usable(today)
        .filter(expires_on__lt=until)
        .filter(Q(reminded_of=None) | ~Q(reminded_of=F("expires_on")))
    )
    sent = 0
    for voucher in expiring.select_related("line__order")[:500]:
        with transaction.atomic():
            unreminded = Voucher.objects.filter(pk=voucher.pk).exclude(reminded_of=voucher.expires_on)
            if not unreminded.update(reminded_of=voucher.expires_on):
                continue
            address = voucher.recipient_email if voucher.given_at else ""
            address = address or (voucher.line.order.payer_email if voucher.line else voucher.recipient_email)
            if address:
                _draft("voucher_ending", voucher, address, f"{voucher.pk} {voucher.expires_on}")
                sent += 1
    return sent


def _draft(name: str, voucher: Voucher, to: str, key: str) -> None:
    draft(
        f"billing.{name}", to=to, key=f"voucher:{key}", data={"voucher_id": voucher.pk}, about=("voucher", voucher.pk)
    )
