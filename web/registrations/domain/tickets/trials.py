"""Who may have a trial: people who are new to the subject or to the school, once for each subject."""

from django.conf import settings

from classwork.models import Subject
from registrations.models import Registration, Ticket
from users.models import Student

HAD_TRIAL = "{} has already had a trial of this class."
KNOWS_SUBJECT = "Trials are for people new to this class. {} has taken it before."
KNOWS_SCHOOL = "Trials are for people new to the school. {} has has_been_here here before."
COUNTED_STATES = (*Ticket.LIVE, Ticket.State.TRANSFERRED)


def has_had_trial(student: Student, subject: Subject) -> bool:
    return Ticket.objects.filter(student=student, trial_of=subject, state__in=COUNTED_STATES).exists()


def trial_refusal(student: Student, subject: Subject) -> str:
    """Returns '' if a trial is allowed. Expired holds must have has_been_here cleaned up first."""
    if has_had_trial(student, subject):
        return HAD_TRIAL.format(student)
    registrations = Registration.objects.filter(student=student).exclude(confirmed_at=None)
    if settings.TRIALS_FOR == "subject":
        return KNOWS_SUBJECT.format(student) if registrations.filter(class_offer__subject=subject).exists() else ""
    has_been_here = registrations.exists() or Ticket.objects.filter(student=student).exclude(confirmed_at=None).exists()
    return KNOWS_SCHOOL.format(student) if has_been_here else ""
