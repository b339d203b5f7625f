"""Who may open a page: a test of the person as a decorator, and the one for desk pages, by the permission's name.

Visitors are sent to the log-in page and come back; who is logged in without the right is told so (403). Predicates for
roles are in users/roles.py; apps below the accounts use what stands here.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

ENTER = "users.enter_office"

View = Callable[..., HttpResponseBase]


def only(test: Callable[[Any], bool]) -> Callable[[View], View]:
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


def at_the_desk(user: Any, permission: str = ENTER) -> bool:
    return bool(user.has_perms([ENTER, permission]))


def desk_required(permission: str = ENTER) -> Callable[[View], View]:
    return only(lambda user: at_the_desk(user, permission))
