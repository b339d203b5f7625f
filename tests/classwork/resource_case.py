"""Resources with files, and their pages."""

from typing import Any

from django.urls import reverse

from classwork.domain.resources import content
from classwork.models import Resource
from common.files.file_checks import check_file
from tests import samples
from tests.base import SchoolTestCase
from tests.private_files import answer
from users.models import User

FILM = samples.mp4(90, size=5000)
ENDINGS = {"video": "mp4", "audio": "wav", "image": "jpg", "file": "pdf"}


def chosen(name: str, data: bytes, kind: str) -> Any:
    return check_file(samples.upload(name, data), name=name, size=len(data), declared="", kind=kind)


class Given(SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.tess)

    def give(self, kind: str = "video", data: bytes = FILM, name: str = "", **changed: Any) -> Resource:
        values = {"kind": kind, "title": "Sugar push", "audience": "student", "when": "sign_up"} | changed
        sent: dict[str, Any] = {}
        if kind in Resource.FILES:
            sent["file"] = chosen(name or f"Sugar push.{ENDINGS[kind]}", data, kind)
        if kind == "video":
            sent["subtitles"] = chosen("s.vtt", samples.VTT, "subtitles")
        return content.add_resource(self.tess.staff, self.class_offer, values, sent)

    def page(self, resource: Resource, person: User | None = None) -> Any:
        browser = self.browser_of(person) if person else self.client
        return browser.get(reverse("resource_detail", args=[resource.pk]))

    def bytes(self, resource: Resource, method: str = "get", query: str = "", **headers: str) -> Any:
        url = reverse("resource_file", args=[resource.pk]) + query
        response = getattr(self.client, method)(url, headers=headers)
        response.body = answer(response)
        return response
