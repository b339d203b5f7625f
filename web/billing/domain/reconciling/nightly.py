"""Every night the days since the last time are compared; a digest goes out only when something is off."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Count, Q
from django.utils import timezone

from billing.domain.reconciling import runs
from billing.models import Book, Finding, Reconciliation
from common import dates
from mailroom.domain import draft
from users.models import User

DAY = timedelta(days=1)
AT_MOST = timedelta(days=31)


def begin() -> None:
    """Yesterday, and what was missed before while the site was down."""
    yesterday = dates.today() - DAY
    last = Reconciliation.objects.filter(by=None).order_by("-until").first()
    since = max(last.until + DAY, yesterday - AT_MOST) if last else yesterday
    if since <= yesterday:
        runs.begin(since, yesterday, by=None)


def differences(run: Reconciliation) -> list[tuple[str, int]]:
    """How many of each verdict still wait for somebody."""
    counted = Finding.objects.open().filter(book__run=run).order_by().values("verdict").annotate(count=Count("pk"))
    found = {row["verdict"]: row["count"] for row in counted}
    return [(str(verdict.label), found[verdict]) for verdict in Finding.Verdict if verdict in found]


def unread(run: Reconciliation) -> list[Book]:
    return list(run.books.filter(state=Book.State.FAILED))


def tell(run_id: int) -> None:
    """Runs that a person began are looked at by that person."""
    run = Reconciliation.objects.filter(pk=run_id, by=None).first()
    if run is None or not (differences(run) or unread(run)):
        return
    for address, person_id in readers():
        draft(
            "billing.differences",
            to=address,
            person_id=person_id,
            key=f"run:{run.pk}",
            data={"run_id": run.pk},
            about=("reconciliation", run.pk),
        )


def readers() -> list[tuple[str, int | None]]:
    """The address of DIFFERENCES_TO, or everybody who may settle them."""
    if settings.DIFFERENCES_TO:
        return [(settings.DIFFERENCES_TO, None)]
    permission = Permission.objects.filter(content_type__app_label="billing", codename="reconcile")
    may = Q(groups__permissions__in=permission) | Q(user_permissions__in=permission) | Q(is_superuser=True)
    people = User.objects.filter(may, is_active=True).order_by("pk").distinct()
    return [(person.email, person.pk) for person in people]


def tidy() -> int:
    """Old runs in which nothing waits go; what was explained is kept, so that it need not be explained again."""
    old = timezone.now() - timedelta(days=settings.RECONCILIATIONS_KEEP_DAYS)
    going = Reconciliation.objects.filter(ended_at__lt=old)
    kept = Finding.objects.off().filter(Q(closed_at=None) | Q(deed="explained")).values("book__run")
    removed, _ = Finding.objects.filter(book__run__in=going, verdict__in=Finding.FINE).delete()
    going.exclude(pk__in=kept).delete()
    return removed
