"""Which pages may send people where."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from billing import gateways
from common.middleware import serialise, with_bucket

View = Callable[..., HttpResponse]


def leads_to_gateways(view: View) -> View:
    """Forms on this page may end at a gateway: browsers hold the policy of the page against redirects, too."""

    @wraps(view)
    def widened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        own = settings.SECURE_CSP["form-action"]
        policy = settings.SECURE_CSP | {"form-action": [*own, *gateways.hosts()]}
        response.headers["Content-Security-Policy"] = serialise(with_bucket(policy))
        return response

    return widened
