"""Decorators that decide who may open a page, and with which methods.

    @desk_form("billing.change_order")
    def desk_order(request, pk): ...

A `page` only shows something, a `form` is also posted to, and an `action` is only posted to. Visitors are redirected to
the log-in page and return afterwards. A user without the permission gets a page with status 403. The decorators for
roles are in users/roles.py.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods

from common.views import FORM_METHODS

ENTER = "users.enter_office"
PERMISSION = "needed_permission"
"""The menus show a link only to those who have the permission in this attribute of its view."""
METHODS = (["GET", "HEAD"], FORM_METHODS, ["POST"])

View = Callable[..., HttpResponseBase]
Decorator = Callable[[View], View]


def restrict_to_users(test: Callable[[Any], bool], methods: list[str], permission: str = "") -> Decorator:
    def decorator(view: View) -> View:
        @require_http_methods(methods)
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


account_page, account_form, account_action = (restrict_to_users(lambda user: True, methods) for methods in METHODS)


def can_use_desk(user: Any, permission: str = ENTER) -> bool:
    return bool(user.has_perms([ENTER, permission]))


def restrict_to_desk(methods: list[str], permission: str = ENTER) -> Decorator:
    return restrict_to_users(lambda user: can_use_desk(user, permission), methods, permission)


desk_page, desk_form, desk_action = (partial(restrict_to_desk, methods) for methods in METHODS)
