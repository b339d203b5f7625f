"""The events of accounting and their payloads, which name rows by their ids."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class StatementStepPayload:
    """The next part of a gateway's statement is to be read, or the whole statement compared."""

    run_id: int
    statement_id: int


@dataclass(frozen=True)
class FindingPayload:
    """The gateway is to be polled again about one finding."""

    run_id: int
    finding_id: int


RECONCILIATION_ADVANCED = EventType(
    "accounting.reconciliation_advanced", StatementStepPayload, subject=("reconciliation", "run_id")
)
FINDING_RECHECK_REQUESTED = EventType(
    "accounting.finding_recheck_requested", FindingPayload, subject=("reconciliation", "run_id")
)
