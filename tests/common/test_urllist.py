import json
from io import StringIO

from django.core.management import call_command
from django.test import SimpleTestCase


def listed(*words: str, **options: bool) -> str:
    out = StringIO()
    call_command("urllist", *words, stdout=out, **options)
    return out.getvalue()


class UrllistTest(SimpleTestCase):
    def test_each_address_is_told_with_its_name_and_view(self) -> None:
        self.assertRegex(listed(), r"/aboutus/ +aboutus +pages\.views\.public\.about\n")

    def test_words_narrow_the_list(self) -> None:
        lines = listed("contact").strip().splitlines()
        self.assertTrue(lines[1:])
        self.assertTrue(all("contact" in line for line in lines[1:]), lines)

    def test_the_admin_is_listed_when_asked_for(self) -> None:
        self.assertNotIn("admin:", listed())
        self.assertIn("admin:users_user_changelist", listed(admin=True))

    def test_json_holds_the_same(self) -> None:
        rows = json.loads(listed("aboutus", json=True))
        self.assertEqual([(row["route"], row["name"]) for row in rows], [("/aboutus/", "aboutus")])
