from typing import Any

from django.test import tag
from django.urls import reverse

from tests import samples
from tests.base import SchoolTestCase
from tests.private_files import InBucket, InFolder, stored

FILM = samples.mp4()


class UploadTestCase(SchoolTestCase):
    def announce(self, **changed: Any) -> Any:
        values = {"title": "Turn.mp4", "size": len(FILM), "declared": "video/mp4", "kind": "video"}
        return self.client.post(reverse("invite_upload"), values | changed)


@tag("once")
class UploadToSiteTest(InFolder, UploadTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.tess)

    def test_teacher_uploads_a_file_to_the_site(self) -> None:
        invitation = self.announce().json()
        answer = self.client.post(invitation["url"], {"file": samples.upload("blob", FILM)})
        self.assertEqual(answer.status_code, 204)
        self.assertEqual(len(stored()), 1)
        again = self.client.post(invitation["url"], {"file": samples.upload("blob", FILM)})
        self.assertEqual((again.status_code, len(stored())), (400, 1))

    def test_file_that_would_be_refused_is_refused_before_the_upload(self) -> None:
        for words, changed in {
            "larger than 2000 MB": {"size": 10**12},
            "MP4, MOV or WebM": {"title": "sheet.pdf", "declared": ""},
            "could not read": {"kind": "program"},
        }.items():
            with self.subTest(words):
                answer = self.announce(**changed)
                self.assertEqual(answer.status_code, 400)
                self.assertIn(words, answer.json()["error"])

    def test_upload_needs_a_file_and_a_ticket_of_the_same_person(self) -> None:
        url = self.announce().json()["url"]
        self.log_in(self.ash)
        self.assertEqual(self.client.post(url, {"file": samples.upload("blob", FILM)}).status_code, 400)
        self.log_in(self.tess)
        self.assertEqual(self.client.post(url).status_code, 400)
        self.assertEqual(stored(), [])


@tag("once")
class UploadToBucketTest(InBucket, UploadTestCase):
    def test_upload_goes_directly_to_the_bucket(self) -> None:
        self.log_in(self.tess)
        invitation = self.announce().json()
        self.assertEqual(invitation["url"], f"{self.server}/school-files")
        self.assertIn("policy", invitation["fields"])
        self.assertNotIn("ours", invitation)
