"""Hand a private file over to somebody who may have it; whether they may is decided before, on every request.

From a bucket by a link that lives seconds; from a folder by the web server in front of the site where HAND_OVER_BY
names one, else by the site itself, with ranges, so that a film can be wound forward.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from common.files import bucket, file_types, private, ranges

CHUNK = 64 * 1024
EXTRA_SECONDS = 600  # beyond the length of a film, for whoever stops in between
UNKNOWN_LENGTH = 2 * 60 * 60
NGINX = "/private-files/"  # the internal location in deploy/nginx.conf
NOWHERE_ELSE = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
# A paper is shown in a frame of our own page, and browsers show none in a sandbox.
PAPER = {"Content-Security-Policy": "frame-ancestors 'self'", "X-Frame-Options": "SAMEORIGIN"}
SANDBOX = {"Content-Security-Policy": "default-src 'none'; sandbox"}


class Lost(Exception):
    """The storage does not have it (any more)."""


@dataclass(frozen=True)
class Kept:
    """A stored file: its name in the storage, what people call it, how long it plays."""

    name: str
    title: str
    seconds: int | None = None

    @property
    def type(self) -> file_types.FileType:
        return file_types.of(self.name)

    def headers(self, *, download: bool) -> dict[str, str]:
        shown = self.type.inline and not download
        return {
            "Content-Type": self.type.mime + ("; charset=utf-8" if self.type.is_text else ""),
            "Content-Disposition": content_disposition_header(not shown, self.title) or "inline",
        }

    @property
    def link_seconds(self) -> int:
        """A player asks again and again while it plays, by the one link that it was given."""
        if not self.type.mime.startswith(("audio/", "video/")):
            return int(settings.RESOURCE_LINK_SECONDS)
        return max((self.seconds or UNKNOWN_LENGTH) + EXTRA_SECONDS, settings.RESOURCE_LINK_SECONDS)


def is_lost(kept: Kept) -> bool:
    return not private.files.exists(kept.name)


def hand_over(request: HttpRequest, kept: Kept, *, download: bool = False, near: bool = False) -> HttpResponseBase:
    """`near`: by the site itself whatever the storage, for what is small and must come from our own address."""
    if is_lost(kept):
        raise Lost(kept.name)
    headers = kept.headers(download=download)
    if bucket.is_used() and not near:
        response: HttpResponseBase = _by_link(request, kept, headers)
    elif near or settings.HAND_OVER_BY == "site":
        response = _by_the_site(request, kept)
    else:
        response = _by_the_web_server(kept)
    for name, value in (headers | NOWHERE_ELSE | _cage(kept)).items():
        response.headers[name] = value
    return response


def _cage(kept: Kept) -> dict[str, str]:
    return PAPER if kept.type.mime == "application/pdf" else SANDBOX


def _by_link(request: HttpRequest, kept: Kept, headers: dict[str, str]) -> HttpResponse:
    signed = headers | {"Cache-Control": NOWHERE_ELSE["Cache-Control"]}
    method = "HEAD" if request.method == "HEAD" else "GET"
    link = bucket.link(kept.name, headers=signed, seconds=kept.link_seconds, method=method)
    return HttpResponse(status=302, headers={"Location": link})


def _by_the_web_server(kept: Kept) -> HttpResponse:
    if settings.HAND_OVER_BY == "x-accel-redirect":
        return HttpResponse(headers={"X-Accel-Redirect": NGINX + quote(kept.name)})
    return HttpResponse(headers={"X-Sendfile": private.files.path(kept.name)})


def _by_the_site(request: HttpRequest, kept: Kept) -> HttpResponseBase:
    size = private.files.size(kept.name)
    changed = private.files.get_modified_time(kept.name).timestamp()
    marks = {"Accept-Ranges": "bytes", "ETag": f'"{int(changed):x}-{size:x}"', "Last-Modified": http_date(changed)}
    whole = marks | {"Content-Length": str(size)}
    if request.method == "HEAD":
        return HttpResponse(headers=whole)
    try:
        part = ranges.wanted(request.headers.get("Range", ""), size) if _same(request, marks) else None
    except ranges.Unsatisfiable:
        return HttpResponse(status=416, headers=marks | {"Content-Range": f"bytes */{size}"})
    if part is None:
        return FileResponse(private.files.open(kept.name), headers=whole)
    marks |= {"Content-Range": f"bytes {part.first}-{part.last}/{size}", "Content-Length": str(part.length)}
    return StreamingHttpResponse(_pieces(kept.name, part), status=206, headers=marks)


def _same(request: HttpRequest, marks: dict[str, str]) -> bool:
    """Whether a part still belongs to what the other side has of it (If-Range)."""
    asked = request.headers.get("If-Range", "").strip()
    if not asked or asked == marks["ETag"]:
        return True
    return parse_http_date_safe(asked) == parse_http_date_safe(marks["Last-Modified"]) if '"' not in asked else False


def _pieces(name: str, part: ranges.Part) -> Iterator[bytes]:
    with private.files.open(name) as file:
        file.seek(part.first)
        left = part.length
        while left > 0 and (piece := file.read(min(CHUNK, left))):
            left -= len(piece)
            yield piece
