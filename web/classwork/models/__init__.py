from classwork.models.calendar import (
    Assignment,
    CalendarFeed,
    ClassOffer,
    Meeting,
    SkippedDate,
)
from classwork.models.catalogue import Level, Location, Subject
from classwork.models.places import Diary, LevelOverride, Registration
from classwork.models.proposals import Proposal
from classwork.models.sessions import Session

__all__ = [
    "Assignment",
    "CalendarFeed",
    "ClassOffer",
    "Diary",
    "Level",
    "LevelOverride",
    "Location",
    "Meeting",
    "Proposal",
    "Registration",
    "Session",
    "SkippedDate",
    "Subject",
]
