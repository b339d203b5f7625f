from classwork.admin.cancellation_terms import CancellationTermsAdmin
from classwork.admin.catalog import LevelAdmin, LocationAdmin, SubjectAdmin
from classwork.admin.class_offers import ClassOfferAdmin, MeetingAdmin, ProposalAdmin
from classwork.admin.resources import ReleaseAdmin, ResourceAdmin
from classwork.admin.sessions import SessionAdmin

__all__ = [
    "CancellationTermsAdmin",
    "ClassOfferAdmin",
    "LevelAdmin",
    "LocationAdmin",
    "MeetingAdmin",
    "ProposalAdmin",
    "ReleaseAdmin",
    "ResourceAdmin",
    "SessionAdmin",
    "SubjectAdmin",
]
