"""The page of a resource and its file, stored in a folder or in a bucket."""

import requests
from django.test import override_settings, tag
from django.urls import reverse

from classwork.models import Resource
from common.files import private
from history.models import Entry
from mailroom.models import Message
from tests import samples
from tests.classwork.resource_case import FILM, Given
from tests.private_files import InBucket, InFolder, answer


@tag("once")
class ResourcePageTest(InFolder, Given):
    def test_each_kind_has_its_player_or_viewer(self) -> None:
        for kind, data, shown in (
            ("video", FILM, "<video"),
            ("audio", samples.wav(), "<audio"),
            ("image", samples.picture(), "<img"),
            ("file", samples.pdf(), "<iframe"),
        ):
            with self.subTest(kind):
                resource = self.give(kind, data)
                page = self.page(resource)
                self.assertContains(page, shown)
                self.assertContains(page, f'src="/resource/{resource.pk}/file"')

    def test_video_loads_subtitles_from_our_own_address(self) -> None:
        resource = self.give()
        url = f"/resource/{resource.pk}/subtitles"
        self.assertContains(self.page(resource), f'src="{url}"')
        response = self.client.get(url)
        self.assertEqual((answer(response), response.headers["Content-Type"]), (samples.VTT, "text/vtt; charset=utf-8"))
        self.assertEqual(
            self.client.get(f"/resource/{self.give('audio', samples.wav()).pk}/subtitles").status_code, 404
        )

    def test_markdown_is_rendered_and_scripts_are_removed(self) -> None:
        page = self.page(self.give("text", text="*Left*, then <script>alert(1)</script> [right](javascript:alert(1))"))
        self.assertContains(page, "<em>Left</em>")
        self.assertNotContains(page, "alert(1)</script>")
        self.assertNotContains(page, "javascript:")

    def test_link_page_names_the_destination_and_marks_external_links(self) -> None:
        page = self.page(self.give("link", link="https://video.example.org/steps?a=1&b=2"))
        self.assertContains(page, "Go to video.example.org")
        self.assertContains(
            page, 'href="https://video.example.org/steps?a=1&amp;b=2" rel="noopener noreferrer nofollow"'
        )
        self.assertContains(page, "External link")
        self.assertContains(self.page(self.give("page", link="/classes/levels/")), 'href="/classes/levels/"')

    def test_file_that_no_browser_can_show_is_downloaded(self) -> None:
        page = self.page(self.give("file", samples.DOCX, "Sheet.docx"))
        self.assertNotContains(page, "<iframe")
        self.assertContains(page, "Download Sheet.docx")

    def test_other_members_get_not_found_and_visitors_are_asked_to_log_in(self) -> None:
        resource = self.give()
        for pk in (resource.pk, 999_999):
            self.client.logout()
            url = reverse("resource_detail", args=[pk])
            self.assertRedirects(self.client.get(url), f"/user/login/?next={url}")
            self.assertEqual(self.client.get(f"{url}/file").status_code, 404)
            self.log_in(self.sam)
            self.assertEqual([self.client.get(f"{url}{more}").status_code for more in ("", "/file")], [404, 404])

    def test_unattached_public_resource_is_visible_to_everybody_once_approved(self) -> None:
        resource = self.give("text", text="Welcome", audience="public")
        resource.attachments.all().delete()
        self.assertEqual(self.page(resource, self.sam).status_code, 404)
        Resource.objects.update(manager_approved=True)
        self.client.logout()
        self.assertContains(self.page(resource), "Welcome")

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_missing_file_is_reported_on_the_page_and_to_the_office_once(self) -> None:
        resource = self.give()
        private.files.delete(resource.file.name)
        for _ in range(2):
            self.assertContains(self.page(resource), "This file is missing.")
            response = self.bytes(resource)
            self.assertContains(response, "This file is missing.", status_code=404)
        messages = Message.objects.filter(template="classwork.file_missing")
        self.assertEqual([message.to for message in messages], ["office@example.org"])
        self.assertEqual(Entry.objects.filter(action="classwork.file_missing").count(), 1)


@tag("once")
class FileFromFolderTest(InFolder, Given):
    def test_student_with_access_downloads_the_file_and_byte_ranges(self) -> None:
        resource = self.give()
        self.assertEqual(self.bytes(resource).body, FILM)
        part = self.bytes(resource, range="bytes=10-19")
        self.assertEqual((part.status_code, part.body), (206, FILM[10:20]))
        self.assertEqual(self.bytes(resource, "head").headers["Content-Length"], "5000")
        saved = self.bytes(resource, query="?download=1").headers["Content-Disposition"]
        self.assertEqual(saved, 'attachment; filename="Sugar push.mp4"')

    def test_stored_file_has_no_public_address(self) -> None:
        name = self.give().file.name
        for path in (f"/media/{name}", f"/private/{name}", f"/private-files/{name}", f"/static/{name}", f"/{name}"):
            self.assertEqual(self.client.get(path).status_code, 404, path)

    def test_resource_without_a_file_has_no_download(self) -> None:
        self.assertEqual(self.bytes(self.give("text", text="x")).status_code, 404)


@tag("once")
class FileFromBucketTest(InBucket, Given):
    def test_student_with_access_gets_a_signed_link(self) -> None:
        resource = self.give()
        self.assertContains(self.page(resource), "<video")
        response = self.bytes(resource)
        self.assertEqual(response.status_code, 302)
        link = response.headers["Location"]
        self.assertIn("X-Amz-Expires=690", link)
        got = requests.get(link, headers={"Range": "bytes=10-19"}, timeout=5)
        self.assertEqual((got.status_code, got.content), (206, FILM[10:20]))
        head = self.bytes(resource, "head").headers["Location"]
        self.assertEqual(requests.head(head, timeout=5).status_code, 200)

    def test_other_members_get_no_link_and_the_unsigned_address_is_refused(self) -> None:
        resource = self.give()
        bare = self.bytes(resource).headers["Location"].partition("?")[0]
        self.assertEqual(requests.get(bare, timeout=5).status_code, 403)
        self.log_in(self.sam)
        self.assertEqual(self.bytes(resource).status_code, 404)
        self.assertEqual(self.bytes(resource, "head", range="bytes=0-").status_code, 404)

    def test_subtitles_are_served_by_the_site(self) -> None:
        response = self.client.get(f"/resource/{self.give().pk}/subtitles")
        self.assertEqual((response.status_code, answer(response)), (200, samples.VTT))

    def test_missing_file_is_reported(self) -> None:
        resource = self.give()
        private.files.delete(resource.file.name)
        self.assertContains(self.page(resource), "This file is missing.")
        self.assertEqual(self.bytes(resource).status_code, 404)
