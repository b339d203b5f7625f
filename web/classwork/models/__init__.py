from classwork.models.calendar_feeds import CalendarFeed
from classwork.models.cancellation_terms import CancellationStep, CancellationTerms
from classwork.models.catalog import Level, Location, Subject
from classwork.models.class_offers import Assignment, ClassOffer, Meeting, SkippedDate
from classwork.models.class_roles import Balance, OfferRole
from classwork.models.proposals import Proposal
from classwork.models.releases import Release
from classwork.models.resources import Attachment, ReleaseMoment, Resource
from classwork.models.sessions import Session

__all__ = [
    "Assignment",
    "Attachment",
    "Balance",
    "CalendarFeed",
    "CancellationStep",
    "CancellationTerms",
    "ClassOffer",
    "Level",
    "Location",
    "Meeting",
    "OfferRole",
    "Proposal",
    "Release",
    "ReleaseMoment",
    "Resource",
    "Session",
    "SkippedDate",
    "Subject",
]
