"""Who may open a desk page, for the apps that stand below the accounts; the rule is the permission, by its name."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

ENTER = "users.enter_office"

View = Callable[..., HttpResponseBase]


def desk_required(permission: str) -> Callable[[View], View]:
    def decorator(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not request.user.has_perms([ENTER, permission]):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorator
