"""Tess adds resources to her class on her phone, with and without scripts."""

import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page

from classwork.domain.resources import content, releases
from classwork.models import Meeting, Resource
from tests import samples
from tests.browser.base import BrowserTestCase
from tests.classwork import resource_factories
from tests.classwork.resource_case import chosen
from tests.private_files import in_folder, stored

FILM = samples.mp4(20, size=300_000)


class AddResourceTest(BrowserTestCase):
    allowed_urls = ("chrome:", "chrome-extension:")  # the browser's own viewer of papers

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        change = in_folder(str(self.folder / "private"))
        change.enable()
        self.addCleanup(change.disable)

    def write_file(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def open_video_form(self, page: Page) -> None:
        page.goto("/teaching/")
        page.get_by_role("link", name="Resources").first.click()
        page.get_by_role("link", name="Video").click()

    def test_uploaded_video_is_visible_to_a_student_only_after_the_class(self) -> None:
        page = self.open_browser(self.school.tess, width=390)
        self.open_video_form(page)
        page.locator("[name=file]").set_input_files(self.write_file("Sugar push.mp4", FILM))
        page.get_by_text("Sugar push.mp4 is uploaded.").wait_for()
        self.check_page(page)
        page.get_by_role("button", name="Add").click()
        page.get_by_text("“Sugar push” has been added.").wait_for()
        self.check_page(page)
        self.assertFalse(self.problems, self.problems)
        found = Resource.objects.get()
        self.assertEqual((stored(), found.size), ([found.file.name], len(FILM)))
        self.check_visible_only_after_class(found)

    def check_visible_only_after_class(self, found: Resource) -> None:
        resource_factories.create_registration(self.school.student, self.school.class_offer)
        page = self.open_browser(self.school.alice, width=390)
        self.visit(page, "/library/")
        self.assertEqual(page.get_by_role("link", name="Sugar push").count(), 0)
        self.visit(page, f"/resource/{found.pk}", status=404)
        self.end_first_class()
        page.goto("/library/")
        page.get_by_role("link", name="Sugar push").first.click()
        page.locator("video").wait_for()
        self.check_page(page)
        self.assertEqual(self.problems, [])

    def end_first_class(self) -> None:
        """Change the first meeting so that it ended a minute ago."""
        end = timezone.now() - timedelta(minutes=1)
        first = self.school.class_offer.meetings.order_by("starts_at")[0]
        Meeting.objects.filter(pk=first.pk).update(starts_at=end - timedelta(hours=1), ends_at=end)
        releases.rebuild_class_releases([self.school.class_offer.pk])

    def test_add_pressed_during_the_upload_takes_effect_when_the_upload_ends(self) -> None:
        page = self.open_browser(self.school.tess, width=390)
        self.open_video_form(page)
        page.route("**/teaching/uploads/**", lambda route: (page.wait_for_timeout(150), route.continue_()))
        page.locator("[name=file]").set_input_files(self.write_file("Turn.mp4", FILM))
        page.get_by_role("button", name="Add").click()
        page.get_by_text("“Turn” has been added.").wait_for()

    def test_refused_file_shows_an_error_at_the_file_field(self) -> None:
        page = self.open_browser(self.school.tess, width=390)
        self.open_video_form(page)
        page.locator("[name=file]").set_input_files(self.write_file("Sheet.pdf", samples.pdf()))
        page.get_by_text("Please choose a video").wait_for()
        page.locator("[name=file]").set_input_files(self.write_file("Turn.mp4", samples.EXE))
        page.get_by_text("Turn.mp4 is uploaded.").wait_for()
        page.get_by_role("button", name="Add").click()
        page.locator(".field.has-error", has_text="You can’t upload programs or scripts.").wait_for()
        self.assertEqual((Resource.objects.count(), stored()), (0, []))

    def test_form_uploads_the_video_without_scripts(self) -> None:
        page = self.open_browser(self.school.tess, width=390, javascript=False)
        self.open_video_form(page)
        page.locator("[name=file]").set_input_files(self.write_file("Turn.mp4", FILM))
        page.get_by_role("button", name="Add").click()
        page.get_by_text("“Turn” has been added.").wait_for()

    def test_players_and_viewers_fit_within_the_page(self) -> None:
        page = self.open_browser(self.school.tess)
        for kind, name, data in (
            ("video", "a.mp4", FILM),
            ("audio", "a.wav", samples.wav()),
            ("image", "a.jpg", samples.picture(size=(3000, 500))),
            ("file", "a.pdf", samples.pdf()),
        ):
            values = {"kind": kind, "title": f"A {kind}", "audience": "student", "when": "sign_up"}
            given = content.add_resource(
                self.school.tess.staff, self.school.class_offer, values, {"file": chosen(name, data, kind)}
            )
            self.visit(page, f"/resource/{given.pk}")

    def test_moving_a_resource_keeps_the_keyboard_focus(self) -> None:
        values = {"kind": "text", "text": "x", "audience": "student", "when": "sign_up"}
        for title in ("One", "Two", "Three"):
            content.add_resource(self.school.tess.staff, self.school.class_offer, values | {"title": title}, {})
        page = self.open_browser(self.school.tess, width=390)
        page.goto(f"/teaching/class/{self.school.class_offer.pk}/resources/")
        page.get_by_role("button", name="Move “Three” up").press("Enter")
        page.locator(".resource-row:nth-child(2)", has_text="Three").wait_for()
        page.keyboard.press("Enter")
        page.locator(".resource-row:nth-child(1)", has_text="Three").wait_for()
