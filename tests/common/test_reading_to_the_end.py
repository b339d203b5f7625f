"""A request is read whole, even when it is refused: the web server in front of us may still be sending a large file."""

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


class ReadingToTheEndTest(SchoolTestCase):
    def upload(self, body: BytesIO) -> int:
        """Without a cookie, so that it is refused before anything is read."""
        statuses: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], why: Any = None) -> Any:
            statuses.append(status)

        environ = RequestFactory(SERVER_NAME="testserver").post(reverse("receive_upload", args=["a-ticket"])).environ
        environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(len(FILM)), "CONTENT_TYPE": "video/mp4"}
        list(WSGIHandler()(environ, start_response))
        return int(statuses[0].split()[0])

    def test_an_upload_that_is_refused_is_read_whole(self) -> None:
        body = BytesIO(FILM)
        self.assertEqual(self.upload(body), 403)
        self.assertEqual(body.tell(), len(FILM))

    def test_an_upload_that_breaks_off_is_refused_just_the_same(self) -> None:
        self.assertEqual(self.upload(BrokenUpload()), 403)
