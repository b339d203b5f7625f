"""Whether a student may have a spot: one in a class, one in a meeting, and one trial of a subject, for new people."""

from typing import NamedTuple

from django.conf import settings

from classwork.models import ClassOffer, Meeting, Subject
from registrations.models import Registration
from users.models import Student

ALREADY = "{} already has a spot in this class."
HAS_TICKET = "{} already has a ticket for that day."
HAD_TRIAL = "{} has already had a trial of this class."
KNOWS_SUBJECT = "Trials are for people new to this class. {} has taken it before."
KNOWS_SCHOOL = "Trials are for people new to the school. {} has been here before."
TRIED_STATES = (*Registration.LIVE, Registration.State.TRANSFERRED)


def is_in_class(student: Student, class_offer_id: int) -> bool:
    registrations = Registration.objects.whole_class().live()
    return registrations.filter(student=student, class_offer=class_offer_id).exists()


class StudentConflict(NamedTuple):
    message: str
    concerns_record: bool
    """Whether the database refuses this record of the student, whoever buys the spot. A stranger's purchase then gets
    a record of its own."""


def find_student_conflict(
    student: Student, class_offer: ClassOffer, meeting: Meeting | None, *, trial: bool = False
) -> StudentConflict | None:
    """Returns None if the student may have the spot. Expired holds must have been cleaned up before."""
    if meeting is not None and _is_in_meeting(student, meeting):
        return StudentConflict(HAS_TICKET.format(student), concerns_record=True)
    if trial and _has_had_trial(student, class_offer.subject):
        return StudentConflict(HAD_TRIAL.format(student), concerns_record=True)
    if is_in_class(student, class_offer.pk):
        return StudentConflict(ALREADY.format(student), concerns_record=meeting is None)
    message = _newcomer_refusal(student, class_offer.subject) if trial else ""
    return StudentConflict(message, concerns_record=False) if message else None


def _is_in_meeting(student: Student, meeting: Meeting) -> bool:
    return Registration.objects.live().filter(student=student, meeting=meeting).exists()


def _has_had_trial(student: Student, subject: Subject) -> bool:
    return Registration.objects.filter(student=student, trial_of=subject, state__in=TRIED_STATES).exists()


def _newcomer_refusal(student: Student, subject: Subject) -> str:
    attended = Registration.objects.filter(student=student).exclude(confirmed_at=None)
    if settings.TRIALS_FOR == "subject":
        knows_subject = attended.whole_class().filter(class_offer__subject=subject).exists()
        return KNOWS_SUBJECT.format(student) if knows_subject else ""
    return KNOWS_SCHOOL.format(student) if attended.exists() else ""
