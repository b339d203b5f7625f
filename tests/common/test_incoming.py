"""Large files on their way: announced, sent, looked at, kept; or tidied away."""

import base64
import json
import os
import time
from datetime import timedelta
from typing import Any

import requests
from django.core import signing
from django.core.exceptions import ValidationError
from django.test import override_settings, tag

from common.files import private, serving, uploads
from tests import samples
from tests.private_files import InBucket, InFolder, stored

TESS, SAM = 1, 2
FILM = samples.mp4(30, size=3000)


class Arriving:
    """What holds wherever files are kept: mixed into a test case that says how a file is sent."""

    def invite(self, **more: Any) -> tuple[uploads.UploadTicket, dict[str, Any]]:
        usual = {"title": "Turn.mp4", "size": len(FILM), "declared": "video/mp4", "kind": "video", "person": TESS}
        return uploads.issue_upload_ticket(**(usual | more))

    def assertRefused(self, code: str, call: Any, *given: Any, **named: Any) -> None:
        with self.assertRaises(ValidationError) as refused:
            call(*given, **named)
        self.assertEqual(refused.exception.code, code)

    def sent(self, data: bytes, **more: Any) -> uploads.UploadTicket:
        ticket, form = self.invite(**more)
        self.send(ticket, form, data)
        return uploads.read_ticket(ticket.signed(), TESS)

    def test_what_came_is_looked_at_and_kept_under_a_name_of_its_own(self) -> None:
        arrived = uploads.check_upload(self.sent(FILM))
        self.assertEqual((arrived.checked.size, arrived.checked.seconds), (3000, 30))
        name = uploads.store_upload(arrived, "resources")
        self.assertRegex(name, r"^resources/[0-9a-f]{16}/turn\.mp4$")
        self.assertEqual(stored(), [name])
        with private.files.open(name) as kept:
            self.assertEqual(kept.read(), FILM)

    def test_what_came_counts_and_not_what_was_announced(self) -> None:
        ticket = self.sent(samples.EXE.ljust(3000, b"\0"))
        self.assertRefused("program", uploads.check_upload, ticket)
        self.assertEqual(stored(), [])
        self.assertRefused("gone", uploads.check_upload, ticket)

    def test_a_picture_arrives_and_is_written_anew(self) -> None:
        data = samples.picture("PNG")
        arrived = uploads.check_upload(
            self.sent(data, title="steps.png", size=len(data), declared="image/png", kind="image")
        )
        name = uploads.store_upload(arrived, "resources")
        self.assertTrue(name.endswith("/steps.jpg"))
        self.assertEqual(stored(), [name])

    def test_a_ticket_is_good_for_one_person_and_cannot_be_made_up(self) -> None:
        ticket, _ = self.invite()
        for text, person in (
            (ticket.signed(), SAM),
            ("made up", TESS),
            (signing.dumps(["x"], salt=uploads.SALT), TESS),
        ):
            with self.subTest(text):
                self.assertRefused("gone", uploads.read_ticket, text, person)
        self.assertRefused("gone", uploads.check_upload, ticket)

    def test_a_ticket_is_over_at_its_deadline_however_often_a_form_comes_back(self) -> None:
        ticket, _ = self.invite()
        again = uploads.read_ticket(ticket.signed(), TESS).signed()
        for text in (ticket.signed(), again):
            uploads.read_ticket(text, TESS, at=ticket.until - timedelta(microseconds=1))
            self.assertRefused("gone", uploads.read_ticket, text, TESS, at=ticket.until)

    def test_what_would_be_refused_is_not_even_sent(self) -> None:
        for code, announced in {
            "type": {"title": "sheet.pdf", "declared": "application/pdf"},
            "program": {"title": "setup.exe"},
            "mismatch": {"declared": "image/png"},
            "too_large": {"size": 10**12},
            "empty": {"size": 0},
        }.items():
            with self.subTest(code):
                self.assertRefused(code, self.invite, **announced)
        self.assertEqual(stored(), [])


@tag("once")
class ArrivingInAFolderTest(InFolder, Arriving):
    def send(self, ticket: uploads.UploadTicket, form: dict[str, Any], data: bytes) -> None:
        self.assertEqual(form, {})
        uploads.receive_upload(ticket, samples.upload("blob", data))

    def test_a_second_file_cannot_take_the_place_of_the_first(self) -> None:
        ticket = self.sent(FILM)
        self.assertRefused("twice", uploads.receive_upload, ticket, samples.upload("blob", FILM))

    def test_what_no_form_claims_is_tidied_away_in_time(self) -> None:
        uploads.delete_unclaimed_uploads()
        ticket = self.sent(FILM)
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [ticket.name])
        long_ago = time.time() - timedelta(hours=13).total_seconds()
        os.utime(private.files.path(ticket.name), (long_ago, long_ago))
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [])


@tag("once")
class ArrivingInABucketTest(InBucket, Arriving):
    def send(self, ticket: uploads.UploadTicket, form: dict[str, Any], data: bytes) -> None:
        self.assertEqual(self.post(form, data), 204)

    def post(self, form: dict[str, Any], data: bytes) -> int:
        return requests.post(form["url"], data=form["fields"], files={"file": ("blob", data)}, timeout=5).status_code

    def test_the_form_says_where_what_and_how_much(self) -> None:
        ticket, form = self.invite()
        self.assertEqual(form["url"], f"{self.server}/school-files")
        self.assertEqual(
            (form["fields"]["key"], form["fields"]["Content-Type"]), (f"private/{ticket.name}", "video/mp4")
        )
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        self.assertIn(["content-length-range", 1, 2000 * 2**20], policy["conditions"])
        self.assertIn({"Content-Type": "video/mp4"}, policy["conditions"])

    @override_settings(FILE_MEGABYTES={"video": 1})
    def test_a_file_that_is_larger_than_announced_is_refused_where_it_arrives_or_afterwards(self) -> None:
        ticket, form = self.invite()
        if self.post(form, samples.mp4(size=2**20 + 1)) == 204:
            self.assertRefused("too_large", uploads.check_upload, ticket)
        self.assertEqual(stored(), [])

    def test_what_was_looked_at_is_what_is_kept(self) -> None:
        ticket, form = self.invite()
        self.post(form, FILM)
        arrived = uploads.check_upload(ticket)
        self.post(form, samples.EXE)
        self.assertRefused("twice", uploads.store_upload, arrived, "resources")

    def test_it_leaves_as_what_it_is(self) -> None:
        name = uploads.store_upload(uploads.check_upload(self.sent(FILM)), "resources")
        kept = serving.StoredFile(name, "Turn.mp4", 30)
        self.assertFalse(serving.is_file_missing(kept))
        with private.files.open(name) as file:
            self.assertEqual(file.read(), FILM)

    def test_tidying_leaves_what_is_new(self) -> None:
        ticket = self.sent(FILM)
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [ticket.name])
