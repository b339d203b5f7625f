from typing import Any

from django.test import tag
from django.urls import reverse

from tests import samples
from tests.base import SchoolTestCase
from tests.private_files import InBucket, InFolder, stored

FILM = samples.mp4()


class Announcing(SchoolTestCase):
    def announce(self, **changed: Any) -> Any:
        values = {"title": "Turn.mp4", "size": len(FILM), "declared": "video/mp4", "kind": "video"}
        return self.client.post(reverse("invite_upload"), values | changed)


@tag("once")
class UploadToUsTest(InFolder, Announcing):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.tess)

    def test_a_teacher_announces_a_file_and_sends_it_to_us(self) -> None:
        invitation = self.announce().json()
        answer = self.client.post(invitation["url"], {"file": samples.upload("blob", FILM)})
        self.assertEqual(answer.status_code, 204)
        self.assertEqual(len(stored()), 1)
        again = self.client.post(invitation["url"], {"file": samples.upload("blob", FILM)})
        self.assertEqual((again.status_code, len(stored())), (400, 1))

    def test_what_would_be_refused_is_said_before_it_is_sent(self) -> None:
        for words, changed in {
            "larger than 2000 MB": {"size": 10**12},
            "MP4, MOV or WebM": {"title": "sheet.pdf", "declared": ""},
            "could not read": {"kind": "program"},
        }.items():
            with self.subTest(words):
                answer = self.announce(**changed)
                self.assertEqual(answer.status_code, 400)
                self.assertIn(words, answer.json()["error"])

    def test_anothers_ticket_or_none_takes_nothing(self) -> None:
        url = self.announce().json()["url"]
        self.log_in(self.ash)
        self.assertEqual(self.client.post(url, {"file": samples.upload("blob", FILM)}).status_code, 400)
        self.log_in(self.tess)
        self.assertEqual(self.client.post(url).status_code, 400)
        self.assertEqual(stored(), [])


@tag("once")
class UploadToTheBucketTest(InBucket, Announcing):
    def test_a_teacher_is_sent_to_the_bucket(self) -> None:
        self.log_in(self.tess)
        invitation = self.announce().json()
        self.assertEqual(invitation["url"], f"{self.server}/school-files")
        self.assertIn("policy", invitation["fields"])
        self.assertNotIn("ours", invitation)
