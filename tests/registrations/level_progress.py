"""Classes that a student has taken."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from classwork.models import ClassOffer, Meeting
from registrations.domain import level_progress
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place
from users.models import Student, User


class LevelProgressTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()

    def take(self, level: str, version: str, *, over: bool = True, who: User | None = None) -> ClassOffer:
        """A class that Alice took, in the session that is on."""
        class_offer = factories.create_class_offer(self.session, factories.create_subject(level, version), class_day=4)
        pay(place(cart((class_offer, me()), payer=who or self.alice)))
        if over:
            self.end(class_offer)
        return class_offer

    def end(self, class_offer: ClassOffer) -> None:
        for number, meeting in enumerate(class_offer.meetings.all()):
            start = self.now - timedelta(weeks=9 - number)
            Meeting.objects.filter(pk=meeting.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))

    def progress(self, student: Student | None = None) -> level_progress.LevelProgress:
        student = student or self.student
        return level_progress.progress_of_students([student], self.now)[student.pk]

    def give(self, number: str, why: str = "Danced for years in Lyon") -> None:
        level_progress.override_level(self.student, Decimal(number), why=why, by=self.ada)
