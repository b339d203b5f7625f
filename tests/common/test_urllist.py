import json
from io import StringIO

from django.core.management import call_command
from django.test import SimpleTestCase


def urllist_output(*words: str, **options: bool) -> str:
    out = StringIO()
    call_command("urllist", *words, stdout=out, **options)
    return out.getvalue()


class UrllistTest(SimpleTestCase):
    def test_each_address_is_listed_with_its_name_and_view(self) -> None:
        self.assertRegex(urllist_output(), r"/aboutus/ +aboutus +pages\.views\.public\.about\n")

    def test_search_words_filter_the_list(self) -> None:
        lines = urllist_output("contact").strip().splitlines()
        self.assertTrue(lines[1:])
        self.assertTrue(all("contact" in line for line in lines[1:]), lines)

    def test_admin_addresses_are_listed_only_with_the_admin_option(self) -> None:
        self.assertNotIn("admin:", urllist_output())
        self.assertIn("admin:users_user_changelist", urllist_output(admin=True))

    def test_json_output_contains_route_and_name(self) -> None:
        rows = json.loads(urllist_output("aboutus", json=True))
        self.assertEqual([(row["route"], row["name"]) for row in rows], [("/aboutus/", "aboutus")])
