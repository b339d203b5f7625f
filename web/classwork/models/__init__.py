from classwork.models.calendar_feeds import TeacherCalendarFeed
from classwork.models.cancellation_terms import CancellationTerms, CancellationTermsStep
from classwork.models.catalog import Level, Location, Subject
from classwork.models.class_offers import Assignment, ClassOffer, Meeting, SkippedDate
from classwork.models.class_roles import ClassRole, RoleBalance
from classwork.models.proposals import Proposal
from classwork.models.releases import Release
from classwork.models.resources import Attachment, ReleaseMoment, Resource
from classwork.models.sessions import Session

__all__ = [
    "Assignment",
    "Attachment",
    "CancellationTerms",
    "CancellationTermsStep",
    "ClassOffer",
    "ClassRole",
    "Level",
    "Location",
    "Meeting",
    "Proposal",
    "Release",
    "ReleaseMoment",
    "Resource",
    "RoleBalance",
    "Session",
    "SkippedDate",
    "Subject",
    "TeacherCalendarFeed",
]
