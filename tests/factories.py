"""Functions that create rows for tests, through the domain wherever it has a function for it."""

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


def create_account(
    email: str, first_name: str, last_name: str = "", password: str | None = None, **fields: object
) -> User:
    return User.objects.create_user(email, password, first_name=first_name, last_name=last_name, **fields)


def create_student(user: User, **fields: object) -> Student:
    """The account attends classes itself."""
    return Student.objects.create(
        user=user, first_name=user.first_name, last_name=user.last_name, email=user.email, **fields
    )


def create_child(guardian: User, first_name: str, last_name: str = "", **fields: object) -> Student:
    return Student.objects.create(guardian=guardian, first_name=first_name, last_name=last_name, **fields)


def create_staff(user: User, role: str, **fields: object) -> Staff:
    group, _ = Group.objects.get_or_create(name=role)
    user.groups.add(group)
    return Staff.objects.create(user=user, **fields)


def upcoming_thursday(weeks: int = 0) -> date:
    """Return a Thursday at least ten days away, so that the Tuesday before it is more than a week away, too."""
    soonest = dates.local_today() + timedelta(days=10)
    return soonest + timedelta((3 - soonest.weekday()) % 7, weeks=weeks)


def create_session(name: str, key_day: date | None = None, **values: Any) -> Session:
    """By default, the public has seen the session since last week."""
    published = {"publish_date": dates.local_today() - timedelta(weeks=1)}
    given = {"name": name, "key_day_date": key_day or upcoming_thursday(), "expire_date": None}
    return sessions.create_session(None, published | given | values)


def create_subject(level: str = "Beg", version: str = "A", **values: Any) -> Subject:
    given = {"level": Level.objects.get(code=level), "version": version, "manager_approved": True}
    return subjects.create_subject(None, given | values)


def create_location(name: str = "Grange Hall", **values: Any) -> Location:
    return Location.objects.create(
        **{"name": name, "code": name.split(maxsplit=1)[0], "address": "1 Main Street"} | values
    )


def create_class_offer(
    session: Session, subject: Subject, *teachers: Staff, skipped: tuple[date, ...] = (), **values: Any
) -> ClassOffer:
    """By default, the class is approved and on Tuesday evenings."""
    defaults = {"class_day": 1, "start_time": time(19), "manager_approved": True}
    return class_offers.create_class(
        None, ClassDraft({"session": session, "subject": subject} | defaults | values, skipped, teachers)
    )


def create_contact_message(name: str = "Sam", text: str = "Do I need a partner?", **fields: Any) -> ContactMessage:
    message = ContactMessage(name=name, email=f"{name.lower()}@example.org", text=text, **fields)
    return contact.receive_contact_message(message, None)


def create_text(key: str, title: str = "A title", draft: str = "Some *words*.", *, publish: bool = True) -> SiteContent:
    content = texts.save_draft(SiteContent(key=key, title=title, draft=draft), None)
    if publish:
        texts.publish_text(content, texts.draft_digest(content), None)
    return content


def create_school() -> SimpleNamespace:
    """Return the people whom SchoolTestCase describes, and one open class."""
    people = SimpleNamespace(
        alice=create_account("alice@example.org", "Alice", "Arden", PASSWORD),
        gus=create_account("gus@example.org", "Gus", "Gray", PASSWORD),
        tess=create_account("tess@example.org", "Tess", "Tanner", PASSWORD),
        ash=create_account("ash@example.org", "Ash", "Abara", PASSWORD),
        ada=create_account("ada@example.org", "Ada", "Adler", PASSWORD),
        sam=create_account("sam@example.org", "Sam", "Stranger", PASSWORD),
    )
    people.student = create_student(people.alice)
    people.kit = create_child(people.gus, "Kit", "Gray")
    create_staff(people.tess, "Teacher", title="Teaches Balboa")
    create_staff(people.ash, "Assistant", title="Assists on Thursdays")
    create_staff(people.ada, "Admin", title="Runs the front desk")
    people.session = create_session("Open_session")
    people.hall = create_location()
    people.class_offer = create_class_offer(people.session, create_subject(), people.tess.staff, location=people.hall)
    return people
