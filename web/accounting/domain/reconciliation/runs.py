"""Reconciliation runs: start one, read each gateway's statement week by week, compare it and end the run.

Each step is an outbox event of its own and can be repeated safely. A worker that dies loses one week of reading, and a
gateway that is down for an hour only delays the run.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from accounting import events
from accounting.domain.reconciliation import comparison, digest, fulfillment
from accounting.errors import AccountingRefused
from accounting.models import Finding, GatewayStatement, Reconciliation
from billing import gateways
from billing.domain import locks
from billing.gateways import Gateway
from billing.gateways.facts import GatewayLine
from common import dates
from common.errors import NeedsPerson, PermanentFailure, TemporaryFailure
from history.domain import record_action
from outbox.domain import emit
from users.models import User

State = GatewayStatement.State
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
STEP = timedelta(days=7)
MARGIN = timedelta(days=3)
"""Both sides may date the same payment up to this far apart."""
LONGEST = timedelta(days=366)


@transaction.atomic
def start_run(since: date, until: date, *, by: User | None, at: datetime | None = None) -> Reconciliation:
    """Start a run, or return the unfinished one for the same days, so that a double click starts only one."""
    at = (at or timezone.now()).replace(microsecond=0) + SECOND  # The current second is part of the run.
    start, cut = dates.local_moment(since, time.min), min(dates.local_moment(until + DAY, time.min), at)
    if until < since:
        raise AccountingRefused("The last day is before the first.", code="date_range")
    if until - since > LONGEST:
        raise AccountingRefused("Please select a year at most.", code="date_range")
    if cut <= start:
        raise AccountingRefused("These days are in the future.", code="date_range")
    if by is not None:
        locks.lock_account(by)  # A second click waits here for the first one.
    unfinished = Reconciliation.objects.filter(from_date=since, to_date=until, ended_at=None).first()
    if unfinished is not None:
        return unfinished
    run = Reconciliation.objects.create(from_date=since, to_date=until, cutoff=cut, started_by=by, started_at=at)
    read_from = start - MARGIN
    for variant in comparable_gateways():
        _emit_next_step(
            GatewayStatement.objects.create(
                run=run, variant=variant, start=read_from, end=min(cut + MARGIN, at), cursor=read_from
            )
        )
    _emit_next_step(GatewayStatement.objects.create(run=run, state=State.MATCHING, start=start, end=cut, cursor=start))
    if by is not None:
        record_action(by, "accounting.reconciliation_started", run, since=since.isoformat(), until=until.isoformat())
    return run


def comparable_gateways() -> list[str]:
    return [
        name
        for name, _ in gateways.online_methods()
        if type(gateways.gateway_named(name)).statement_lines is not Gateway.statement_lines
    ]


def _emit_next_step(statement: GatewayStatement) -> None:
    key = f"{statement.pk} {statement.state} {statement.cursor.isoformat()} {statement.attempts}"
    emit(events.RECONCILIATION_ADVANCED, key=key, run_id=statement.run_id, statement_id=statement.pk)


def advance_run(statement_id: int) -> None:
    """Read the next week or compare. This runs outside any transaction: it asks a gateway or writes many rows."""
    statement = GatewayStatement.objects.select_related("run").filter(pk=statement_id).first()
    if statement is None or statement.is_over:
        return
    if statement.state != State.FETCHING:
        compare = comparison.compare_statement if statement.variant else fulfillment.compare_fulfillment
        compare(statement)
        _end_statement(statement, State.DONE)
        return
    since, until = statement.cursor, min(statement.cursor + STEP, statement.end)
    try:
        lines = list(gateways.gateway_named(statement.variant).statement_lines(since, until))
    except TemporaryFailure as error:
        GatewayStatement.objects.filter(pk=statement.pk).update(error=f"No answer yet. We’ll try again. {error}"[:300])
        raise
    except (PermanentFailure, NeedsPerson) as error:
        _end_statement(statement, State.FAILED, str(error))
    except gateways.UnknownGateway:
        _end_statement(statement, State.FAILED, "This gateway is no longer switched on.")
    else:
        _store_fetched_lines(statement, lines, since, until)


@transaction.atomic
def _store_fetched_lines(
    statement: GatewayStatement, lines: Iterable[GatewayLine], since: datetime, until: datetime
) -> None:
    # The lines and the cursor are stored together. If another worker has stored them already, nothing changes.
    locked = (
        GatewayStatement.objects.select_for_update().filter(pk=statement.pk, state=State.FETCHING, cursor=since).first()
    )
    if locked is None:
        return
    Finding.objects.bulk_create(
        (comparison.finding_from_line(locked, line) for line in lines if since <= line.at < until),
        batch_size=500,
    )
    locked.cursor, locked.error = until, ""
    locked.state = State.MATCHING if until >= locked.end else State.FETCHING
    locked.save(update_fields=["cursor", "error", "state"])
    _emit_next_step(locked)


@transaction.atomic
def _end_statement(statement: GatewayStatement, state: str, error: str = "") -> None:
    run = Reconciliation.objects.select_for_update().get(pk=statement.run_id)
    GatewayStatement.objects.filter(pk=statement.pk).update(state=state, error=error[:300])
    if run.ended_at is None and not run.statements.exclude(state__in=[State.DONE, State.FAILED]).exists():
        run.ended_at = timezone.now()
        run.save(update_fields=["ended_at"])
        digest.draft_differences_mail(run)


@transaction.atomic
def resume_statement(statement: GatewayStatement, by: User) -> None:
    run = Reconciliation.objects.select_for_update().get(pk=statement.run_id)
    locked = GatewayStatement.objects.select_for_update().get(pk=statement.pk)
    if locked.state == State.DONE:
        return
    locked.state = State.MATCHING if locked.cursor >= locked.end or not locked.variant else State.FETCHING
    locked.attempts, locked.error = locked.attempts + 1, ""
    locked.save(update_fields=["state", "attempts", "error"])
    Reconciliation.objects.filter(pk=run.pk).update(ended_at=None)
    record_action(by, "accounting.reconciliation_resumed", run, statement=str(locked))
    _emit_next_step(locked)
