from classwork.admin.catalogue import LevelAdmin, LocationAdmin, SubjectAdmin
from classwork.admin.offers import ClassOfferAdmin, MeetingAdmin, ProposalAdmin
from classwork.admin.places import RegistrationAdmin
from classwork.admin.resources import ReleaseAdmin, ResourceAdmin
from classwork.admin.sessions import SessionAdmin
from classwork.admin.terms import CancellationTermsAdmin

__all__ = [
    "CancellationTermsAdmin",
    "ClassOfferAdmin",
    "LevelAdmin",
    "LocationAdmin",
    "MeetingAdmin",
    "ProposalAdmin",
    "RegistrationAdmin",
    "ReleaseAdmin",
    "ResourceAdmin",
    "SessionAdmin",
    "SubjectAdmin",
]
