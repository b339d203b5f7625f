"""The classes of an account's people, now and before."""

from dataclasses import dataclass
from datetime import datetime

from billing.domain.words import Said
from classwork.domain.listed import Listed
from classwork.domain.places import diary, words
from classwork.models import Registration
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
    def calendar(self) -> str:
        return diary.address(self.student)


def people(user: User, at: datetime) -> list[Attending]:
    """The account's owner first, then those in their care; lapsed holds are no classes."""
    students = sorted(
        Student.objects.of(user).select_related("diary"), key=lambda one: (one.user_id != user.pk, one.name_key)
    )
    found = Registration.objects.of(user).exclude(state=State.LAPSED).for_lists()
    places = [place(one, at) for one in found if one.takes_a_place(at) or not one.is_live]
    return [_attending(student, [one for one in places if one.registration.student_id == student.pk], at)
            for student in students]  # fmt: skip


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
