"""Uploads of large files: the ticket, the transfer, the check, the storage and the cleanup."""

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

from common.files import file_responses, private, uploads
from tests import samples
from tests.private_files import InBucket, InFolder, stored

TESS, SAM = 1, 2
FILM = samples.mp4(30, size=3000)


class UploadTests:
    """Tests for both storages. The test case that includes them defines how a file is sent."""

    def issue_ticket(self, **changes: Any) -> tuple[uploads.UploadTicket, dict[str, Any]]:
        defaults = {"title": "Turn.mp4", "size": len(FILM), "declared": "video/mp4", "kind": "video", "person": TESS}
        return uploads.issue_upload_ticket(**(defaults | changes))

    def assertRefused(self, code: str, call: Any, *args: Any, **kwargs: Any) -> None:
        with self.assertRaises(ValidationError) as refusal:
            call(*args, **kwargs)
        self.assertEqual(refusal.exception.code, code)

    def upload_file(self, data: bytes, **changes: Any) -> uploads.UploadTicket:
        ticket, form = self.issue_ticket(**changes)
        self.send(ticket, form, data)
        return uploads.read_ticket(ticket.signed(), TESS)

    def test_upload_is_checked_and_stored_under_a_unique_name(self) -> None:
        received = uploads.check_upload(self.upload_file(FILM))
        self.assertEqual((received.checked.size, received.checked.seconds), (3000, 30))
        name = uploads.store_upload(received, "resources")
        self.assertRegex(name, r"^resources/[0-9a-f]{16}/turn\.mp4$")
        self.assertEqual(stored(), [name])
        with private.files.open(name) as stored_file:
            self.assertEqual(stored_file.read(), FILM)

    def test_upload_is_judged_by_its_content_and_not_by_its_announced_type(self) -> None:
        ticket = self.upload_file(samples.EXE.ljust(3000, b"\0"))
        self.assertRefused("program", uploads.check_upload, ticket)
        self.assertEqual(stored(), [])
        self.assertRefused("gone", uploads.check_upload, ticket)

    def test_uploaded_picture_is_stored_as_jpeg(self) -> None:
        data = samples.picture("PNG")
        received = uploads.check_upload(
            self.upload_file(data, title="steps.png", size=len(data), declared="image/png", kind="image")
        )
        name = uploads.store_upload(received, "resources")
        self.assertTrue(name.endswith("/steps.jpg"))
        self.assertEqual(stored(), [name])

    def test_ticket_is_valid_for_one_person_only_and_cannot_be_forged(self) -> None:
        ticket, _ = self.issue_ticket()
        for text, person in (
            (ticket.signed(), SAM),
            ("made up", TESS),
            (signing.dumps(["x"], salt=uploads.SALT), TESS),
        ):
            with self.subTest(text):
                self.assertRefused("gone", uploads.read_ticket, text, person)
        self.assertRefused("gone", uploads.check_upload, ticket)

    def test_ticket_expires_at_its_deadline_even_if_it_was_signed_again(self) -> None:
        ticket, _ = self.issue_ticket()
        signed_again = uploads.read_ticket(ticket.signed(), TESS).signed()
        for text in (ticket.signed(), signed_again):
            uploads.read_ticket(text, TESS, at=ticket.until - timedelta(microseconds=1))
            self.assertRefused("gone", uploads.read_ticket, text, TESS, at=ticket.until)

    def test_no_ticket_is_issued_for_a_file_that_would_be_refused(self) -> None:
        for code, announced in {
            "type": {"title": "sheet.pdf", "declared": "application/pdf"},
            "program": {"title": "setup.exe"},
            "mismatch": {"declared": "image/png"},
            "too_large": {"size": 10**12},
            "empty": {"size": 0},
        }.items():
            with self.subTest(code):
                self.assertRefused(code, self.issue_ticket, **announced)
        self.assertEqual(stored(), [])


@tag("once")
class FolderUploadTest(InFolder, UploadTests):
    def send(self, ticket: uploads.UploadTicket, form: dict[str, Any], data: bytes) -> None:
        self.assertEqual(form, {})
        uploads.receive_upload(ticket, samples.upload("blob", data))

    def test_second_file_for_the_same_ticket_is_refused(self) -> None:
        ticket = self.upload_file(FILM)
        self.assertRefused("twice", uploads.receive_upload, ticket, samples.upload("blob", FILM))

    def test_unclaimed_upload_is_deleted_after_twice_the_lifetime_of_a_ticket(self) -> None:
        uploads.delete_unclaimed_uploads()
        ticket = self.upload_file(FILM)
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [ticket.name])
        long_ago = time.time() - timedelta(hours=13).total_seconds()
        os.utime(private.files.path(ticket.name), (long_ago, long_ago))
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [])


@tag("once")
class BucketUploadTest(InBucket, UploadTests):
    def send(self, ticket: uploads.UploadTicket, form: dict[str, Any], data: bytes) -> None:
        self.assertEqual(self.post(form, data), 204)

    def post(self, form: dict[str, Any], data: bytes) -> int:
        return requests.post(form["url"], data=form["fields"], files={"file": ("blob", data)}, timeout=5).status_code

    def test_upload_form_fixes_the_address_type_and_largest_size(self) -> None:
        ticket, form = self.issue_ticket()
        self.assertEqual(form["url"], f"{self.server}/school-files")
        self.assertEqual(
            (form["fields"]["key"], form["fields"]["Content-Type"]), (f"private/{ticket.name}", "video/mp4")
        )
        policy = json.loads(base64.b64decode(form["fields"]["policy"]))
        self.assertIn(["content-length-range", 1, 2000 * 2**20], policy["conditions"])
        self.assertIn({"Content-Type": "video/mp4"}, policy["conditions"])

    @override_settings(FILE_MEGABYTES={"video": 1})
    def test_file_over_the_size_limit_is_refused_by_the_bucket_or_by_the_check(self) -> None:
        ticket, form = self.issue_ticket()
        if self.post(form, samples.mp4(size=2**20 + 1)) == 204:
            self.assertRefused("too_large", uploads.check_upload, ticket)
        self.assertEqual(stored(), [])

    def test_file_that_was_replaced_after_its_check_is_not_stored(self) -> None:
        ticket, form = self.issue_ticket()
        self.post(form, FILM)
        received = uploads.check_upload(ticket)
        self.post(form, samples.EXE)
        self.assertRefused("twice", uploads.store_upload, received, "resources")

    def test_stored_file_has_the_content_of_the_upload(self) -> None:
        name = uploads.store_upload(uploads.check_upload(self.upload_file(FILM)), "resources")
        stored_file = file_responses.StoredFile(name, "Turn.mp4", 30)
        self.assertFalse(file_responses.is_file_missing(stored_file))
        with private.files.open(name) as file:
            self.assertEqual(file.read(), FILM)

    def test_cleanup_keeps_new_uploads(self) -> None:
        ticket = self.upload_file(FILM)
        uploads.delete_unclaimed_uploads()
        self.assertEqual(stored(), [ticket.name])
