"""Middleware for the headers and the compression of responses, and against requests that PostgreSQL cannot take."""

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
GetResponse = Callable[[HttpRequest], HttpResponse]


def middleware(answer: Callable[[HttpRequest, GetResponse], HttpResponse]) -> Callable[[GetResponse], GetResponse]:
    """Make a middleware of a function of the request and of what answers it."""
    return lambda get_response: lambda request: answer(request, get_response)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    # SECURE_CSP has the same name in Django 6. A view may set a policy of its own.
    policy = serialize_policy(policy_with_bucket(settings.SECURE_CSP))

    def add_policy(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        if settings.SECURE_BROWSER_XSS_FILTER:
            response.headers.setdefault("X-XSS-Protection", "1; mode=block")
        return response

    return add_policy


@middleware
def keep_private_pages_private(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    """Forbid caching for visitors with a session and for secret addresses, unless the page sets Cache-Control itself.

    Visitors have a session if they are logged in or have a cart. On a shared computer, the Back button then shows
    nothing of it to the next person.
    """
    response = get_response(request)
    if settings.SESSION_COOKIE_NAME in request.COOKIES or has_secret_address(request):
        response.headers.setdefault("Cache-Control", "no-store, private")
    return response


def has_secret_address(request: HttpRequest) -> bool:
    # Links in emails and calendar feeds have a token in the path or a key in the query.
    match = request.resolver_match
    return "key" in request.GET or (match is not None and "token" in match.kwargs)


@middleware
def drain_request_body(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    """Read the rest of a refused upload before answering. If we hung up while the web server is still sending us the
    file, the browser would see the web server's error 502 instead of our answer."""
    response = get_response(request)
    with suppress(UnreadablePostError):
        while request.read(READ_AT_ONCE):
            pass
    return response


@middleware
def drop_cookies_with_nul(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    """A quoted cookie can contain a NUL, and PostgreSQL refuses to look up such a session key."""
    for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
        del request.COOKIES[name]
    return get_response(request)


@middleware
def refuse_nul(request: HttpRequest, get_response: GetResponse) -> HttpResponse:
    # No address of the site contains a NUL, and PostgreSQL refuses it.
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise BadRequest
    return get_response(request)


class CompressText(GZipMiddleware):
    """Text is sent with gzip; videos and parts of files are sent as they are.

    docs/decisions/compressed-pages.md explains what this means for secrets.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        content_type = response.headers.get("Content-Type", "").partition(";")[0]
        is_text = content_type.startswith("text/") or content_type in TEXTS
        if response.streaming or getattr(response, NEVER, False) or not is_text:
            return response
        return super().process_response(request, response)


def never_compress(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Use this for a page that shows a secret next to text that another person can choose."""

    @wraps(view)
    def uncompressed_view(*args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(*args, **kwargs)
        setattr(response, NEVER, True)
        return response

    return uncompressed_view


def policy_with_bucket(directives: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    # Browsers load pictures, videos and documents from the bucket and send uploads to it.
    hosts = bucket.bucket_hosts()
    if not hosts:
        return directives
    default = directives["default-src"]
    extended = ("img-src", "media-src", "frame-src", "connect-src")
    return {**directives, **{name: [*directives.get(name, default), *hosts] for name in extended}}


def serialize_policy(directives: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())
