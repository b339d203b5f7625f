"""The people of common/demo.py with their records, and enough teachers for a full week of classes."""

from typing import cast

from django.utils import timezone

from common import demo
from users.domain import consents, guardianship, roles
from users.models import Role, Staff, Student, User

# First name, last name, title and bio, in the order of the About page. Those who are not in common/demo.py teach, and
# their accounts have no password, because nobody logs in with them.
PROFILES = (
    (
        "Tess",
        "Tanner",
        "Teaches Balboa and Lindy Hop",
        "Tess walked into a class in 2009 because it rained, and never left. She teaches the way she dances: small "
        "steps, a clear lead, and time to laugh about the rest.",
    ),
    (
        "Bo",
        "Lindqvist",
        "Teaches Lindy Hop",
        "Bo learned from the people who were there in the eighties and passes it on with their stories. Bring water.",
    ),
    (
        "Inez",
        "Ibarra",
        "Teaches Charleston and solo jazz",
        "Inez believes that everyone has a solo in them. Her warm-ups are known as far as the parking lot.",
    ),
    (
        "Ruben",
        "Okafor",
        "Teaches beginners",
        "Ruben has taught more than two thousand first steps and still enjoys each one of them.",
    ),
    (
        "Ash",
        "Abara",
        "Assists on Tuesdays and Thursdays",
        "Ash makes sure that no one stands at the wall. Ask them for a dance, a tissue or the name of that song.",
    ),
    (
        "Ada",
        "Adler",
        "Runs the office",
        "Ada answers your email, finds your lost jacket and knows which class fits you, usually before you do.",
    ),
)


def load() -> None:
    accounts = {
        person.email: open_account(person.email, person.first_name, person.last_name, demo.PASSWORD)
        for person in demo.PEOPLE
    }
    ada = accounts["ada@example.org"]
    ada.groups.add(Role.objects.get(name=roles.ADMIN))
    ada.forget_roles()
    guardianship.ensure_own_record(accounts["alice@example.org"])
    Student.objects.get_or_create(guardian=accounts["gus@example.org"], first_name="Kit", last_name="Gray")
    give_demo_role(ada, accounts["tess@example.org"], roles.TEACHER)
    give_demo_role(ada, accounts["ash@example.org"], roles.ASSISTANT)
    for listing, (first_name, last_name, title, bio) in enumerate(PROFILES, start=1):
        email = f"{first_name.lower()}@example.org"
        account = open_account(email, first_name, last_name)
        if email not in accounts:
            give_demo_role(ada, account, roles.TEACHER)
        Staff.objects.get_or_create(user=account, defaults={"title": title, "bio": bio, "listing": listing})


def open_account(email: str, first_name: str, last_name: str, password: str | None = None) -> User:
    user = User.objects.filter(email=email).first()
    if user is not None:
        return user
    names = {"first_name": first_name, "last_name": last_name}
    user = User.objects.create_user(email, password, email_confirmed_at=timezone.now(), **names)
    consents.give_consents(user, consents.consent_versions())
    return user


def give_demo_role(ada: User, user: User, role: str) -> None:
    roles.give_role(ada, user, cast(Role, Role.objects.get(name=role)), why="The demo school")
