"""Headers that every answer carries."""

from collections.abc import Callable, Mapping, Sequence

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from common.files import bucket


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Send `SECURE_CSP` (the name Django 6 gives it) with every answer that does not bring a policy of its own."""
    policy = serialise(with_bucket(settings.SECURE_CSP))

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        if settings.SECURE_BROWSER_XSS_FILTER:
            response.headers.setdefault("X-XSS-Protection", "1; mode=block")
        return response

    return middleware


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """No address of ours has a NUL in it, and PostgreSQL takes none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return get_response(request)

    return middleware


def with_bucket(directives: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Pictures, films and papers may come from the bucket, and uploads go there, where there is one."""
    hosts = bucket.hosts()
    if not hosts:
        return directives
    usual = directives["default-src"]
    named = ("img-src", "media-src", "frame-src", "connect-src")
    return {**directives, **{name: [*directives.get(name, usual), *hosts] for name in named}}


def serialise(directives: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())
