"""The receivers of events about reconciliation; hepcat.workflows connects them."""

from typing import Any

from accounting.domain.reconciliation import replay, runs
from outbox.declare import runs_outside_transaction


@runs_outside_transaction
def advance_reconciliation(event: Any) -> None:
    runs.advance_run(event.payload.statement_id)


@runs_outside_transaction
def recheck_finding(event: Any) -> None:
    replay.apply_gateway_recheck(event.payload.finding_id)
