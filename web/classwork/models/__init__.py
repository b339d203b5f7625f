from classwork.models.called_off import CallOff, CompensationPolicy, Outcome
from classwork.models.cancellation_terms import CancellationStep, CancellationTerms
from classwork.models.catalog import Level, Location, Subject
from classwork.models.class_offers import Assignment, CalendarFeed, ClassOffer, Meeting, SkippedDate
from classwork.models.places import Diary, LevelOverride, Registration
from classwork.models.proposals import Proposal
from classwork.models.releases import LibraryVisit, Opening, Release
from classwork.models.resources import Attachment, ReleaseMoment, Resource
from classwork.models.sessions import Session
from classwork.models.tickets import Ticket
from classwork.models.waiting import Balance, OfferRole, WaitingEntry, Walk

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
