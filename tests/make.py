"""Explicit builders; they go through the domain wherever it has a function for it."""

from users.models import Staff, Student, User


def account(email: str, first_name: str, last_name: str = "", password: str | None = None, **fields: object) -> User:
    return User.objects.create_user(email, password, first_name=first_name, last_name=last_name, **fields)


def student(user: User) -> Student:
    return Student.objects.create(user=user, first_name=user.first_name, last_name=user.last_name, email=user.email)


def staff(user: User, **fields: object) -> Staff:
    return Staff.objects.create(user=user, **fields)
