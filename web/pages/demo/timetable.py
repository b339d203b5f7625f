"""Three sessions of the demo school (past, current and next) with ten classes each, and changes to a few of them."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from classwork.domain import proposals
from classwork.domain.schedule import class_offers, meetings, next_session, sessions
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.models import ClassOffer, Level, Location, Session, Subject
from common import dates
from users.models import Staff, User

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class DemoClass:
    day: int
    start: time
    level: str
    version: str
    location_code: str
    teacher: str
    name: str = ""
    assistant: str = ""
    capacity: int | None = None

    @property
    def subject(self) -> Subject:
        return Subject.objects.get(level__code=self.level, version=self.version, name=self.name)


CLASSES = (
    DemoClass(TUESDAY, time(18), "Spec", "N", "Grange", "tess", "Balboa basics", capacity=16),
    DemoClass(TUESDAY, time(19), "Beg", "A", "Grange", "ruben", assistant="ash", capacity=24),
    DemoClass(TUESDAY, time(20), "L2", "A", "Grange", "tess"),
    DemoClass(TUESDAY, time(19, 30), "L3", "A", "Mill", "bo"),
    DemoClass(WEDNESDAY, time(18, 30), "Spec", "N", "Attic", "inez", "Solo jazz", capacity=12),
    DemoClass(WEDNESDAY, time(19, 30), "L2", "B", "Mill", "bo"),
    DemoClass(THURSDAY, time(19), "Beg", "B", "Grange", "ruben", assistant="ash", capacity=24),
    DemoClass(THURSDAY, time(20), "L2", "C", "Grange", "tess"),
    DemoClass(THURSDAY, time(19, 30), "L3", "B", "Mill", "bo"),
    DemoClass(SATURDAY, time(14), "WS", "N", "Attic", "inez", "Aerials for the careful", capacity=10),
)


def load() -> None:
    if Session.objects.exists():
        return
    ada = User.objects.get(email="ada@example.org")
    current_start = thursday_before(dates.local_today()) - WEEK
    past = open_session(ada, current_start - 6 * WEEK)
    running = open_session(ada, current_start)
    for session in (past, running):
        for weekly in CLASSES:
            class_offers.create_class(ada, weekly_class_draft(weekly, session))
    following = next_session.create_next_session(ada, *next_session.propose_next_session(running))
    for class_offer in following.class_offers.exclude(subject__level__code="L3"):
        class_offers.set_class_approved(ada, class_offer, True)
    change_some_classes(ada, running, following)


def thursday_before(day: date) -> date:
    return day - timedelta((day.weekday() - THURSDAY) % 7 or 7)


def open_session(ada: User, key_day: date) -> Session:
    values = {"name": sessions.free_session_name(key_day), "key_day_date": key_day, "max_day_shift": -2, "num_weeks": 5}
    return sessions.create_session(ada, values | {"publish_date": key_day - 4 * WEEK, "expire_date": None})


def weekly_class_draft(weekly: DemoClass, session: Session) -> ClassDraft:
    values: dict[str, Any] = {
        "session": session,
        "subject": weekly.subject,
        "location": Location.objects.get(code=weekly.location_code),
        "class_day": weekly.day,
        "start_time": weekly.start,
        "capacity": weekly.capacity,
        "manager_approved": True,
    }
    assistants = teachers_named(weekly.assistant) if weekly.assistant else []
    return ClassDraft(values, (), teachers_named(weekly.teacher), assistants)


def teachers_named(first_name: str) -> list[Staff]:
    return [Staff.objects.get(user__email=f"{first_name}@example.org")]


def change_some_classes(ada: User, running: Session, following: Session) -> None:
    balboa = running.class_offers.get(subject__name="Balboa basics")
    meetings.cancel_meeting(ada, balboa.meetings.all()[3], "The hall has no heating that week.")
    last = balboa.meetings.last()
    if last:
        meetings.add_meeting(
            ada, balboa, MeetingDraft(last.local_date + WEEK, time(18), reason="Make-up for the cold week.")
        )
    charleston = running.class_offers.get(subject__level__code="L2", subject__version="A")
    meetings.set_substitutes(ada, charleston.meetings.all()[2], teachers_named("inez"), why="Tess plays at a wedding.")
    turns = running.class_offers.get(subject__level__code="L2", subject__version="B")
    moved = turns.meetings.all()[4]
    meetings.move_meeting(
        ada, moved, MeetingDraft(moved.local_date + timedelta(1), time(18), reason="There is a concert in the Mill.")
    )
    jazz = following.class_offers.get(subject__name="Solo jazz")
    holiday = jazz.meetings.all()[1].local_date
    class_offers.change_class(ada, jazz, ClassDraft({"skip_tagline": "Inez dances in Paris"}, [holiday]))
    submit_demo_proposals(following)


def submit_demo_proposals(session: Session) -> None:
    tess = Staff.objects.get(user__email="tess@example.org")
    special = Level.objects.get(code="Spec")
    idea = {
        "level": special,
        "name": "Slow Balboa",
        "short_description": "Balboa for ballads: all the time in the world.",
    }
    proposals.submit_proposal(
        tess, proposals.propose_subject(tess, idea), "Many have asked for it. Three weeks would do."
    )
    proposals.propose_subject(tess, {"level": special, "name": "Dancing to live music", "num_weeks": 2})
    class_offer = ClassOffer.objects.get(session=session, subject__level__code="L2", subject__version="C")
    proposals.request_change(
        tess, class_offer, {"start_time": time(20, 15)}, "A quarter of an hour to change shoes, please."
    )
