import io
import shutil
import tempfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse
from PIL import Image

from common import pictures
from tests.base import SchoolTestCase

MEDIA = tempfile.mkdtemp()


def photo_upload(kind: str = "JPEG", size: tuple[int, int] = (2000, 1000), name: str = "me.jpg", **options: Any) -> Any:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **options)
    return SimpleUploadedFile(name, buffer.getvalue())


@override_settings(MEDIA_ROOT=MEDIA)
class StaffPhotoTest(SchoolTestCase):
    @classmethod
    def tearDownClass(cls) -> None:
        shutil.rmtree(MEDIA)
        super().tearDownClass()

    def setUp(self) -> None:
        self.log_in(self.tess)

    def submit_staff_form(self, **data: Any) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(reverse("staff_update"), {"title": "Teaches", "bio": "Typed bio"} | data)
        self.tess.staff.refresh_from_db()
        return response

    def test_uploaded_photo_is_downsized_and_loses_metadata_and_file_name(self) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Spy camera"
        self.assertRedirects(
            self.submit_staff_form(photo=photo_upload(exif=exif)), reverse("profile_staff", args=[self.tess.pk])
        )
        with Image.open(self.tess.staff.photo.path) as photo:
            self.assertEqual((photo.format, photo.size, dict(photo.getexif())), ("JPEG", (1200, 600), {}))
        self.assertNotIn("me", self.tess.staff.photo.name.split("/")[-1])

    def test_photo_uploaded_in_admin_is_downsized_and_loses_metadata_and_file_name(self) -> None:
        exif = Image.Exif()
        exif[0x010F] = "Spy camera"
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)
        path = reverse("admin:users_staff_change", args=[self.tess.pk])
        self.client.post(path, {"title": "Teaches", "listing": "1", "photo": photo_upload(exif=exif)})
        self.tess.staff.refresh_from_db()
        with Image.open(self.tess.staff.photo.path) as photo:
            self.assertEqual((photo.format, photo.size, dict(photo.getexif())), ("JPEG", (1200, 600), {}))
        self.assertNotIn("me", self.tess.staff.photo.name.split("/")[-1])

    def test_sideways_photo_is_rotated_upright(self) -> None:
        exif = Image.Exif()
        exif[0x0112] = 6
        self.submit_staff_form(photo=photo_upload(exif=exif))
        with Image.open(self.tess.staff.photo.path) as photo:
            self.assertEqual(photo.size, (600, 1200))

    def test_png_and_webp_photos_are_accepted(self) -> None:
        for kind in ("PNG", "WEBP"):
            with self.subTest(kind):
                self.assertEqual(
                    self.submit_staff_form(photo=photo_upload(kind, (10, 10), f"me.{kind.lower()}")).status_code, 302
                )

    def test_invalid_image_is_refused_beside_the_field_and_other_input_is_kept(self) -> None:
        svg_with_script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
        for content in (b"no picture", svg_with_script, photo_upload().read()[:500], b""):
            with self.subTest(content[:10]):
                page = self.submit_staff_form(photo=SimpleUploadedFile("me.jpg", content))
                self.assertIn("photo", page.context["form"].errors)
                self.assertContains(page, "Typed bio")
        self.assertFalse(self.tess.staff.photo)

    def test_file_over_5_mb_is_refused(self) -> None:
        oversized_file = SimpleUploadedFile("me.jpg", photo_upload().read() + b"\0" * pictures.LARGEST_FILE)
        self.assertFormError(
            self.submit_staff_form(photo=oversized_file).context["form"], "photo", pictures.TOO_LARGE.message
        )

    def test_small_file_with_too_many_pixels_is_refused(self) -> None:
        too_many_pixels = photo_upload("PNG", (30_000, 2_000), "me.png")
        self.assertFormError(
            self.submit_staff_form(photo=too_many_pixels).context["form"], "photo", pictures.TOO_MANY_PIXELS.message
        )

    def test_new_photo_replaces_the_old_file_and_can_be_removed(self) -> None:
        self.submit_staff_form(photo=photo_upload())
        storage, first = self.tess.staff.photo.storage, self.tess.staff.photo.name
        self.submit_staff_form(photo=photo_upload(size=(20, 20)))
        second = self.tess.staff.photo.name
        self.assertFalse(storage.exists(first))
        self.submit_staff_form()
        self.assertEqual(self.tess.staff.photo.name, second)
        self.submit_staff_form(without_photo="on")
        self.assertFalse(self.tess.staff.photo)
        self.assertFalse(storage.exists(second))

    def test_staff_form_is_not_found_for_users_who_are_not_staff(self) -> None:
        self.log_in(self.alice)
        self.assertEqual(self.submit_staff_form().status_code, 404)
