"""The mail about the differences that a nightly run has found."""

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Count, Q

from accounting.models import Finding, GatewayStatement, Reconciliation
from mailroom.domain import draft_message
from users.models import User


def open_findings_by_verdict(run: Reconciliation) -> list[tuple[str, int]]:
    rows = Finding.objects.open().filter(statement__run=run).order_by().values("verdict").annotate(count=Count("pk"))
    counts = {row["verdict"]: row["count"] for row in rows}
    return [(str(verdict.label), counts[verdict]) for verdict in Finding.Verdict if verdict in counts]


def unreadable_statements(run: Reconciliation) -> list[GatewayStatement]:
    return list(run.statements.filter(state=GatewayStatement.State.FAILED))


def draft_differences_mail(run: Reconciliation) -> None:
    # A run that was started by hand needs no mail, because the person who started it looks at it.
    if run.started_by_id is not None or not (open_findings_by_verdict(run) or unreadable_statements(run)):
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
