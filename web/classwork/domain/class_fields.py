"""Each field of a class, and each table that refers to a class, is declared here once.

The declaration says who may edit it, whether a proposal may set or change it, and what happens to it when the class is
repeated in the next session or copied. Forms, proposals and planning read this table. A test compares it with the
model, so that a new field cannot be forgotten in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RepeatBehavior(Enum):
    CHOSEN = "chosen"
    """The planner sets it for each class. The repeated class supplies the suggestion."""
    KEPT = "kept"
    """The value is copied from the repeated class."""
    COMPUTED = "computed"
    """The value follows from the new dates."""
    FRESH = "fresh"
    """The value belongs to one session only and starts as for any new class."""


@dataclass(frozen=True)
class FieldPolicy:
    repeated: RepeatBehavior
    office: bool = True
    """The office edits it in the form of the class."""
    idea: bool = False
    """A teacher sets it when proposing a class."""
    request: bool = False
    """A teacher may request a change after the class was approved."""


CHOSEN, KEPT, COMPUTED, FRESH = RepeatBehavior
TEACHERS = {"idea": True, "request": True}

CLASS_FIELDS = {
    "session": FieldPolicy(CHOSEN, idea=True),
    "subject": FieldPolicy(CHOSEN, idea=True),
    "location": FieldPolicy(CHOSEN, **TEACHERS),
    "class_day": FieldPolicy(CHOSEN, **TEACHERS),
    "start_time": FieldPolicy(CHOSEN, **TEACHERS),
    "capacity": FieldPolicy(KEPT),
    "price": FieldPolicy(KEPT, request=True),
    "minimum": FieldPolicy(COMPUTED, **TEACHERS),  # It is dropped if no decision date is left.
    "decision_date": FieldPolicy(COMPUTED, **TEACHERS),
    "terms": FieldPolicy(KEPT, **TEACHERS),
    "pay_at_door": FieldPolicy(KEPT),
    "drop_in_price": FieldPolicy(KEPT),
    "trial_price": FieldPolicy(KEPT),
    "last_joinable_class": FieldPolicy(KEPT),
    "pro_rata": FieldPolicy(KEPT),
    "skip_tagline": FieldPolicy(FRESH, **TEACHERS),
    "public_note": FieldPolicy(FRESH, **TEACHERS),
    "manager_approved": FieldPolicy(FRESH),
    "confirmed_at": FieldPolicy(FRESH, office=False),
    "asked_at": FieldPolicy(FRESH, office=False),
    "canceled_at": FieldPolicy(FRESH, office=False),
}
CLASS_ROWS = {
    "teachers": CHOSEN,
    "assignments": CHOSEN,
    "roles": KEPT,
    "balance": KEPT,
    "meetings": COMPUTED,
    "releases": COMPUTED,
    "skipped_dates": FRESH,
    "attachments": FRESH,  # Resources for every class are attached to the subject.
    "proposals": FRESH,
    "class_cancellations": FRESH,
    "registrations": FRESH,
    "waiting": FRESH,
    "walks": FRESH,
}

OFFICE_FIELDS = [name for name, policy in CLASS_FIELDS.items() if policy.office]
IDEA_FIELDS = [name for name, policy in CLASS_FIELDS.items() if policy.idea]
REQUEST_FIELDS = [name for name, policy in CLASS_FIELDS.items() if policy.request]
KEPT_FIELDS = [name for name, policy in CLASS_FIELDS.items() if policy.repeated is KEPT]
KEPT_ROWS = [name for name, repeated in CLASS_ROWS.items() if repeated is KEPT]
