"""Middleware for health checks, and to record the web request as the cause of the events that it emits."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from common import logs
from outbox import causation
from outbox.views import healthz

GetResponse = Callable[[HttpRequest], HttpResponse]


def health_first(get_response: GetResponse) -> GetResponse:
    """Answer health checks before other middleware, because load balancers use an IP address as host and no HTTPS."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path == "/healthz" else get_response(request)

    return middleware


class RequestCause:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with causation.caused_by(causation.Cause(by=request.method or "", request_id=causation.new_id())) as cause:
            request.log_id = cause.request_id  # type: ignore[attr-defined]
            token = logs.request_id.set(cause.request_id)
            try:
                response = self.get_response(request)
            finally:
                logs.request_id.reset(token)
        response.headers["X-Request-Id"] = cause.request_id
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        # The cause is the name of the page and not its URL, because URLs may contain secrets.
        match = request.resolver_match
        causation.refine_cause(f"{request.method} {(match and match.view_name) or view.__name__}")
