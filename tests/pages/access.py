from types import SimpleNamespace

from tests import factories
from tests.access import EVERYBODY, Row

LETTER = {"name": "Alice", "email": "alice@example.org", "text": "When does the next session start?"}
SENT = "302   302 302 302 302 302"
#              visitor student guardian teacher assistant admin
AT_THE_DESK = "login  403     403      403     403       200"
DONE = "login  403     403      403     403       302"
NOT_BY_GET = "405    405     405      405     405       405"


def stage(school: SimpleNamespace) -> None:
    school.letter = factories.create_contact_message()
    school.welcome = factories.create_text("home")


def home(school: SimpleNamespace) -> list[str]:
    return [school.welcome.key]


ROWS = [
    Row("home", EVERYBODY),
    Row("aboutus", EVERYBODY),
    Row("contact", EVERYBODY, post=SENT, data=lambda school: LETTER),
    Row("contact_thanks", EVERYBODY),
    Row("terms", EVERYBODY),
    Row("terms_edition", "404 404 404 404 404 404", args=lambda school: [99]),
    Row("privacy", EVERYBODY),
    Row("privacy_edition", "404 404 404 404 404 404", args=lambda school: [99]),
    Row("brand_css", EVERYBODY, args=lambda school: [25, "200000000"], browse=False),
    Row("drawings", EVERYBODY, args=lambda school: [25, "200000000"], browse=False),
    Row("robots", EVERYBODY, browse=False),
    Row("desk", AT_THE_DESK),
    Row("desk_contact", AT_THE_DESK),
    Row("desk_contact", AT_THE_DESK, query="?show=answered"),
    Row("desk_contact_answered", NOT_BY_GET, post=DONE, args=lambda school: [school.letter.pk]),
    Row("desk_texts", AT_THE_DESK),
    Row("desk_text", AT_THE_DESK, post=DONE, args=home, data=lambda school: {"title": "Hello", "draft": "Come in."}),
    Row("desk_text", "login 403 403 403 403 404", args=lambda school: ["nowhere"], note="no such place"),
    Row("desk_text_preview", AT_THE_DESK, args=home),
    Row("desk_text_publish", NOT_BY_GET, post=DONE, args=home),
]
