"""What the buyer of a spot typed. Whatever decides about admission, price or privacy is a column of the order line."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from billing.models import OrderLine

ME, STUDENT, OTHER = "me", "student", "other"


@dataclass(frozen=True)
class Attendee:
    """The person a buyer named. Without an email address, `other` is a person in the buyer's care."""

    who: str
    student_id: int | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**_known_values(cls, stored))

    def as_json(self) -> dict[str, Any]:
        return _values_to_store(self)


@dataclass(frozen=True)
class AttendeeDetails:
    attendee: Attendee | None = None
    readiness: str = ""
    referral_source: str = ""

    @classmethod
    def from_line(cls, line: OrderLine) -> Self:
        values = _known_values(cls, line.details)
        if "attendee" in values:
            values["attendee"] = Attendee.from_json(values["attendee"])
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        attendee = {"attendee": self.attendee.as_json()} if self.attendee else {}
        return _values_to_store(self) | attendee

    def set_on(self, line: OrderLine) -> None:
        line.details = self.as_json()


def _known_values(kind: type[Attendee | AttendeeDetails], stored: Mapping[str, Any]) -> dict[str, Any]:
    return {field.name: stored[field.name] for field in fields(kind) if field.name in stored}


def _values_to_store(details: Attendee | AttendeeDetails) -> dict[str, Any]:
    """Equal values are stored as equal JSON, so that a cart recognizes the same line."""
    values = {field.name: getattr(details, field.name) for field in fields(details)}
    return {name: value for name, value in values.items() if value not in ("", None)}
