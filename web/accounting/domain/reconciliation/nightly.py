"""The nightly run: compare the days since the last one, and mail a digest if there are differences."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Count, Q
from django.utils import timezone

from accounting.domain.reconciliation import runs
from accounting.models import Finding, GatewayStatement, Reconciliation
from common import dates
from mailroom.domain import draft_message
from users.models import User

DAY = timedelta(days=1)
AT_MOST = timedelta(days=31)


def start_nightly_run() -> None:
    # Days that earlier runs missed, for example while the site was down, are compared as well.
    yesterday = dates.local_today() - DAY
    last = Reconciliation.objects.filter(started_by=None).order_by("-to_date").first()
    since = max(last.to_date + DAY, yesterday - AT_MOST) if last else yesterday
    if since <= yesterday:
        runs.start_run(since, yesterday, by=None)


def open_findings_by_verdict(run: Reconciliation) -> list[tuple[str, int]]:
    rows = Finding.objects.open().filter(statement__run=run).order_by().values("verdict").annotate(count=Count("pk"))
    counts = {row["verdict"]: row["count"] for row in rows}
    return [(str(verdict.label), counts[verdict]) for verdict in Finding.Verdict if verdict in counts]


def unreadable_statements(run: Reconciliation) -> list[GatewayStatement]:
    return list(run.statements.filter(state=GatewayStatement.State.FAILED))


def draft_differences_mail(run_id: int) -> None:
    # A run that was started by hand needs no mail, because the person who started it looks at it.
    run = Reconciliation.objects.filter(pk=run_id, started_by=None).first()
    if run is None or not (open_findings_by_verdict(run) or unreadable_statements(run)):
        return
    for address, person_id in digest_recipients():
        draft_message(
            "accounting.differences",
            to=address,
            person_id=person_id,
            key=f"run:{run.pk}",
            data={"run_id": run.pk},
            about=("reconciliation", run.pk),
        )


def digest_recipients() -> list[tuple[str, int | None]]:
    if settings.RECONCILIATION_EMAIL:
        return [(settings.RECONCILIATION_EMAIL, None)]
    permission = Permission.objects.filter(content_type__app_label="accounting", codename="reconcile")
    is_allowed = Q(groups__permissions__in=permission) | Q(user_permissions__in=permission) | Q(is_superuser=True)
    people = User.objects.filter(is_allowed, is_active=True).order_by("pk").distinct()
    return [(person.email, person.pk) for person in people]


def delete_old_runs() -> int:
    limit = timezone.now() - timedelta(days=settings.RECONCILIATIONS_KEEP_DAYS)
    old_runs = Reconciliation.objects.filter(ended_at__lt=limit)
    # Runs with open findings stay. So do explained ones, because later runs reuse the explanations.
    kept = Finding.objects.off().filter(Q(closed_at=None) | Q(action="explained")).values("statement__run")
    removed, _ = Finding.objects.filter(statement__run__in=old_runs, verdict__in=Finding.FINE).delete()
    old_runs.exclude(pk__in=kept).delete()
    return removed
