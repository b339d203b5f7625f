"""A small S3 that checks what moto does not: the signature of a link (Signature Version 4, in the URL) and its age.

It follows Amazon's description and does not use the library that makes the links. `later` moves its clock.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, quote, unquote, urlsplit


class SignedServer(ThreadingHTTPServer):
    def __init__(self, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secret = secret
        self.files: dict[str, bytes] = {}
        self.later = timedelta(0)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def refusal(self, method: str, target: str, host: str) -> str:
        """Return S3's error code for an invalid link, or an empty string."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        signature = query.pop("X-Amz-Signature", "")
        if not signature:
            return "AccessDenied"
        expected = self.signature(method, unquote(parts.path), query, host)
        if not hmac.compare_digest(expected, signature):
            return "SignatureDoesNotMatch"
        made = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        expired = datetime.now(UTC) + self.later > made + timedelta(seconds=int(query["X-Amz-Expires"]))
        return "ExpiredToken" if expired else ""

    def signature(self, method: str, path: str, query: dict[str, str], host: str) -> str:
        pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
        words = "&".join(f"{name}={value}" for name, value in pairs)
        request = "\n".join([method, quote(path, safe="/-_.~"), words, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])
        scope = query["X-Amz-Credential"].partition("/")[2]
        digest = hashlib.sha256(request.encode()).hexdigest()
        text = "\n".join(["AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest])
        key = b"AWS4" + self.secret.encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex()


class Handler(BaseHTTPRequestHandler):
    server: SignedServer

    def do_GET(self) -> None:
        """The signature is only checked for links, not for requests that the library signs in a header."""
        data = self.server.files.get(unquote(urlsplit(self.path).path))
        ours = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256 ")
        refusal = "" if ours else self.server.refusal(self.command, self.path, self.headers["Host"])
        if refusal or data is None:
            return self.send_reply(403 if refusal else 404, refusal.encode(), {})
        query = dict(parse_qsl(urlsplit(self.path).query))
        headers = {
            name.removeprefix("response-"): value for name, value in query.items() if name.startswith("response-")
        }
        return self.send_reply(200, data, headers)

    def do_HEAD(self) -> None:
        self.do_GET()

    def send_reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def signed_server(secret: str) -> Iterator[SignedServer]:
    server = SignedServer(secret)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
