from registrations.models.calendar_feeds import Diary
from registrations.models.class_cancellations import CallOff, CanceledMeeting, CompensationPolicy, Outcome
from registrations.models.level_overrides import LevelOverride
from registrations.models.library import LibraryVisit, Opening
from registrations.models.registrations import Registration
from registrations.models.tickets import Ticket
from registrations.models.waitlist import WaitingEntry, Walk

__all__ = [
    "CallOff",
    "CanceledMeeting",
    "CompensationPolicy",
    "Diary",
    "LevelOverride",
    "LibraryVisit",
    "Opening",
    "Outcome",
    "Registration",
    "Ticket",
    "WaitingEntry",
    "Walk",
]
