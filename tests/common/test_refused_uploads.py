"""The site reads even a refused request to its end, because the web server may still be sending a large file."""

from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.urls import reverse

from tests.base import SchoolTestCase

FILM = bytes(300_000)


class BrokenUpload(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise OSError("The browser hung up.")


class RefusedUploadTest(SchoolTestCase):
    def send_upload(self, body: BytesIO) -> int:
        """Send the upload without a CSRF cookie, so that it is refused before its body is read."""
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            statuses.append(status)

        environ = RequestFactory(SERVER_NAME="testserver").post(reverse("receive_upload", args=["a-ticket"])).environ
        environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(len(FILM)), "CONTENT_TYPE": "video/mp4"}
        list(WSGIHandler()(environ, start_response))
        return int(statuses[0].split()[0])

    def test_refused_upload_is_read_to_the_end(self) -> None:
        body = BytesIO(FILM)
        self.assertEqual(self.send_upload(body), 403)
        self.assertEqual(body.tell(), len(FILM))

    def test_upload_that_breaks_off_is_still_refused(self) -> None:
        self.assertEqual(self.send_upload(BrokenUpload()), 403)
