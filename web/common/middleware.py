"""Headers that every answer carries, and how it is packed."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from common.files import bucket

READ_AT_ONCE = 64 * 1024
NEVER = "never_compressed"
TEXTS = {"application/json", "application/ld+json", "application/xml", "image/svg+xml"}


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


def keep_private_pages_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Whoever is logged in or has a cart has a session; what they are shown is kept nowhere, so that Back on a shared
    machine shows nothing of it. Neither is what a secret address shows. A page may say otherwise itself."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or has_secret_address(request):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware


def has_secret_address(request: HttpRequest) -> bool:
    """Mailed links and calendar feeds carry a token in the path or a key in the query."""
    match = request.resolver_match
    return "key" in request.GET or (match is not None and "token" in match.kwargs)


def read_to_the_end(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Read the rest of a refused upload before answering. If we hung up while the web server is still sending us the
    file, the browser would see the web server's error 502 instead of our answer."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        with suppress(UnreadablePostError):
            while request.read(READ_AT_ONCE):
                pass
        return response

    return middleware


def drop_cookies_with_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A quoted cookie may spell a NUL, and PostgreSQL is asked for the key of a session. No cookie of ours has one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return get_response(request)

    return middleware


def refuse_nul(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """No address of ours has a NUL in it, and PostgreSQL takes none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest
        return get_response(request)

    return middleware


class CompressText(GZipMiddleware):
    """Pages and texts are sent with gzip, films and parts of files as they are. What this means for secrets stands in
    docs/decisions/compressed-pages.md."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.streaming or getattr(response, NEVER, False) or not _is_text(response):
            return response
        return super().process_response(request, response)


def never_compress(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For a page that shows a secret beside something that somebody else may choose."""

    @wraps(view)
    def plain(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(*args, **kwargs)
        setattr(response, NEVER, True)
        return response

    return plain


def _is_text(response: HttpResponseBase) -> bool:
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    return kind.startswith("text/") or kind in TEXTS


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
