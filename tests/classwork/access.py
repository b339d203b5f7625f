from datetime import time
from types import SimpleNamespace
from typing import Any

from classwork.domain import proposals
from classwork.domain.resources import content
from classwork.domain.schedule import calendar_feeds, meetings
from classwork.domain.schedule.class_offers import ClassDraft
from tests import factories
from tests.access import EVERYBODY, Row

#         visitor student guardian teacher assistant admin
TEAM = "  login   403     403      200     200       200"
DESK = "  login   403     403      403     403       200"
MINE = "  login   403     403      200     404       404"
GIVEN = "login   403     403      200     404       200"
CHANGE = "login   403     403      200     302       302"  # who does not teach it is sent back, and told why


def stage(school: SimpleNamespace) -> None:
    teacher = school.tess.staff
    calendar_feeds.renew_teacher_feed(teacher)
    later = factories.create_session("Later_session", factories.upcoming_thursday(10))
    values = {"session": later, "subject": factories.create_subject("L2", "D"), "class_day": 3, "start_time": time(18)}
    school.idea = proposals.propose_class(teacher, ClassDraft(values))
    other = factories.create_class_offer(later, factories.create_subject("L3", "D"), teacher)
    school.asked = proposals.request_change(teacher, other, {"public_note": "Bring water"}, "Please")
    school.day_off = factories.create_class_offer(
        later, factories.create_subject("L3", "C"), start_time=time(21)
    ).meetings.first()
    meetings.cancel_meeting(None, school.day_off, "Snow")
    school.day = school.class_offer.meetings.first()
    values = {"kind": "text", "title": "Rock step", "text": "Left, *right*.", "audience": "student", "when": "sign_up"}
    school.words = content.add_resource(teacher, school.class_offer, values, {})


def first(name: str) -> Any:
    return lambda school: [getattr(school, name).pk]


def given(*more: str) -> Any:
    return lambda school: ["class", school.class_offer.pk, *more]


def given_to_all() -> Any:
    return lambda school: ["subject", school.class_offer.subject_id]


ROWS = [
    Row("past_sessions", EVERYBODY),
    Row("school_calendar", EVERYBODY, browse=False),
    Row("classoffer_calendar", EVERYBODY, args=first("class_offer"), browse=False),
    Row(
        "teacher_calendar",
        EVERYBODY,
        args=lambda school: [
            calendar_feeds.teacher_feed_url(school.tess.staff).rpartition("/")[2].removesuffix(".ics")
        ],
        browse=False,
    ),
    Row("location_list", EVERYBODY),
    Row("class_resources", GIVEN, args=given()),
    Row("class_resources", GIVEN, args=given_to_all(), note="of a subject"),
    *(
        Row("add_resource", GIVEN, post=GIVEN, args=given(kind), note=kind)
        for kind in ("video", "link", "text", "file")
    ),
    Row(
        "arrange_resources",
        "405|login 405|403 405|403 405 405 405",
        post="login 403 403 302 404 302",
        args=given(),
        data=lambda school: {"move": f"up-{school.words.pk}"},
    ),
    Row(
        "change_attachment",
        "405|login 405|403 405|403 405 405 405",
        post="login 403 403 302 404 302",
        args=lambda school: ["class", school.class_offer.pk, school.words.pk],
        data=lambda school: {"hide": ""},
    ),
    Row("resources_as_student", GIVEN, query="?week=1", args=first("class_offer")),
    Row("edit_resource", GIVEN, post=GIVEN, args=first("words")),
    Row("invite_upload", "405|login 405|403 405|403 405 405 405", post="login 403 403 400 400 400"),
    Row(
        "receive_upload",
        "405|login 405|403 405|403 405 405 405",
        post="login 403 403 400 400 400",
        args=lambda school: ["no-ticket"],
    ),
    Row("propose_subject", TEAM, post=TEAM),
    Row("propose_class", TEAM, post=TEAM),
    Row("proposal", MINE, args=first("idea")),
    Row("edit_proposal", MINE, post=MINE, args=first("idea")),
    Row(
        "submit_proposal",
        "405|login 405|403 405|403 405 405 405",
        post="login 403 403 302 404 404",
        args=first("idea"),
    ),
    Row("change_subject", CHANGE, post=CHANGE, args=lambda school: [school.class_offer.subject_id]),
    Row("change_class", CHANGE, post=CHANGE, args=first("class_offer")),
    Row("desk_sessions", DESK),
    Row("desk_add_day", DESK, post=DESK, args=first("class_offer")),
    Row("desk_move_day", DESK, post=DESK, args=first("day")),
    Row("desk_substitutes_day", DESK, post="login 403 403 403 403 302", args=first("day")),
    Row("desk_restore_day", DESK, post=DESK, args=first("day_off")),
    Row("desk_proposals", DESK),
    Row("desk_proposal", DESK, post="login 403 403 403 403 302", args=first("asked")),
]
