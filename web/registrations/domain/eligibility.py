"""Whether a student may have a spot: one in a class, one in a meeting, and one trial of a subject, for new people."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Self

from django.conf import settings

from billing.models import OrderLine
from classwork.models import ClassOffer
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


class StudentSpots:
    """The spots that decide what these students may order. Loaded in one query, or in three if trials are ordered."""

    def __init__(self) -> None:
        self._spots: set[tuple[int, int, int | None]] = set()
        """The student, the class, and the meeting of a drop-in or trial."""
        self._trials: set[tuple[int, int]] = set()
        self._attended: set[tuple[int, int | None]] = set()
        """The student and the subject of each confirmed spot. A drop-in or trial is no subject."""

    @classmethod
    def load(cls, student_ids: Collection[int], lines: Collection[OrderLine], at: datetime) -> Self:
        found = cls()
        spots = Registration.objects.filter(student__in=student_ids)
        taken = spots.taking_a_spot(at).filter(class_offer__in={line.product_id for line in lines})
        found._spots.update(taken.order_by().values_list("student", "class_offer", "meeting"))
        if student_ids and any(line.is_trial for line in lines):
            tried = spots.filter(trial_of__isnull=False, state__in=TRIED_STATES)
            found._trials.update(tried.order_by().values_list("student", "trial_of"))
            confirmed = spots.exclude(confirmed_at=None).order_by()
            rows = confirmed.values_list("student", "class_offer__subject", "meeting")
            found._attended.update((student, None if meeting else subject) for student, subject, meeting in rows)
        return found

    def add(self, spot: Registration) -> None:
        self._spots.add((spot.student_id, spot.class_offer_id, spot.meeting_id))
        if spot.trial_of_id is not None:
            self._trials.add((spot.student_id, spot.trial_of_id))

    def find_conflict(self, line: OrderLine, student: Student, class_offer: ClassOffer) -> StudentConflict | None:
        """Returns None if the student may have the spot."""
        if line.part_id is not None and (student.pk, class_offer.pk, line.part_id) in self._spots:
            return StudentConflict(HAS_TICKET.format(student), concerns_record=True)
        if line.is_trial and (student.pk, class_offer.subject_id) in self._trials:
            return StudentConflict(HAD_TRIAL.format(student), concerns_record=True)
        if (student.pk, class_offer.pk, None) in self._spots:
            return StudentConflict(ALREADY.format(student), concerns_record=line.part_id is None)
        message = self._newcomer_refusal(student, class_offer.subject_id) if line.is_trial else ""
        return StudentConflict(message, concerns_record=False) if message else None

    def _newcomer_refusal(self, student: Student, subject_id: int) -> str:
        if settings.TRIALS_FOR == "subject":
            return KNOWS_SUBJECT.format(student) if (student.pk, subject_id) in self._attended else ""
        has_been_here = any(student_id == student.pk for student_id, _subject in self._attended)
        return KNOWS_SCHOOL.format(student) if has_been_here else ""
