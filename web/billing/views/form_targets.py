"""The Content-Security-Policy of pages whose forms may lead to a gateway."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from billing import gateways
from common.middleware import policy_with_bucket, serialize_policy

View = Callable[..., HttpResponse]


def leads_to_gateways(view: View) -> View:
    """Allow the page's forms to lead to a gateway, because browsers apply the form-action policy to redirects too."""

    @wraps(view)
    def view_with_policy(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        own_targets = settings.SECURE_CSP["form-action"]
        policy = settings.SECURE_CSP | {"form-action": [*own_targets, *gateways.form_targets()]}
        response.headers["Content-Security-Policy"] = serialize_policy(policy_with_bucket(policy))
        return response

    return view_with_policy
