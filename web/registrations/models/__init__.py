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
from registrations.models.tickets import Ticket
from registrations.models.waitlist import WaitlistEntry, WaitlistWalk

Spot = Registration | Ticket

__all__ = [
    "CanceledMeeting",
    "ClassCancellation",
    "CompensationPolicy",
    "LevelOverride",
    "LibraryVisit",
    "Opening",
    "Registration",
    "Spot",
    "StudentCalendarFeed",
    "StudentCompensation",
    "Ticket",
    "WaitlistEntry",
    "WaitlistWalk",
]
