from classwork.models.calendar_feeds import CalendarFeed
from classwork.models.called_off import CallOff, CompensationPolicy, Outcome
from classwork.models.cancellation_terms import CancellationStep, CancellationTerms
from classwork.models.catalog import Level, Location, Subject
from classwork.models.class_offers import Assignment, ClassOffer, Meeting, SkippedDate
from classwork.models.class_roles import Balance, OfferRole
from classwork.models.level_overrides import LevelOverride
from classwork.models.library import LibraryVisit, Opening
from classwork.models.places import Registration
from classwork.models.proposals import Proposal
from classwork.models.releases import Release
from classwork.models.resources import Attachment, ReleaseMoment, Resource
from classwork.models.sessions import Session
from classwork.models.student_calendar_feeds import Diary
from classwork.models.tickets import Ticket
from classwork.models.waiting import WaitingEntry, Walk

__all__ = [
    "Assignment",
    "Attachment",
    "Balance",
    "CalendarFeed",
    "CallOff",
    "CancellationStep",
    "CancellationTerms",
    "ClassOffer",
    "CompensationPolicy",
    "Diary",
    "Level",
    "LevelOverride",
    "LibraryVisit",
    "Location",
    "Meeting",
    "OfferRole",
    "Opening",
    "Outcome",
    "Proposal",
    "Registration",
    "Release",
    "ReleaseMoment",
    "Resource",
    "Session",
    "SkippedDate",
    "Subject",
    "Ticket",
    "WaitingEntry",
    "Walk",
]
