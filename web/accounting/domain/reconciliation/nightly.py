"""The nightly run, which compares the days since the last one, and the deletion of old runs."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounting.domain.reconciliation import runs
from accounting.models import Finding, Reconciliation
from common import dates

DAY = timedelta(days=1)
AT_MOST = timedelta(days=31)


def start_nightly_run() -> None:
    # Days that earlier runs missed, for example while the site was down, are compared as well.
    yesterday = dates.local_today() - DAY
    last = Reconciliation.objects.filter(started_by=None).order_by("-to_date").first()
    since = max(last.to_date + DAY, yesterday - AT_MOST) if last else yesterday
    if since <= yesterday:
        runs.start_run(since, yesterday, by=None)


def delete_old_runs() -> int:
    limit = timezone.now() - timedelta(days=settings.RECONCILIATIONS_KEEP_DAYS)
    old_runs = Reconciliation.objects.filter(ended_at__lt=limit)
    # Runs with open findings stay. So do explained ones, because later runs reuse the explanations.
    kept = Finding.objects.off().filter(Q(closed_at=None) | Q(action="explained")).values("statement__run")
    removed, _ = Finding.objects.filter(statement__run__in=old_runs, verdict__in=Finding.FINE).delete()
    old_runs.exclude(pk__in=kept).delete()
    return removed
