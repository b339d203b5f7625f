from registrations.models.calendar_feeds import StudentCalendarFeed
from registrations.models.class_cancellations import (
    CanceledMeeting,
    ClassCancellation,
    CompensationPolicy,
    StudentCompensation,
)
from registrations.models.level_overrides import LevelOverride
from registrations.models.library import LibraryVisit, Opening
from registrations.models.registrations import Registration
from registrations.models.waitlist import WaitlistEntry, WaitlistWalk

__all__ = [
    "CanceledMeeting",
    "ClassCancellation",
    "CompensationPolicy",
    "LevelOverride",
    "LibraryVisit",
    "Opening",
    "Registration",
    "StudentCalendarFeed",
    "StudentCompensation",
    "WaitlistEntry",
    "WaitlistWalk",
]
