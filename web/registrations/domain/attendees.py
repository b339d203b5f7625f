"""The students whom a buyer registers, found or created from the name and email address that were typed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from billing.models import Order, OrderLine
from common import names
from registrations.domain.line_details import ME, STUDENT, Attendee, AttendeeDetails
from registrations.models import Registration
from users.domain import accounts, guardianship
from users.models import Student, User

NOBODY = gettext_lazy("Please choose who’s coming.")
CLASS_KIND = "class"
"""A line of this kind is for a class, or for the one of its meetings that is the part of the product."""


@dataclass(frozen=True)
class TypedPerson:
    """A typed name and email address. `in_care_of` names the account that is created if the address has none."""

    first_name: str
    last_name: str
    email: str
    in_care_of: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        return f"{names.name_key(self.first_name, self.last_name)}|{self.email}"


def typed_person(attendee: Attendee, order: Order) -> TypedPerson:
    if order.payer is not None:
        payer_first, payer_last, payer_email = order.payer.first_name, order.payer.last_name, order.payer.email
    else:
        payer_first, _, payer_last = names.tidy_name(order.payer_name).partition(" ")
        payer_email = names.email_key(order.payer_email)
    if attendee.who == ME:
        return TypedPerson(payer_first, payer_last, payer_email)
    if attendee.email:
        return TypedPerson(attendee.first_name, attendee.last_name, attendee.email)
    return TypedPerson(attendee.first_name, attendee.last_name, payer_email, (payer_first, payer_last))


class OrderPeople:
    """The people of an order as its buyer may see them. The students in the payer's care are loaded once."""

    def __init__(self, order: Order) -> None:
        self.order = order

    @cached_property
    def in_care(self) -> list[Student]:
        return list(Student.objects.in_care_of(self.order.payer).select_related("user")) if self.order.payer else []

    def known_student(self, attendee: Attendee) -> Student | None:
        """Returns None unless the buyer speaks for the student, because nobody else may learn who is stored."""
        if attendee.who == STUDENT:
            return next((student for student in self.in_care if student.pk == attendee.student_id), None)
        if attendee.who == ME:
            return next((student for student in self.in_care if student.user_id == self.order.payer_id), None)
        return None

    @cached_property
    def registered_by_desk(self) -> dict[int, Student]:
        numbers = {line.student_id for line in self.order.lines.all() if line.by_desk and line.student_id}
        return Student.objects.in_bulk(numbers) if numbers else {}

    def student(self, line: OrderLine) -> Student | None:
        """Returns the student of a line whom the desk registers, or for whom the buyer speaks."""
        if line.by_desk:
            return self.registered_by_desk.get(line.student_id or 0)
        attendee = AttendeeDetails.from_line(line).attendee
        return self.known_student(attendee) if attendee else None

    def name(self, attendee: Attendee) -> str:
        if attendee.who == STUDENT:
            return str(self.known_student(attendee) or "")
        person = typed_person(attendee, self.order)
        return f"{person.first_name} {person.last_name}".strip() or "You"

    def key(self, attendee: Attendee) -> str:
        student = self.known_student(attendee)
        return f"student {student.pk}" if student else typed_person(attendee, self.order).key


def known_student(attendee: Attendee, order: Order) -> Student | None:
    return OrderPeople(order).known_student(attendee)


def payer_speaks_for(line: OrderLine, student: Student) -> bool:
    if line.by_desk or line.moved_from_id:
        return True
    attendee = AttendeeDetails.from_line(line).attendee
    return attendee is not None and known_student(attendee, line.order) == student


def default_choices(viewer: User | None, in_care: Sequence[Student]) -> list[str]:
    if viewer is None or not in_care or Student.objects.filter(user=viewer).exists():
        return [ME]
    return [f"{STUDENT}-{in_care[0].pk}"] if len(in_care) == 1 else []


def assign_students(lines: Iterable[OrderLine]) -> None:
    """Of one order. Goes by email address before any class is locked, so that two orders for the same people cannot
    deadlock."""
    nameless = [line for line in lines if line.student_id is None]
    pairs = [(line, attendee) for line in nameless if (attendee := AttendeeDetails.from_line(line).attendee)]
    students: dict[Attendee, Student] = {}
    for line, attendee in sorted(pairs, key=lambda pair: (typed_person(pair[1], pair[0].order).email, pair[0].pk)):
        if attendee not in students:
            students[attendee] = find_or_create_student(attendee, line.order)
        line.student = students[attendee]
    OrderLine.objects.bulk_update([line for line, _attendee in pairs], ["student"])


def find_or_create_student(attendee: Attendee, order: Order) -> Student:
    if attendee.who == STUDENT and (student := known_student(attendee, order)):
        return student
    if attendee.who == ME and order.payer is not None:
        return guardianship.ensure_own_record(order.payer)
    person = typed_person(attendee, order)
    if not person.in_care_of or order.payer is None:
        return find_or_create_by_email(person)
    name_key = names.name_key(person.first_name, person.last_name)
    child = Student.objects.filter(guardian=order.payer, name_key=name_key).first()
    return child or guardianship.add_student(
        order.payer, {"first_name": person.first_name, "last_name": person.last_name}
    )


def find_or_create_by_email(person: TypedPerson) -> Student:
    """Runs the same queries and writes one row in every case, so that the response time reveals nothing."""
    owner_name = person.in_care_of or (person.first_name, person.last_name)
    accounts.prepare_account(person.email, *owner_name)
    student, owner = _match_student(person, User.objects.select_for_update().get(email=person.email))
    if student is not None:
        equalize_work(student)
        return student
    return Student.objects.create(first_name=person.first_name, last_name=person.last_name, email=person.email, **owner)


def find_by_email(person: TypedPerson) -> Student | None:
    account = User.objects.filter(email=person.email).first()
    return _match_student(person, account)[0] if account else None


def _match_student(person: TypedPerson, account: User) -> tuple[Student | None, dict[str, User]]:
    """Returns the student of this name under the account, or to whom a new one belongs."""
    key = names.name_key(person.first_name, person.last_name)
    same_name = Q(name_key=key, user=None) & (Q(guardian=account) | Q(offered_to=account, guardian=None))
    found = list(Student.objects.filter(Q(user=account) | same_name).select_related("user", "guardian"))
    own = next((student for student in found if student.user_id), None)
    child = next((student for student in found if student.guardian_id and not student.user_id), None)
    offered = next((student for student in found if not student.guardian_id and not student.user_id), None)
    is_owner = key in (own.name_key if own else "", names.name_key(account.first_name, account.last_name))
    owner = {"user": account} if is_owner and own is None else {"offered_to": account}
    return (own if is_owner else None) or child or offered, owner


def equalize_work(student: Student) -> None:
    """Writes one row, so that finding a student takes as long as creating one."""
    Student.objects.filter(pk=student.pk).update(name_key=student.name_key)


def create_duplicate(student: Student) -> Student:
    """Creates a second record for a name that is registered twice. The office decides what to do with it."""
    return Student.objects.create(first_name=student.first_name, last_name=student.last_name, email=email_of(student))


def email_of(student: Student) -> str:
    account = student.user or student.guardian
    return account.email if account else student.email


def greeting_name(student: Student) -> str:
    """Returns the first name of the person who reads the mail, or '' if the address may be a stranger's."""
    if student.guardian is not None:
        return student.guardian.first_name
    return "" if student.offered_to_id else student.first_name


def reads_own_mail(student: Student) -> bool:
    return student.guardian_id is None and student.offered_to_id is None


@transaction.atomic
def set_contact_email(student: Student, email: str) -> None:
    accounts.prepare_account(email, student.first_name, student.last_name)
    student.email, student.offered_to = email, User.objects.get(email=email)
    student.save(update_fields=["email", "offered_to"])


def unreachable_students(order: Order) -> QuerySet[Student]:
    unclaimed = Student.objects.filter(user=None, guardian=None, offered_to=None)
    registrations = Registration.objects.whole_class().live().filter(line__order=order)
    return unclaimed.filter(pk__in=registrations.values("student"))
