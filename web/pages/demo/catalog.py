"""What the demo school teaches, and where."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from classwork.domain.catalog import subjects
from classwork.models import Level, Location, Subject
from users.models import User


@dataclass(frozen=True)
class DemoSubject:
    """A subject, identified by its level and version, and outside the levels by its name."""

    level: str
    version: str
    name: str
    short: str
    long: str
    taglines: tuple[str, ...] = ()
    more: tuple[tuple[str, Any], ...] = ()


SUBJECTS = (
    DemoSubject(
        "Beg",
        "A",
        "",
        "Your first steps of Lindy Hop: the pulse, six counts, and how to lead and follow without words.",
        "You need shoes that stay on your feet and nothing else. By the third week you will **dance a whole song**; by "
        "the fifth you will ask a stranger.\n\nCome alone or bring someone. We change partners often, "
        "and no one has to.",
        ("No partner needed.", "No experience at all.", "The first song is closer than you think."),
    ),
    DemoSubject(
        "Beg",
        "B",
        "",
        "Eight counts, the swing out, and what to do when the band speeds up.",
        "The other half of the beginning. It doesn’t build on version A: take them **in any order**.",
        ("The swing out, at last.",),
    ),
    DemoSubject(
        "L2",
        "A",
        "",
        "Charleston beside each other, behind each other and by hand.",
        "For dancers who have done both halves of the beginning. We kick, we turn, we learn to stop on time.",
    ),
    DemoSubject(
        "L2",
        "B",
        "",
        "Turns for both roles, and the art of waiting for the right beat.",
        "Four turns taken apart and put together again. Bring a notebook if you are the kind that writes.",
    ),
    DemoSubject(
        "L2",
        "C",
        "",
        "Musicality: hearing the phrase, the break and the joke.",
        "We listen as much as we dance. You will never hear a clarinet in the same way again.",
    ),
    DemoSubject(
        "L3",
        "A",
        "",
        "Fast dancing without hurry: posture, small steps and breath.",
        "For those who have completed Level 2. Two hundred beats a minute are a matter of relaxing.",
    ),
    DemoSubject(
        "L3",
        "B",
        "",
        "Conversation: giving each other room and using it.",
        "Both roles invent. We practice suggesting, listening, and laughing when it goes wrong.",
    ),
    DemoSubject(
        "Spec",
        "N",
        "Balboa basics",
        "Close, small and quick: the dance for crowded floors and fast bands.",
        "Balboa comes from ballrooms in which kicking was forbidden. We start from nothing, so every level is welcome.",
        ("For crowded floors.",),
    ),
    DemoSubject(
        "Spec",
        "N",
        "Solo jazz",
        "A routine from the thirties, step by step, without a partner.",
        "Twelve steps with names such as *Shorty George* and *Suzie Q*, and where they come from.",
    ),
    DemoSubject(
        "WS",
        "N",
        "Aerials for the careful",
        "One long afternoon of safe lifts, with mats and patience.",
        "Come with a partner you trust. We lift no one higher than both of you like.",
        more=(("num_weeks", 1), ("num_minutes", 180), ("full_price", Decimal(45)), ("pre_pay_discount", Decimal(5))),
    ),
)

LOCATIONS = (
    {
        "code": "Grange",
        "name": "Grange Hall",
        "address": "1210 Larch Street",
        "city": "Seattle",
        "state": "WA",
        "zipcode": "98109",
        "map_link": "https://www.openstreetmap.org/search?query=Larch%20Street%20Seattle",
        "directions": "The **green door** beside the bakery. The bus stops across the street, and bicycles may come "
        "inside.\n\n"
        "There is an elevator to the upper floor. Ring the bell, and we’ll come and get you.",
    },
    {
        "code": "Mill",
        "name": "The Old Mill",
        "address": "77 Canal Road",
        "city": "Seattle",
        "state": "WA",
        "zipcode": "98103",
        "map_link": "https://www.openstreetmap.org/search?query=Canal%20Road%20Seattle",
        "directions": "Through the yard and up the iron stairs. There is a ramp on the canal side.",
    },
    {
        "code": "Attic",
        "name": "The Attic",
        "address": "5 Pine Court",
        "city": "Seattle",
        "state": "WA",
        "zipcode": "98101",
        "directions": "Four flights, no elevator, and the best floor in town.",
    },
)

GUIDE = {
    "Beg": "For everyone who has never danced, and for those who want to feel at home in the basics.",
    "L2": "You know the swing out and can dance a song with someone new without counting.",
    "L3": "You have taken every version of Level 2 and want to go faster, or slower, on purpose.",
}


def load() -> None:
    ada = User.objects.get(email="ada@example.org")
    for code, text in GUIDE.items():
        Level.objects.filter(code=code, description="").update(description=text)
    for location in LOCATIONS:
        Location.objects.get_or_create(code=location["code"], defaults=location)
    for subject in SUBJECTS:
        if not Subject.objects.filter(**subject_lookup(subject)).exists():
            subjects.create_subject(ada, subject_values(subject))


def subject_lookup(subject: DemoSubject) -> dict[str, str]:
    return {"level__code": subject.level, "version": subject.version, "name": subject.name}


def subject_values(subject: DemoSubject) -> dict[str, Any]:
    taglines = {f"tagline_{number}": line for number, line in enumerate(subject.taglines, start=1)}
    return {
        "level": Level.objects.get(code=subject.level),
        "version": subject.version,
        "name": subject.name,
        "short_description": subject.short,
        "description": subject.long,
        "manager_approved": True,
        **taglines,
        **dict(subject.more),
    }
