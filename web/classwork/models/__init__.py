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
from classwork.models.resources import Attachment, Resource, When
from classwork.models.sessions import Session

__all__ = [
    "Assignment",
    "Attachment",
    "CalendarFeed",
    "ClassOffer",
    "Diary",
    "Level",
    "LevelOverride",
    "Location",
    "Meeting",
    "Proposal",
    "Registration",
    "Resource",
    "Session",
    "SkippedDate",
    "Subject",
    "When",
]
