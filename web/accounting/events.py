from outbox.declare import EventType
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
    "billing.reconciliation_step", StatementStepPayload, subject=("reconciliation", "run_id")
)


RECONCILIATION_DONE = EventType(
    "billing.reconciliation_done", ReconciliationPayload, subject=("reconciliation", "run_id")
)


FINDING_DOUBTED = EventType("billing.finding_doubted", FindingPayload, subject=("reconciliation", "run_id"))
