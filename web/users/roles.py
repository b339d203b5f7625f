"""Roles of people, and decorators of views for the team; those for accounts and the desk are in common/permissions.py.

Objects are fetched through `visible_to(user)`, so that strangers get a 404.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from common.permissions import METHODS, restrict_to_users
from users.domain.roles import ASSISTANT, TEACHER, has_named_role
from users.models import User


def has_role(user: User | AnonymousUser, role: str) -> bool:
    return isinstance(user, User) and has_named_role(user, role)


def is_team(user: User | AnonymousUser) -> bool:
    return has_role(user, TEACHER) or has_role(user, ASSISTANT)


team_page, team_form, team_action = (restrict_to_users(is_team, methods) for methods in METHODS)


def acting_user(request: HttpRequest) -> User:
    """Return the logged-in user of a view that one of these decorators guards."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
