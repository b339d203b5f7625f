"""Explicit builders; they go through the domain wherever it has a function for it."""

from types import SimpleNamespace

from django.contrib.auth.models import Group

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


def school() -> SimpleNamespace:
    """The people that every test knows by name; see tests/base.py."""
    people = SimpleNamespace(
        alice=account("alice@example.org", "Alice", "Arden", PASSWORD),
        gus=account("gus@example.org", "Gus", "Gray", PASSWORD),
        tess=account("tess@example.org", "Tess", "Tanner", PASSWORD),
        ash=account("ash@example.org", "Ash", "Abara", PASSWORD),
        ada=account("ada@example.org", "Ada", "Adler", PASSWORD, is_superuser=True),
        sam=account("sam@example.org", "Sam", "Stranger", PASSWORD),
    )
    people.student = student(people.alice)
    people.kit = child(people.gus, "Kit", "Gray")
    staff(people.tess, "Teacher", title="Teaches Balboa")
    staff(people.ash, "Assistant", title="Assists on Thursdays")
    staff(people.ada, "Admin", title="Runs the front desk")
    return people
