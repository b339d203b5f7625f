"""The classes of an account's people, now and before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing.domain.words import Said
from classwork.domain.listed import Listed
from classwork.domain.places import diary, words
from classwork.models import Registration, Subject
from common import dates
from users.models import Student, User

State = Registration.State


@dataclass(frozen=True)
class Place:
    registration: Registration
    listed: Listed
    state: Said
    payment: Said


@dataclass(frozen=True)
class Attending:
    student: Student
    now: list[Place]
    before: list[Place]

    @property
    def all(self) -> list[Place]:
        return [*self.now, *self.before]

    @property
    def highest(self) -> list[Subject]:
        """Of what they had and have; a workshop stands where its level stands."""
        had = [one.registration.offer.subject for one in self.all if one.registration.state == State.CONFIRMED]
        top = max((subject.level_number for subject in had), default=None)
        return list(dict.fromkeys(subject for subject in had if subject.level_number == top))

    @property
    def calendar(self) -> str:
        return diary.address(self.student)


def people(user: User, at: datetime) -> list[Attending]:
    """The account's owner first, then those in their care; lapsed holds are no classes."""
    students = sorted(
        Student.objects.of(user).select_related("diary"), key=lambda one: (one.user_id != user.pk, one.name_key)
    )
    found = Registration.objects.of(user).exclude(state=State.LAPSED).for_lists()
    places = [place(one, at) for one in _worth_showing(found, at)]
    return [_attending(student, [one for one in places if one.registration.student_id == student.pk], at)
            for student in students]  # fmt: skip


def of_student(student: Student, at: datetime) -> Attending:
    """For the school's team: whatever this person had or has."""
    found = Registration.objects.filter(student=student).exclude(state=State.LAPSED).for_lists()
    return _attending(student, [place(one, at) for one in _worth_showing(found, at)], at)


def _worth_showing(found: Iterable[Registration], at: datetime) -> list[Registration]:
    return [one for one in found if one.takes_a_place(at) or not one.is_live]


def place(registration: Registration, at: datetime) -> Place:
    listed = Listed(registration.offer, dates.local(at).date())
    return Place(registration, listed, words.of_place(registration, at), words.of_payment(registration, at))


def _attending(student: Student, places: list[Place], at: datetime) -> Attending:
    now = [one for one in places if one.registration.is_live and not _is_over(one, at)]
    return Attending(student, sorted(now, key=_first), [one for one in places if one not in now])


def _is_over(one: Place, at: datetime) -> bool:
    return one.listed.last is not None and one.listed.last.ends_at < at


def _first(one: Place) -> tuple[bool, datetime]:
    first = one.listed.first
    return first is None, first.starts_at if first else one.registration.created_at
