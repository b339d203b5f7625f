"""The resources of the beginner classes: some are open, some open later, and one has expired."""

from typing import Any

from classwork.domain.resources import content
from classwork.models import Resource, Subject
from users.models import Staff, User

EVERY_WEEK: tuple[dict[str, Any], ...] = (
    {
        "title": "Before you come",
        "text": "Wear shoes that *slide a little*. Water is in the hall; a partner is not needed.",
        "when": "sign_up",
    },
    {
        "title": "This week’s practice evening",
        "text": "Friday at eight in the Grange, free for everyone in a class.",
        "when": "class",
        "class_number": 1,
        "expires_after": 1,
    },
    {
        "title": "The rock step, again",
        "text": "1. Back on the left.\n2. Replace on the right.\n3. And *breathe*.",
        "when": "class",
        "class_number": 1,
    },
    {
        "title": "Songs to practice with",
        "kind": "link",
        "link": "https://example.org/slow-swing",
        "when": "class",
        "class_number": 2,
    },
    {
        "title": "The side pass, step by step",
        "text": "Watch the hands, not the feet.",
        "when": "class",
        "class_number": 3,
    },
    {"title": "What to take next", "kind": "page", "link": "/classes/levels/", "when": "completion"},
)
LIBRARIES: tuple[dict[str, Any], ...] = (
    {"title": "How to find shoes for dancing", "audience": "public", "text": "Leather soles, no heels at first."},
    {"title": "Where to dance in town", "audience": "student", "text": "Tuesdays at the Mill, after class."},
    {"title": "How we count people in", "audience": "teacher", "text": "Five, six, five-six-seven-eight."},
)


def load() -> None:
    if Resource.objects.exists():
        return
    ruben = Staff.objects.get(user__email="ruben@example.org")
    for subject in Subject.objects.filter(level__code="Beg", version__in="AB"):
        for values in EVERY_WEEK:
            content.add_resource(ruben, subject, {"kind": "text", "audience": "student"} | values, {})
    ada = User.objects.get(email="ada@example.org")
    for values in LIBRARIES:
        content.add_library_resource(ada, {"kind": "text", "when": "sign_up"} | values)
