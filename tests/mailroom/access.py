from types import SimpleNamespace

from common import links
from mailroom.domain import reader_links
from mailroom.models import Message, MessageState, Suppression
from tests.access import EVERYBODY, MEMBERS, OFFICE, Row

HANDLED = "login 403 403 403 403 302"
NOT_THERE = "404   404 404 404 404 404"


def stage(school: SimpleNamespace) -> None:
    """One mail that nobody knows about, to Alice; an address that gets none."""
    school.mail = Message.objects.create(
        template="users.password_changed",
        to=school.alice.email,
        person_id=school.alice.pk,
        key="1",
        kind="class",
        state=MessageState.PERHAPS,
        html="<p>Hello</p>",
    )
    school.suppression = Suppression.objects.create(email="away@example.org", cause=Suppression.Cause.BOUNCE)


def mail(school: SimpleNamespace) -> list[object]:
    return [school.mail.pk]


def link(school: SimpleNamespace) -> list[object]:
    return [links.sign_token(reader_links.READER, school.mail.pk, "class")]


ROWS = [
    Row("my_messages", MEMBERS),
    Row("my_message", "login 200 404 404 404 404", args=mail),
    Row("my_message_html", "login 200 404 404 404 404", args=mail, browse=False),
    Row("my_mail_choices", MEMBERS, post="login 302 302 302 302 302"),
    Row("mail_choose", EVERYBODY, post="302 302 302 302 302 302", args=link),
    Row("mail_choose", NOT_THERE, post=NOT_THERE, args=lambda school: ["mangled"], note="a mangled link"),
    Row("mail_stop", EVERYBODY, post=EVERYBODY, args=link),
    Row("ses_notices", "405   405 405 405 405 405", post=NOT_THERE),
    Row("desk_mail", OFFICE),
    Row("desk_mail", OFFICE, query="?state=perhaps&q=alice", note="what is unsure"),
    Row("desk_message", OFFICE, args=mail),
    Row("desk_message_html", OFFICE, args=mail, browse=False),
    Row(
        "desk_message_handle",
        "405   405 405 405 405 405",
        post=HANDLED,
        args=mail,
        data=lambda school: {"why": "It did not arrive.", "action": "again"},
    ),
    Row("desk_mail_texts", OFFICE),
    Row("desk_suppressed", OFFICE),
    Row(
        "desk_suppressed_lift",
        OFFICE,
        post=HANDLED,
        args=lambda school: [school.suppression.pk],
        data=lambda school: {"why": "The mailbox was full."},
    ),
]
