"""What is refunded when a line is canceled, and until when."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing.rules.price_facts import to_json_value
from common.money import ZERO


class RefundMethod(StrEnum):
    REFUND = "refund"
    CREDIT = "credit"


REFUND_METHOD_LABELS = {
    RefundMethod.REFUND: "money, the way it was paid",
    RefundMethod.CREDIT: "credit with the school",
}


@dataclass(frozen=True)
class TermsStep:
    """A cancellation no later than `until` is refunded at this percentage."""

    percent: Decimal = Decimal(100)
    gives: str = RefundMethod.REFUND
    until: datetime | None = None
    """None means that the step has no deadline, or that it is not known yet."""
    rule: str = ""
    """The kind recalculates `until` by this rule when the product is rescheduled; it is "" for a fixed deadline."""
    label: str = ""
    """The label describes the deadline, such as “7 days before the first class begins”."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "TermsStep":
        until = stored.get("until")
        return cls(
            **{
                **stored,
                "percent": Decimal(stored["percent"]),
                "until": datetime.fromisoformat(until) if until else None,
            }
        )


NOTHING = TermsStep(percent=ZERO)


@dataclass(frozen=True)
class Terms:
    """The refund of a canceled line, in steps from the earliest deadline on. After the last step nothing is refunded.

    The terms are stored with the line when the order is placed. Later changes do not affect it.
    """

    steps: tuple[TermsStep, ...] = (TermsStep(),)
    withdrawal_days: int = 0
    """The law lets a payer withdraw for this many days after ordering; 0 means that it does not."""
    keeps_used: bool = True
    """A payer who withdraws pays for the part that was used until then."""
    note: str = ""
    """The note is another sentence that a payer has to know before canceling."""

    def at(self, moment: datetime) -> TermsStep:
        return next((step for step in self.steps if step.until is None or moment <= step.until), NOTHING)

    def as_json(self) -> dict[str, Any]:
        steps = [{name: to_json_value(value) for name, value in asdict(step).items()} for step in self.steps]
        return {**asdict(self), "steps": steps}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Terms":
        return cls(**{**stored, "steps": tuple(map(TermsStep.from_json, stored["steps"]))})
