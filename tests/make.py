"""Explicit builders; they go through the domain wherever it has a function for it."""

from datetime import date, time, timedelta
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import Group

from classwork.domain.catalog import subjects
from classwork.domain.schedule import class_offers, sessions
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import ClassOffer, Level, Location, Session, Subject
from common import dates
from pages.domain import contact, texts
from pages.models import ContactMessage, SiteContent
from users.models import Staff, Student, User

PASSWORD = "correct horse battery"


def account(email: str, first_name: str, last_name: str = "", password: str | None = None, **fields: object) -> User:
    return User.objects.create_user(email, password, first_name=first_name, last_name=last_name, **fields)


def student(user: User, **fields: object) -> Student:
    """The account's own record as a person who attends."""
    return Student.objects.create(
        user=user, first_name=user.first_name, last_name=user.last_name, email=user.email, **fields
    )


def child(guardian: User, first_name: str, last_name: str = "", **fields: object) -> Student:
    return Student.objects.create(guardian=guardian, first_name=first_name, last_name=last_name, **fields)


def staff(user: User, role: str, **fields: object) -> Staff:
    group, _ = Group.objects.get_or_create(name=role)
    user.groups.add(group)
    return Staff.objects.create(user=user, **fields)


def thursday(weeks: int = 0) -> date:
    """The Thursday at least ten days from today, so that the Tuesday before it is more than a week away too."""
    soonest = dates.local_today() + timedelta(days=10)
    return soonest + timedelta((3 - soonest.weekday()) % 7, weeks=weeks)


def session(name: str, key_day: date | None = None, **values: Any) -> Session:
    """A session that the public sees since last week, unless told otherwise."""
    published = {"publish_date": dates.local_today() - timedelta(weeks=1)}
    given = {"name": name, "key_day_date": key_day or thursday(), "expire_date": None}
    return sessions.create_session(None, published | given | values)


def subject(level: str = "Beg", version: str = "A", **values: Any) -> Subject:
    given = {"level": Level.objects.get(code=level), "version": version, "manager_approved": True}
    return subjects.create_subject(None, given | values)


def location(name: str = "Grange Hall", **values: Any) -> Location:
    return Location.objects.create(
        **{"name": name, "code": name.split(maxsplit=1)[0], "address": "1 Main Street"} | values
    )


def class_offer(
    session: Session, subject: Subject, *teachers: Staff, skipped: tuple[date, ...] = (), **values: Any
) -> ClassOffer:
    """An approved class on Tuesday evenings, unless told otherwise."""
    usual = {"class_day": 1, "start_time": time(19), "manager_approved": True}
    return class_offers.create_class(
        None, ClassDraft({"session": session, "subject": subject} | usual | values, skipped, teachers)
    )


def letter(name: str = "Sam", text: str = "Do I need a partner?", **fields: Any) -> ContactMessage:
    message = ContactMessage(name=name, email=f"{name.lower()}@example.org", text=text, **fields)
    return contact.receive_contact_message(message, None)


def text(key: str, title: str = "A title", draft: str = "Some *words*.", *, publish: bool = True) -> SiteContent:
    content = texts.save_draft(SiteContent(key=key, title=title, draft=draft), None)
    if publish:
        texts.publish_text(content, texts.draft_digest(content), None)
    return content


def school() -> SimpleNamespace:
    """The people that every test knows by name, and one open class; see tests/base.py."""
    people = SimpleNamespace(
        alice=account("alice@example.org", "Alice", "Arden", PASSWORD),
        gus=account("gus@example.org", "Gus", "Gray", PASSWORD),
        tess=account("tess@example.org", "Tess", "Tanner", PASSWORD),
        ash=account("ash@example.org", "Ash", "Abara", PASSWORD),
        ada=account("ada@example.org", "Ada", "Adler", PASSWORD),
        sam=account("sam@example.org", "Sam", "Stranger", PASSWORD),
    )
    people.student = student(people.alice)
    people.kit = child(people.gus, "Kit", "Gray")
    staff(people.tess, "Teacher", title="Teaches Balboa")
    staff(people.ash, "Assistant", title="Assists on Thursdays")
    staff(people.ada, "Admin", title="Runs the front desk")
    people.session = session("Open_session")
    people.hall = location()
    people.class_offer = class_offer(people.session, subject(), people.tess.staff, location=people.hall)
    return people
