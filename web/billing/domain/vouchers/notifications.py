"""Mail about gift vouchers: the gift on its delivery day, and a reminder before a voucher expires."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing.models import Voucher
from common import dates
from mailroom.domain import draft_message

MORNING = 8


def send_due_gifts(at: datetime | None = None) -> int:
    at = at or timezone.now()
    local = dates.to_local_time(at)
    # Gifts are not sent before eight in the morning.
    last = local.date() if local.hour >= MORNING else local.date() - timedelta(days=1)
    due = Voucher.objects.with_balance().filter(deliver_on__lte=last, delivered_at=None).exclude(recipient_email="")
    sent = 0
    for voucher in due[:500]:
        with transaction.atomic():
            # Two workers may run this job at the same time; only one of them updates the row.
            if Voucher.objects.filter(pk=voucher.pk, delivered_at=None, voided_at=None).update(delivered_at=at):
                _draft_voucher_mail("voucher", voucher, voucher.recipient_email, f"{voucher.pk}")
                sent += 1
    return sent


def send_expiry_reminders(at: datetime | None = None) -> int:
    at = at or timezone.now()
    today = dates.to_local_time(at).date()
    until = today + timedelta(days=settings.VOUCHER_REMINDER_DAYS)
    # There is one reminder for each expiry date, so an extended voucher gets another one.
    expiring = (
        Voucher.objects.usable(today)
        .filter(expires_on__lt=until)
        .filter(Q(reminded_for=None) | ~Q(reminded_for=F("expires_on")))
    )
    sent = 0
    for voucher in expiring.select_related("line__order")[:500]:
        with transaction.atomic():
            unreminded = Voucher.objects.filter(pk=voucher.pk).exclude(reminded_for=voucher.expires_on)
            if not unreminded.update(reminded_for=voucher.expires_on):
                continue
            address = voucher.recipient_email if voucher.delivered_at else ""
            address = address or (voucher.line.order.payer_email if voucher.line else voucher.recipient_email)
            if address:
                _draft_voucher_mail("voucher_expiring", voucher, address, f"{voucher.pk} {voucher.expires_on}")
                sent += 1
    return sent


def _draft_voucher_mail(name: str, voucher: Voucher, to: str, key: str) -> None:
    draft_message(
        f"billing.{name}", to=to, key=f"voucher:{key}", data={"voucher_id": voucher.pk}, about=("voucher", voucher.pk)
    )
