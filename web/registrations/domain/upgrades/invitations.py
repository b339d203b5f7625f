"""The invitation to join a class, sent the day after someone came with a ticket."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from common import dates
from registrations.domain import notifications
from registrations.domain.upgrades import upgrades
from registrations.models import Registration

FROM = time(9)
NOT_AFTER = timedelta(days=3)


def send_upgrade_invitations(at: datetime | None = None) -> int:
    at = at or timezone.now()
    today = dates.to_local_time(at).date()
    if at < dates.local_moment(today, FROM):
        return 0
    morning = dates.local_moment(today, time(0))
    ended = Registration.objects.confirmed().filter(
        meeting__ends_at__lt=morning, meeting__ends_at__gt=morning - NOT_AFTER, meeting__canceled_at=None
    )
    invited = [ticket for ticket in ended.for_meeting_lists() if not upgrades.upgrade_refusal(ticket, at)]
    for ticket in invited:
        notifications.draft_upgrade_invitation(ticket)
    return len(invited)
