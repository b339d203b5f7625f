"""Who may do what: a predicate to ask with, and a decorator for views.

Visitors are sent to the log-in page and come back; who is logged in without the right is told so (403). Objects are
another matter: they are fetched through `visible_to(user)`, so that strangers are told there is no such page (404).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from users.domain.roles import ADMIN, ASSISTANT, TEACHER, holds
from users.models import User

ENTER_OFFICE = "users.enter_office"

Person = User | AnonymousUser
View = Callable[..., HttpResponseBase]


def has_role(user: Person, role: str) -> bool:
    return isinstance(user, User) and holds(user, role)


def is_teacher(user: Person) -> bool:
    return has_role(user, TEACHER)


def is_assistant(user: Person) -> bool:
    return has_role(user, ASSISTANT)


def is_admin(user: Person) -> bool:
    return has_role(user, ADMIN)


def is_team(user: Person) -> bool:
    """Teaches, assists or runs the school."""
    return is_teacher(user) or is_assistant(user)


def at_the_desk(user: Person, permission: str = "") -> bool:
    return user.has_perm(ENTER_OFFICE) and (not permission or user.has_perm(permission))


def only(test: Callable[[Person], bool]) -> Callable[[View], View]:
    """A decorator that lets in the people of whom `test` is true."""

    def decorator(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not test(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorator


def desk_required(permission: str = "") -> Callable[[View], View]:
    return only(lambda user: at_the_desk(user, permission))


teacher_required = only(is_teacher)
assistant_required = only(is_assistant)
admin_required = only(is_admin)
team_required = only(is_team)


def acting(request: HttpRequest) -> User:
    """Who asks, in a view that one of these decorators guards."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
