from datetime import time
from types import SimpleNamespace
from typing import Any

from classwork.domain.schedule import meetings
from registrations.domain import calendar_feeds
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.request import CancellationRequest
from registrations.domain.line_details import Attendee
from registrations.domain.upgrades import upgrades
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import CompensationPolicy
from tests import factories
from tests.access import EVERYBODY, MEMBERS, Row
from tests.classwork.access import DESK, GIVEN, MINE, TEAM, first
from tests.registrations import purchases, started_classes

#         visitor student guardian teacher assistant admin
HERS = "  login   200     404      404     404       404"
NO_GET = "405   405 405 405 405 405"
AWAY = "302   302 302 302 302 302"
DESK_POST = "login 403 403 403 403 302"


def stage(school: SimpleNamespace) -> None:
    """Adds to the rows of tests/classwork/access.py, which stands before it in the alphabet."""
    other = school.asked.class_offer
    canceled_day = meetings.add_meeting(None, other, meetings.MeetingDraft(other.session.end_date, time(9)))
    school.cancellation = cancel_classes(
        None, CancellationRequest(CompensationPolicy.NOTHING, frozenset([canceled_day.pk])), "Snow", seen=None
    )
    friend = purchases.other("Lee", "lee@example.org")
    group_cart = purchases.cart((school.class_offer, purchases.me()), (school.class_offer, friend), payer=school.alice)
    calendar_feeds.renew_student_feed(school.alice.student)
    full = factories.create_class_offer(
        school.session, factories.create_subject("Beg", "N"), school.tess.staff, start_time=time(12), capacity=1
    )
    purchases.pay(purchases.place(purchases.cart((full, purchases.me()))))
    school.entry = entries.join_waitlist(
        full, [WaitlistRequest(Attendee("me"))], Contact("Alice Arden", school.alice.email, school.alice)
    )
    school.full = full
    tried = factories.create_class_offer(
        school.session,
        factories.create_subject("Beg", "M"),
        school.tess.staff,
        start_time=time(10),
        drop_in_price=15,
        trial_price=0,
    )
    school.tried = tried
    evening = started_classes.ticket_cart(tried.meetings.all()[0], purchases.of(school.kit), payer=school.gus)
    school.ticket = purchases.pay(purchases.place(evening)).lines.get().registrations.get()
    school.booked = purchases.pay(purchases.place(group_cart))


def calendar_of_alice(school: SimpleNamespace) -> list[Any]:
    return [calendar_feeds.student_feed_url(school.alice.student).rpartition("/")[2].removesuffix(".ics")]


def entry(school: SimpleNamespace) -> list[Any]:
    return [entries.entry_url(school.entry).split("/")[2]]


def ticket(school: SimpleNamespace) -> list[Any]:
    return [upgrades.ticket_url(school.ticket).split("/")[2]]


def why(school: SimpleNamespace) -> dict[str, Any]:
    return {"why": "Because", "position": 1}


def place(school: SimpleNamespace) -> list[Any]:
    return [school.booked.lines.first().registrations.get().pk]


def place_and_class(school: SimpleNamespace) -> list[Any]:
    return [*place(school), school.day_off.class_offer_id]


ROWS = [
    Row("choose_transfer", HERS, args=place),
    Row("transfer", HERS, post=HERS, args=place_and_class),
    Row("transfer_to_person", HERS, post=HERS, args=place),
    Row("desk_transfer", DESK, post=DESK, args=place),
    Row("desk_transfer_to_person", DESK, post=DESK, args=place),
    Row("buy_ticket", EVERYBODY, post=AWAY, args=first("tried")),
    Row("ticket", EVERYBODY, args=ticket),
    Row("upgrade_ticket", NO_GET, post="login login 302 login login login", args=ticket),
    Row("desk_tickets", DESK, args=first("tried")),
    Row("desk_sell_ticket", DESK, post=DESK, args=first("tried")),
    Row("desk_ticket", DESK, post=DESK_POST, args=first("ticket"), data=why),
    Row("join_waitlist", EVERYBODY, post=EVERYBODY, args=first("full")),
    Row("leave_waitlist", NO_GET, post=AWAY, args=first("full"), data=lambda school: {"position": "1"}),
    Row("waitlist_entry", EVERYBODY, args=entry),
    Row("accept_spot", NO_GET, post="login 302 login login login login", args=entry),
    Row("leave_waitlist_entry", NO_GET, post=AWAY, args=entry),
    Row("desk_waitlists", DESK),
    Row("desk_waitlist", DESK, args=first("full")),
    Row("desk_roles", DESK, post=DESK_POST, args=first("full")),
    Row("desk_offer_spot", NO_GET, post=DESK_POST, args=first("entry"), data=why),
    Row("desk_move_waitlist_entry", NO_GET, post=DESK_POST, args=first("entry"), data=why),
    Row("desk_remove_waitlist_entry", NO_GET, post=DESK_POST, args=first("entry"), data=why),
    Row("classoffer_list", EVERYBODY),
    Row("classoffer_list", EVERYBODY, query="?level=Beg&day=1&by=level", note="filtered"),
    Row("classoffer_detail", EVERYBODY, args=first("class_offer")),
    Row("classoffer_display_session", EVERYBODY, args=lambda school: [school.session.name]),
    Row("classoffer_display_date", EVERYBODY, args=lambda school: [school.session.key_day_date]),
    Row("level_guide", EVERYBODY),
    Row("sitemap", EVERYBODY, browse=False),
    Row("register", EVERYBODY, post="400 400 400 400 400 400"),
    Row(
        "attendee_address",
        "404   200 404 404 404 404",
        post="404   200 404 404 404 404",
        args=first("booked"),
    ),
    Row("my_classes", MEMBERS),
    Row(
        "cancel_registration",
        "login 302 404 404 404 404",
        post="login 302 404 404 404 404",
        args=lambda school: [school.booked.lines.order_by("pk").first().registrations.get().pk],
        note="the payer is led to the figures",
    ),
    Row(
        "renew_student_calendar",
        "405|login 405 405 405 405 405",
        post="login 404 302 404 404 404",
        args=first("kit"),
        browse=False,
    ),
    Row("student_calendar", EVERYBODY, args=calendar_of_alice, browse=False),
    Row("location_detail", EVERYBODY, args=first("hall")),
    Row("teaching", TEAM),
    Row("teaching", TEAM, query="?show=past", note="past classes"),
    Row(
        "resource_times",
        GIVEN,
        post="login 403 403 302 404 302",
        args=lambda school: [school.class_offer.pk, school.words.pk],
        data=lambda school: {"do": "hold"},
    ),
    Row("library", EVERYBODY, writes="the last visit"),
    Row("library", EVERYBODY, query="?q=rock", note="searched", writes="the last visit"),
    Row("resource_detail", "login 200 404 200 404 200", args=first("words")),
    Row("resource_file", "404 404 404 404 404 404", args=first("words"), browse=False),
    Row("resource_subtitles", "404 404 404 404 404 404", args=first("words"), browse=False),
    Row("renew_calendar", "405|login 405|403 405|403 405 405 405", post="login 403 403 302 302 302"),
    Row("participants", MINE, args=first("class_offer")),
    Row("taught_student", MINE, post=MINE, args=lambda school: [school.alice.student.pk]),
    Row("desk_referral_sources", DESK),
    Row("desk_next_session", DESK, post=DESK, args=first("session")),
    Row("desk_class", DESK, args=first("class_offer")),
    Row("desk_minimum", DESK),
    Row("desk_confirm_class", NO_GET, post=DESK_POST, args=first("full"), data=why),
    Row("desk_postpone_decision", NO_GET, post=DESK_POST, args=first("full"), data=why),
    Row("desk_cancel_classes", DESK, post=DESK),
    Row("desk_class_cancellation", DESK, args=first("cancellation")),
    Row("desk_registrations", DESK),
    Row("desk_registrations", DESK, query="?q=alice&show=live&class=1", note="searched"),
    Row("desk_registration", DESK, post=DESK, args=place),
    Row("desk_students", DESK),
    Row("desk_student", DESK, post=DESK, args=lambda school: [school.alice.student.pk]),
    Row("desk_register", DESK, post=DESK),
]
