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
        change = override_settings(MEDIA_ROOT=self.folder)
        change.enable()
        self.addCleanup(change.disable)

    def put(self, name: str, days: int = 2) -> str:
        kept = default_storage.save(name, ContentFile(samples.picture()))
        self.age(kept, days)
        return kept

    def age(self, name: str, days: int) -> None:
        then = time.time() - timedelta(days=days).total_seconds()
        os.utime(default_storage.path(name), (then, then))

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in Path(self.folder).rglob("*.jpg"))

    def test_what_no_row_names_goes_after_a_day_and_all_else_stays(self) -> None:
        claimed = self.put("locations/hall.jpg")
        type(self.hall).objects.update(image=claimed)
        kept = [claimed, self.put("elsewhere/by-hand.jpg"), self.put("subjects/new.jpg", days=0)]
        self.put("subjects/replaced.jpg")
        self.put("locations/within/deleted.jpg")
        orphans.delete_orphaned_files()
        self.assertEqual(self.left(), sorted(kept))

    def test_a_picture_that_the_office_chooses_is_made_smaller_and_anew(self) -> None:
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
