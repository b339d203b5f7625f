"""Decorators that decide who may open a page.

Visitors are redirected to the log-in page and return afterwards. A user without the permission gets a page with status
403. Tests for roles are in users/roles.py; apps below the accounts use this module.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

ENTER = "users.enter_office"
PERMISSION = "needed_permission"

View = Callable[..., HttpResponseBase]


def restrict_to_users(test: Callable[[Any], bool], permission: str = "") -> Callable[[View], View]:
    """The menus show a link only to those who have the permission of its page."""

    def decorator(view: View) -> View:
        @wraps(view)
        def restricted_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not test(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        setattr(restricted_view, PERMISSION, permission)
        return restricted_view

    return decorator


def can_use_desk(user: Any, permission: str = ENTER) -> bool:
    return bool(user.has_perms([ENTER, permission]))


def desk_required(permission: str = ENTER) -> Callable[[View], View]:
    return restrict_to_users(lambda user: can_use_desk(user, permission), permission)
