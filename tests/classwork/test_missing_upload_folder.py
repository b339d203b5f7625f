"""When the upload folder is not writable, forms report it at the file field and keep their input."""

import copy
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

from classwork.models import Resource
from tests import samples
from tests.base import SchoolTestCase

CANNOT = "We can’t save files right now. Please try again later."


class MissingUploadFolderTest(SchoolTestCase):
    def setUp(self) -> None:
        """Put both folders below a file, where no folder can be created."""
        below = Path(self.enterContext(tempfile.NamedTemporaryFile()).name) / "folder"
        storages = copy.deepcopy(settings.STORAGES)
        storages["private"]["OPTIONS"]["location"] = below
        self.enterContext(override_settings(STORAGES=storages, MEDIA_ROOT=below))
        self.log_in(self.tess)

    def assert_told(self, answer: Any, *typed: str) -> None:
        self.assertContains(answer, CANNOT)
        for text in typed:
            self.assertContains(answer, text)

    def test_class_file_is_refused_and_the_input_kept(self) -> None:
        path = reverse("add_resource", args=["class", self.class_offer.pk, "file"])
        sheet = SimpleUploadedFile("sheet.pdf", samples.pdf(), "application/pdf")
        form = {"title": "A sheet that I typed", "audience": "student", "opens": "0", "file": sheet}
        self.assert_told(self.client.post(path, form), "A sheet that I typed")
        self.assertFalse(Resource.objects.exists())

    def test_photo_of_a_teacher_is_refused_and_the_input_kept(self) -> None:
        me = SimpleUploadedFile("me.png", samples.picture("PNG"), "image/png")
        answer = self.client.post(reverse("staff_update"), {"title": "Teaches", "bio": "All that I typed", "photo": me})
        self.assert_told(answer, "All that I typed")
        self.tess.staff.refresh_from_db()
        self.assertNotEqual(self.tess.staff.bio, "All that I typed")

    def test_photo_of_a_location_in_the_admin_is_refused_and_the_input_kept(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)
        hall = SimpleUploadedFile("hall.png", samples.picture("PNG"), "image/png")
        form = {"name": "Typed Hall", "code": "Typed", "address": "1 Main Street", "image": hall}
        self.assert_told(self.client.post(reverse("admin:classwork_location_add"), form), "Typed Hall")

    def test_photo_of_a_teacher_in_the_admin_is_refused_and_the_input_kept(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)
        me = SimpleUploadedFile("me.png", samples.picture("PNG"), "image/png")
        form = {"title": "A title that I typed", "listing": "1", "photo": me}
        path = reverse("admin:users_staff_change", args=[self.tess.pk])
        self.assert_told(self.client.post(path, form), "A title that I typed")

    def test_large_upload_is_refused_before_it_starts(self) -> None:
        announced = {"title": "turn.mp4", "size": 100, "declared": "video/mp4", "kind": "video"}
        ticket = self.client.post(reverse("invite_upload"), announced)
        self.assertEqual(ticket.status_code, 503)
        self.assertEqual(ticket.json(), {"error": CANNOT})
