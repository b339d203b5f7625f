"""Who may do what: predicates for code, and decorators for views.

Visitors are sent to the log-in page and come back afterwards. A logged-in user without the permission gets a 403.
Objects are fetched through `visible_to(user)` instead, so that strangers get a 404.
"""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from common.permissions import can_use_desk, desk_required, restrict_to_users
from users.domain.roles import ADMIN, ASSISTANT, TEACHER, has_named_role
from users.models import User

__all__ = [
    "acting_user",
    "admin_required",
    "assistant_required",
    "can_use_desk",
    "desk_required",
    "has_role",
    "is_admin",
    "is_assistant",
    "is_teacher",
    "is_team",
    "restrict_to_users",
    "teacher_required",
    "team_required",
]

Person = User | AnonymousUser


def has_role(user: Person, role: str) -> bool:
    return isinstance(user, User) and has_named_role(user, role)


def is_teacher(user: Person) -> bool:
    return has_role(user, TEACHER)


def is_assistant(user: Person) -> bool:
    return has_role(user, ASSISTANT)


def is_admin(user: Person) -> bool:
    return has_role(user, ADMIN)


def is_team(user: Person) -> bool:
    return is_teacher(user) or is_assistant(user)


teacher_required = restrict_to_users(is_teacher)
assistant_required = restrict_to_users(is_assistant)
admin_required = restrict_to_users(is_admin)
team_required = restrict_to_users(is_team)


def acting_user(request: HttpRequest) -> User:
    """Return the logged-in user of a view that one of these decorators guards."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
