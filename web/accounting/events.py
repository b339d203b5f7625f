"""The events of accounting and their payloads, which name rows by their ids."""

from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class StatementStepPayload:
    """The next part of a gateway's statement is to be read, or the whole statement compared."""

    run_id: int
    book_id: int


@dataclass(frozen=True)
class ReconciliationPayload:
    """A reconciliation has ended."""

    run_id: int


@dataclass(frozen=True)
class FindingPayload:
    """The gateway is to be polled again about one finding."""

    run_id: int
    finding_id: int


RECONCILIATION_STEP = EventType(
    "accounting.reconciliation_step", StatementStepPayload, subject=("reconciliation", "run_id")
)
RECONCILIATION_DONE = EventType(
    "accounting.reconciliation_done", ReconciliationPayload, subject=("reconciliation", "run_id")
)
FINDING_DOUBTED = EventType("accounting.finding_doubted", FindingPayload, subject=("reconciliation", "run_id"))
