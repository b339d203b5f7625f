import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings, tag

from common.files import orphans
from tests import samples
from tests.base import SchoolTestCase
from tests.private_files import InFolder


@tag("once")
class OrphansTest(InFolder, SchoolTestCase):
    def setUp(self) -> None:
        super().setUp()
        settings_override = override_settings(MEDIA_ROOT=self.folder)
        settings_override.enable()
        self.addCleanup(settings_override.disable)

    def save_picture(self, name: str, days: int = 2) -> str:
        stored_name = default_storage.save(name, ContentFile(samples.picture()))
        self.set_age(stored_name, days)
        return stored_name

    def set_age(self, name: str, days: int) -> None:
        then = time.time() - timedelta(days=days).total_seconds()
        os.utime(default_storage.path(name), (then, then))

    def remaining_pictures(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in Path(self.folder).rglob("*.jpg"))

    def test_unreferenced_pictures_are_deleted_after_a_day_and_all_others_are_kept(self) -> None:
        referenced = self.save_picture("locations/hall.jpg")
        type(self.hall).objects.update(image=referenced)
        kept = [referenced, self.save_picture("elsewhere/by-hand.jpg"), self.save_picture("subjects/new.jpg", days=0)]
        self.save_picture("subjects/replaced.jpg")
        self.save_picture("locations/within/deleted.jpg")
        orphans.delete_orphaned_files()
        self.assertEqual(self.remaining_pictures(), sorted(kept))

    def test_picture_uploaded_in_admin_is_scaled_down_saved_as_jpeg_and_can_be_removed(self) -> None:
        self.log_in(self.ada)
        url = f"/admin/classwork/location/{self.hall.pk}/change/"
        values: dict[str, Any] = {"name": "Grange Hall", "code": "Grange", "is_public": "on"}
        photo = samples.upload("hall.png", samples.picture("PNG", (3000, 1000)), "image/png")
        self.assertEqual(self.client.post(url, values | {"image": photo}).status_code, 302)
        self.hall.refresh_from_db()
        self.assertEqual((self.hall.image.width, self.hall.image.height), (1200, 400))
        self.assertTrue(self.hall.image.name.endswith(".jpg"))
        self.assertContains(self.client.get(self.hall.get_absolute_url()), self.hall.image.url)
        self.assertEqual(self.client.post(url, values).status_code, 302)
        self.hall.refresh_from_db()
        self.assertTrue(self.hall.image)
        self.client.post(url, values | {"image-clear": "on"})
        self.hall.refresh_from_db()
        self.assertFalse(self.hall.image)
        bad = samples.upload("hall.png", samples.SVG, "image/png")
        self.assertContains(self.client.post(url, values | {"image": bad}), "cannot read this as a picture")
