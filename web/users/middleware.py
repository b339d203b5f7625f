"""Users who may enter the office must show the second factor first. Until then, no page is open to them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from users.domain import second_factor

# These pages log people in and out, or are part of the look of every page.
OPEN = {"second_factor_set_up", "second_factor_verify", "login", "logout", "brand_css", "drawings"}


class SecondFactorFirst:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        user: Any = request.user
        if not user.is_authenticated or user.is_verified() or not second_factor.must_use_second_factor(user):
            return None
        if request.resolver_match and request.resolver_match.url_name in OPEN:
            return None
        name = "second_factor_verify" if second_factor.has_device(user) else "second_factor_set_up"
        query = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
        return redirect(f"{reverse(name)}?{query}" if query else name)
