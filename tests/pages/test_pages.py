import re

from django.test import override_settings

from tests import factories
from tests.base import SchoolTestCase
from users.models import Staff


class AboutPageTest(SchoolTestCase):
    def staff_names(self) -> list[str]:
        return [str(person) for person in self.client.get("/aboutus/").context["people"]]

    def test_staff_are_listed_in_order_and_a_negative_number_hides_them(self) -> None:
        for person, listing in ((self.tess, 3), (self.ash, -1), (self.ada, 1)):
            Staff.objects.filter(user=person).update(listing=listing)
        self.assertEqual(self.staff_names(), ["Ada Adler", "Tess Tanner"])

    def test_closed_staff_accounts_are_not_shown(self) -> None:
        self.tess.is_active = False
        self.tess.save()
        self.assertNotIn("Tess Tanner", self.staff_names())

    def test_markup_in_bio_is_escaped(self) -> None:
        Staff.objects.filter(user=self.tess).update(bio="<b>Hello</b>")
        self.assertContains(self.client.get("/aboutus/"), "&lt;b&gt;Hello&lt;/b&gt;")

    def test_query_count_does_not_grow_with_the_number_of_staff(self) -> None:
        def add_staff(count: int) -> None:
            for _ in range(count):
                number = Staff.objects.count()
                factories.create_staff(
                    factories.create_account(f"t{number}@example.org", f"Teacher {number}"), "Teacher"
                )

        self.assertSameQueries("/aboutus/", add_staff, exactly=2)
        self.assertSameQueries("/", add_staff, exactly=7)


class PageAssetsTest(SchoolTestCase):
    @override_settings(BRAND_HUE=210)
    def test_brand_color_is_served_as_a_cacheable_style_sheet(self) -> None:
        page = self.client.get("/").content.decode()
        (address,) = re.findall(r'href="(/brand/210/\w+\.css)"', page)
        response = self.client.get(address)
        self.assertRegex(
            response.content.decode(), r'^:root\{--brand-hue:210;--brand-mark:url\("data:image/svg\+xml,[^"]+"\)\}\n$'
        )
        self.assertEqual(response.headers["Content-Type"], "text/css; charset=utf-8")
        self.assertEqual(response.headers["Cache-Control"], "public, max-age=31536000, immutable")
        self.assertIn('<link rel="icon" href="data:image/svg+xml,', page)

    def test_pages_contain_no_inline_styles_or_scripts(self) -> None:
        self.log_in(self.ada)
        for path in ("/", "/aboutus/", "/contact/", "/desk/", "/nowhere/", "/admin/"):
            with self.subTest(path):
                html = self.client.get(path).content.decode()
                for part in (' style="', "<style", "<script>", "onclick="):
                    self.assertNotIn(part, html)

    def test_robots_txt_excludes_the_desk(self) -> None:
        self.assertContains(self.client.get("/robots.txt"), "Disallow: /desk/")
