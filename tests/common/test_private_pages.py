"""On a shared computer, the Back button shows no personal page after logout, because browsers may not store it."""

import re

from django.urls import reverse

from classwork.domain.schedule import calendar_feeds
from mailroom.domain import reader_links
from registrations.domain import calendar_feeds as student_feeds
from tests.access import rows
from tests.base import SchoolTestCase
from tests.mailroom.base import stored

PUBLIC = ("home", "aboutus", "classoffer_list", "level_guide", "location_list", "terms", "contact", "robots")
PERSONAL = ("profile_page", "my_orders", "my_credit", "my_messages", "my_classes", "user_update", "second_factor")
OFFICE = ("desk", "desk_orders", "desk_students", "desk_mail", "desk_queue", "teaching")


class PrivatePagesTest(SchoolTestCase):
    def test_personal_office_and_admin_pages_may_not_be_stored(self) -> None:
        self.log_in(self.ada)
        for path in [*(reverse(name) for name in (*PERSONAL, *OFFICE)), "/admin/", "/admin/users/user/"]:
            with self.subTest(path):
                self.assertIn("no-store", self.client.get(path).headers.get("Cache-Control", ""))

    def test_cart_and_checkout_of_a_visitor_may_not_be_stored(self) -> None:
        self.client.post(reverse("register"), {"classes": [self.class_offer.pk], "who": ["me"], "others": 0})
        for name in ("cart", "checkout", "register"):
            with self.subTest(name):
                self.assertIn("no-store", self.client.get(reverse(name)).headers.get("Cache-Control", ""))

    def test_pages_behind_secret_links_may_not_be_stored(self) -> None:
        message = stored()
        student_feeds.renew_student_feed(self.alice.student)
        calendar_feeds.renew_teacher_feed(self.tess.staff)
        for path in (
            reader_links.footer_links(message).choose,
            reader_links.footer_links(message).stop,
            calendar_feeds.teacher_feed_url(self.tess.staff),
            student_feeds.student_feed_url(self.alice.student),
            reverse("contact") + "?key=abc",
        ):
            with self.subTest(path):
                response = self.client.get(path)
                self.assertEqual(response.status_code, 200)
                self.assertIn("no-store", response.headers.get("Cache-Control", ""))
                self.assertIn("private", response.headers["Cache-Control"])

    def test_public_pages_may_be_stored(self) -> None:
        url_names = {row.name for row in rows()}
        for name in PUBLIC:
            self.assertIn(name, url_names)
            with self.subTest(name):
                self.assertNotIn("no-store", self.client.get(reverse(name)).headers.get("Cache-Control", ""))

    def test_stylesheet_keeps_its_cache_control_after_login(self) -> None:
        (stylesheet,) = re.findall(r'href="(/brand/[^"]+)"', self.client.get(reverse("contact")).content.decode())
        before = self.client.get(stylesheet).headers["Cache-Control"]
        self.log_in(self.ada)
        self.assertEqual(self.client.get(stylesheet).headers["Cache-Control"], before)
