"""Responses that send a private file. The caller must check on every request that the person may open it.

A file in a bucket is sent by a link that is valid for seconds. A file in a folder is sent by the web server if
FILE_SERVING names one, otherwise by the site itself. The site supports ranges, so that viewers can skip forward.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from common.files import bucket, file_types, private, ranges

CHUNK = 64 * 1024
EXTRA_SECONDS = 600  # The link of a video is valid for this much longer than its length, for viewers who pause.
UNKNOWN_LENGTH = 2 * 60 * 60
NGINX_LOCATION = "/private-files/"  # This is the internal location in deploy/nginx.conf.
PRIVATE_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}
# A PDF is shown in a frame of our own page, and browsers show no PDF in a sandbox.
PDF_HEADERS = {"Content-Security-Policy": "frame-ancestors 'self'", "X-Frame-Options": "SAMEORIGIN"}
SANDBOX_HEADERS = {"Content-Security-Policy": "default-src 'none'; sandbox"}


class FileMissing(Exception):
    """The file is not in the storage."""


@dataclass(frozen=True)
class StoredFile:
    """A stored file. `name` is its name in the storage, `title` is the name people see, `seconds` is its length."""

    name: str
    title: str
    seconds: int | None = None

    @property
    def type(self) -> file_types.FileType:
        return file_types.type_of_file(self.name)

    def headers(self, *, download: bool) -> dict[str, str]:
        is_inline = self.type.inline and not download
        return {
            "Content-Type": self.type.mime + ("; charset=utf-8" if self.type.is_text else ""),
            "Content-Disposition": content_disposition_header(not is_inline, self.title) or "inline",
        }

    @property
    def link_seconds(self) -> int:
        # A player sends requests during the whole playback and uses the same link for all of them.
        if not self.type.mime.startswith(("audio/", "video/")):
            return int(settings.RESOURCE_LINK_SECONDS)
        return max((self.seconds or UNKNOWN_LENGTH) + EXTRA_SECONDS, settings.RESOURCE_LINK_SECONDS)


def is_file_missing(file: StoredFile) -> bool:
    return not private.files.exists(file.name)


def serve_private_file(
    request: HttpRequest, file: StoredFile, *, download: bool = False, near: bool = False
) -> HttpResponseBase:
    """If `near` is true, the site sends the file itself. Use it for small files that must come from our own address."""
    if is_file_missing(file):
        raise FileMissing(file.name)
    headers = file.headers(download=download)
    if bucket.is_used() and not near:
        signed_headers = headers | {"Cache-Control": PRIVATE_HEADERS["Cache-Control"]}
        method = "HEAD" if request.method == "HEAD" else "GET"
        link = bucket.signed_link(file.name, headers=signed_headers, seconds=file.link_seconds, method=method)
        response: HttpResponseBase = HttpResponse(status=302, headers={"Location": link})
    elif near or settings.FILE_SERVING == "site":
        response = _site_response(request, file)
    elif settings.FILE_SERVING == "x-accel-redirect":
        response = HttpResponse(headers={"X-Accel-Redirect": NGINX_LOCATION + quote(file.name)})
    else:
        response = HttpResponse(headers={"X-Sendfile": private.files.path(file.name)})
    policy = PDF_HEADERS if file.type.mime == "application/pdf" else SANDBOX_HEADERS
    for name, value in (headers | PRIVATE_HEADERS | policy).items():
        response.headers[name] = value
    return response


def _site_response(request: HttpRequest, file: StoredFile) -> HttpResponseBase:
    size = private.files.size(file.name)
    modified = private.files.get_modified_time(file.name).timestamp()
    headers = {"Accept-Ranges": "bytes", "ETag": f'"{int(modified):x}-{size:x}"', "Last-Modified": http_date(modified)}
    whole_file_headers = headers | {"Content-Length": str(size)}
    if request.method == "HEAD":
        return HttpResponse(headers=whole_file_headers)
    try:
        part = (
            ranges.requested_range(request.headers.get("Range", ""), size)
            if _range_still_valid(request, headers)
            else None
        )
    except ranges.RangeUnsatisfiable:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    if part is None:
        return FileResponse(private.files.open(file.name), headers=whole_file_headers)
    headers |= {"Content-Range": f"bytes {part.first}-{part.last}/{size}", "Content-Length": str(part.length)}
    return StreamingHttpResponse(_read_chunks(file.name, part), status=206, headers=headers)


def _range_still_valid(request: HttpRequest, headers: dict[str, str]) -> bool:
    # With If-Range, a client asks for a part only if the rest that it already has is unchanged.
    version = request.headers.get("If-Range", "").strip()
    if not version or version == headers["ETag"]:
        return True
    return '"' not in version and parse_http_date_safe(version) == parse_http_date_safe(headers["Last-Modified"])


def _read_chunks(name: str, part: ranges.ByteRange) -> Iterator[bytes]:
    with private.files.open(name) as file:
        file.seek(part.first)
        left = part.length
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
