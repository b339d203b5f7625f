"""Each field of a class, and each table that refers to a class, is declared here once.

To add a field: (1) Add it to `ClassOffer`, with a migration. (2) Add one line to CLASS_FIELDS: what a repeated class
gets, where the admin has it, where the value shows, and whether teachers may set it. (3) `Place.FACTS` needs no
template. For another place, show the value in its template.

Forms, the admin, proposals, previews and planning read this table. Tests compare it with the model and the pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto


class RepeatBehavior(Enum):
    """What happens to a field when the class is copied or repeated in the next session."""

    CHOSEN = "chosen"
    """The planner sets it for each class. The repeated class supplies the suggestion."""
    KEPT = "kept"
    """The value is copied from the repeated class."""
    COMPUTED = "computed"
    """The value follows from the new dates."""
    FRESH = "fresh"
    """The value belongs to one session only and starts as for any new class."""


class Section(Enum):
    """The sections of the form in the admin, in their order. The value is the heading."""

    CLASS = ""
    WHEN = "When"
    SKIPPED = "Skipped dates"
    WHERE = "Location and teachers"
    MINIMUM = "Minimum enrollment"
    PUBLIC = "For the public"
    LATE = "Late joining and drop-ins"


class Place(Flag):
    """Where people read the value."""

    NOWHERE = 0
    FACTS = auto()
    """Listed with its label on the class page and on the office's page of the class. No template names it."""
    CLASS_PAGE = auto()
    CLASS_LIST = auto()
    SEARCH = auto()
    """The structured data for search engines."""
    MAIL = auto()
    """The mail to a student who is registered."""
    CALENDAR = auto()
    """The entries of subscribed calendars. A new value is sent as a revision of each entry."""
    PREVIEW = auto()
    """A change is a row of the preview that the office confirms."""


@dataclass(frozen=True)
class FieldPolicy:
    repeated: RepeatBehavior
    section: Section | None = None
    """Where the office edits it. None if nobody edits it there."""
    shown: Place = Place.NOWHERE
    idea: bool = False
    """A teacher sets it when proposing a class."""
    request: bool = False
    """A teacher may request a change after the class was approved."""
    same_line: bool = False
    """In the admin, it is on the line of the field before it."""


@dataclass(frozen=True)
class RowsPolicy(FieldPolicy):
    """For a table that refers to the class, such as its teachers."""

    inputs: tuple[tuple[str, ...], ...] = ()
    """The lines that the admin shows for it. Their inputs are in the form or in the admin class."""


CHOSEN, KEPT, COMPUTED, FRESH = RepeatBehavior
PAGES = Place.CLASS_PAGE | Place.CLASS_LIST
LISTED = PAGES | Place.SEARCH
EVERYWHERE = LISTED | Place.MAIL | Place.CALENDAR

CLASS_FIELDS: dict[str, FieldPolicy] = {
    "session": FieldPolicy(CHOSEN, Section.CLASS, PAGES, idea=True),
    "subject": FieldPolicy(CHOSEN, Section.CLASS, EVERYWHERE, idea=True),
    "location": FieldPolicy(CHOSEN, Section.WHERE, EVERYWHERE | Place.PREVIEW, idea=True, request=True),
    "assignments": RowsPolicy(CHOSEN, Section.WHERE, LISTED | Place.CALENDAR, inputs=(("teaching", "assisting"),)),
    "class_day": FieldPolicy(CHOSEN, Section.WHEN, PAGES | Place.MAIL, idea=True, request=True),
    "start_time": FieldPolicy(CHOSEN, Section.WHEN, PAGES | Place.MAIL, idea=True, request=True, same_line=True),
    "meetings": RowsPolicy(COMPUTED, Section.WHEN, EVERYWHERE, inputs=(("dates_now",), ("single_days",))),
    "capacity": FieldPolicy(KEPT, Section.WHERE, PAGES),
    "price": FieldPolicy(KEPT, Section.PUBLIC, LISTED, request=True),
    # The minimum is dropped if no decision date is left.
    "minimum_enrollment": FieldPolicy(COMPUTED, Section.MINIMUM, PAGES, idea=True, request=True),
    "decision_date": FieldPolicy(COMPUTED, Section.MINIMUM, PAGES, idea=True, request=True, same_line=True),
    "pay_at_door": FieldPolicy(KEPT, Section.PUBLIC),
    "cancellation_terms": FieldPolicy(KEPT, Section.PUBLIC, Place.CLASS_PAGE, idea=True, request=True),
    "last_joinable_class": FieldPolicy(KEPT, Section.LATE),
    "pro_rata": FieldPolicy(KEPT, Section.LATE, same_line=True),
    "drop_in_price": FieldPolicy(KEPT, Section.LATE, PAGES),
    "trial_price": FieldPolicy(KEPT, Section.LATE, PAGES, same_line=True),
    "skipped_dates": RowsPolicy(FRESH, Section.SKIPPED, PAGES, inputs=(("skipped",),)),
    "skip_tagline": FieldPolicy(FRESH, Section.SKIPPED, PAGES, idea=True, request=True),
    "public_note": FieldPolicy(FRESH, Section.PUBLIC, Place.CLASS_PAGE, idea=True, request=True),
    "manager_approved": FieldPolicy(FRESH, Section.CLASS, PAGES),
    "confirmed_at": FieldPolicy(FRESH),
    "decision_requested_at": FieldPolicy(FRESH),
    "canceled_at": FieldPolicy(FRESH, shown=Place.CLASS_PAGE | Place.SEARCH),
    "teachers": RowsPolicy(CHOSEN),  # The people of the assignments.
    "roles": RowsPolicy(KEPT, shown=PAGES),
    "balance": RowsPolicy(KEPT),
    "releases": RowsPolicy(COMPUTED),
    "attachments": RowsPolicy(FRESH),  # Resources for every class are attached to the subject.
    "proposals": RowsPolicy(FRESH),
    "class_cancellations": RowsPolicy(FRESH),
    "registrations": RowsPolicy(FRESH),
    "waitlist_entries": RowsPolicy(FRESH),
    "walks": RowsPolicy(FRESH),
}
OWN_FIELDS = {name: policy for name, policy in CLASS_FIELDS.items() if not isinstance(policy, RowsPolicy)}
OFFICE_FIELDS = [name for name, policy in OWN_FIELDS.items() if policy.section]
IDEA_FIELDS = [name for name, policy in OWN_FIELDS.items() if policy.idea]
REQUEST_FIELDS = [name for name, policy in OWN_FIELDS.items() if policy.request]
KEPT_FIELDS = [name for name, policy in OWN_FIELDS.items() if policy.repeated is KEPT]
KEPT_ROWS = [name for name, policy in CLASS_FIELDS.items() if policy.repeated is KEPT and name not in OWN_FIELDS]


def fields_shown(place: Place) -> list[str]:
    return [name for name, policy in OWN_FIELDS.items() if place in policy.shown]


def section_lines(section: Section) -> tuple[tuple[str, ...], ...]:
    lines: list[tuple[str, ...]] = []
    for name, policy in CLASS_FIELDS.items():
        if policy.section is not section:
            continue
        if isinstance(policy, RowsPolicy):
            lines += policy.inputs
        elif policy.same_line:
            lines[-1] += (name,)
        else:
            lines.append((name,))
    return tuple(lines)
