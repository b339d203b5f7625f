"""Who attends: from what a buyer typed to a student.

An address identifies the account, the name the student under it; equal names only, never similar ones. What is found
under an address is used and never told: whoever typed it learns nothing from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db import transaction
from django.db.models import QuerySet

from billing.models import Order, OrderLine
from classwork.models import Registration
from common import names
from users.domain import accounts, guardianship
from users.models import Student, User

ME, STUDENT, OTHER = "me", "student", "other"
NOBODY = "Please choose who’s coming."
PLACE, TICKET = ATTENDED = ("place", "ticket")


@dataclass(frozen=True)
class Attendee:
    """As the buyer said it. Without an address, `other` is somebody in the buyer's care."""

    who: str
    student_id: int | None = None
    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @classmethod
    def of(cls, details: Mapping[str, Any]) -> Self | None:
        """None while nobody is named to attend."""
        if "who" not in details:
            return None
        return cls(**{name: details[name] for name in asdict(cls("")) if name in details})

    def as_details(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}


@dataclass(frozen=True)
class Typed:
    """A name and an address, with the name under which an account is made if the address has none."""

    first_name: str
    last_name: str
    email: str
    in_care_of: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        return f"{names.key(self.first_name, self.last_name)}|{self.email}"


def typed(attendee: Attendee, order: Order) -> Typed:
    """“Me” is whoever pays; who is in the payer's care is reached at the payer's address."""
    payer_first, payer_last, payer_email = _payer(order)
    if attendee.who == ME:
        return Typed(payer_first, payer_last, payer_email)
    if attendee.email:
        return Typed(attendee.first_name, attendee.last_name, attendee.email)
    return Typed(attendee.first_name, attendee.last_name, payer_email, (payer_first, payer_last))


def _payer(order: Order) -> tuple[str, str, str]:
    if order.payer is not None:
        return order.payer.first_name, order.payer.last_name, order.payer.email
    first, _, last = names.tidy(order.payer_name).partition(" ")
    return first, last, names.email_key(order.payer_email)


def name_of(attendee: Attendee, order: Order) -> str:
    """For the buyer to read: what was typed, or the name of somebody they speak for."""
    if attendee.who == STUDENT:
        return str(known(attendee, order) or "")
    said = typed(attendee, order)
    return f"{said.first_name} {said.last_name}".strip() or "You"


def identity(attendee: Attendee, order: Order) -> str:
    """The same text for the same person within one order."""
    student = known(attendee, order)
    return f"student {student.pk}" if student else typed(attendee, order).key


def known(attendee: Attendee, order: Order) -> Student | None:
    """The student, where the buyer is logged in and speaks for them; of anybody else nothing may be told."""
    if order.payer is None:
        return None
    mine = Student.objects.in_care_of(order.payer).select_related("user")
    if attendee.who == STUDENT:
        return mine.filter(pk=attendee.student_id or 0).first()
    if attendee.who == ME:
        return mine.filter(user=order.payer).first()
    return None


def speaks_for(line: OrderLine, student: Student) -> bool:
    """Whoever placed the line may be told what stands about the student."""
    attendee = Attendee.of(line.details)
    by_their_own = line.details.get("by_desk") or line.details.get("moved_from")
    return bool(by_their_own or (attendee and known(attendee, line.order) == student))


def default_choices(viewer: User | None, in_care: Sequence[Student]) -> list[str]:
    """Whom a form starts with: the buyer, unless that is a guardian who doesn't attend; then the only child."""
    if viewer is None or not in_care or Student.objects.filter(user=viewer).exists():
        return [ME]
    return [f"{STUDENT}-{in_care[0].pk}"] if len(in_care) == 1 else []


def settle(order: Order) -> None:
    """Find or make the students of all lines that somebody attends, once, before any class is locked: by address, so
    that two orders that name the same people never wait for each other in a circle."""
    lines = [line for line in order.lines.filter(kind__in=ATTENDED, cancelled_at=None) if "attends" not in line.details]
    wanted = [(line, attendee) for line in lines if (attendee := Attendee.of(line.details))]
    for line, attendee in sorted(wanted, key=lambda pair: (typed(pair[1], order).email, pair[0].pk)):
        line.details["attends"] = find_or_make(attendee, order).pk
        line.save(update_fields=["details"])


def of_line(line: OrderLine) -> Student | None:
    """Whom `settle` found for the line."""
    line.refresh_from_db(fields=["details"])
    found = Student.objects.select_related("user", "guardian", "offered_to")
    return found.filter(pk=line.details.get("attends") or 0).first()


def find_or_make(attendee: Attendee, order: Order) -> Student:
    if attendee.who == STUDENT and (student := known(attendee, order)):
        return student
    if attendee.who == ME and order.payer is not None:
        return guardianship.own_record(order.payer)
    said = typed(attendee, order)
    if said.in_care_of and order.payer is not None:
        return _in_care(order.payer, said)
    return by_address(said)


def _in_care(guardian: User, said: Typed) -> Student:
    key = names.key(said.first_name, said.last_name)
    found = Student.objects.filter(guardian=guardian, name_key=key).first()
    return found or guardianship.add(guardian, {"first_name": said.first_name, "last_name": said.last_name})


def by_address(said: Typed) -> Student:
    """The student of this name under this address. A new name waits for the owner's answer.

    Whatever is there already, the same questions are asked and one row is written, so that the time tells nothing.
    """
    owner_name = said.in_care_of or (said.first_name, said.last_name)
    accounts.prepare(said.email, *owner_name)
    account = User.objects.select_for_update().get(email=said.email)
    key = names.key(said.first_name, said.last_name)
    own = Student.objects.filter(user=account).first()
    under_it = Student.objects.filter(name_key=key, user=None)
    child = under_it.filter(guardian=account).first()
    asked = under_it.filter(offered_to=account, guardian=None).first()
    is_owner = key in (own.name_key if own else "", names.key(account.first_name, account.last_name))
    found = (own if is_owner else None) or child or asked
    if found is not None:
        touch(found)
        return found
    whose = {"user": account} if is_owner and own is None else {"offered_to": account}
    return Student.objects.create(first_name=said.first_name, last_name=said.last_name, email=said.email, **whose)


def touch(student: Student) -> None:
    """As much work as making one."""
    Student.objects.filter(pk=student.pk).update(name_key=student.name_key)


def twin(student: Student) -> Student:
    """A second record for a place that the same name was given twice; a person decides what becomes of it."""
    return Student.objects.create(first_name=student.first_name, last_name=student.last_name, email=address(student))


def address(student: Student) -> str:
    """Where mail for this person goes; '' where the school knows none."""
    account = student.user or student.guardian
    return account.email if account else student.email


def greeting_name(student: Student) -> str:
    """The first name of whoever reads mail for this person; '' for the owner of an address that may not be theirs."""
    if student.guardian is not None:
        return student.guardian.first_name
    return "" if student.offered_to_id else student.first_name


def reads_own_mail(student: Student) -> bool:
    """Not a child's or a friend's, whose mail goes to somebody else's address."""
    return student.guardian_id is None and student.offered_to_id is None


@transaction.atomic
def reach_at(student: Student, email: str) -> None:
    """Another address for a student whom nobody knew at the first; its owner is asked in turn."""
    accounts.prepare(email, student.first_name, student.last_name)
    student.email, student.offered_to = email, User.objects.get(email=email)
    student.save(update_fields=["email", "offered_to"])


def out_of_reach(order: Order) -> QuerySet[Student]:
    """Those of an order whom nobody has answered for."""
    nobody = Student.objects.filter(user=None, guardian=None, offered_to=None)
    return nobody.filter(registrations__line__order=order, registrations__state__in=Registration.LIVE).distinct()
