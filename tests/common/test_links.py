from datetime import timedelta
from unittest import mock

from django.core import signing
from django.test import SimpleTestCase

from common import links

DAY = timedelta(days=1)


class LinksTest(SimpleTestCase):
    def test_a_token_tells_the_row_and_nonce_it_was_made_from(self) -> None:
        token = links.read_token("claim", links.sign_token("claim", 7, "abc"), DAY)
        self.assertEqual((token.pk, token.nonce), (7, "abc"))

    def test_a_token_made_for_another_purpose_is_bad(self) -> None:
        with self.assertRaises(links.LinkInvalid):
            links.read_token("reset", links.sign_token("claim", 7, "abc"), DAY)

    def test_a_mangled_token_is_bad(self) -> None:
        for text in ("", "x", links.sign_token("claim", 7, "abc")[:-1], "a:b:c"):
            with self.subTest(text), self.assertRaises(links.LinkInvalid):
                links.read_token("claim", text, DAY)

    def test_an_old_token_has_expired(self) -> None:
        with self.assertRaises(links.LinkExpired):
            links.read_token("claim", links.sign_token("claim", 7, "abc"), timedelta(seconds=-1))

    def test_a_token_is_over_at_its_deadline(self) -> None:
        made = links.sign_token("claim", 7, "abc")
        stamp = signing.b62_decode(made.split(":")[1])
        with mock.patch("django.core.signing.time.time", return_value=stamp + DAY.total_seconds()):
            self.assertRaises(links.LinkExpired, links.read_token, "claim", made, DAY)
        with mock.patch("django.core.signing.time.time", return_value=stamp + DAY.total_seconds() - 1e-5):
            self.assertEqual(links.read_token("claim", made, DAY).pk, 7)

    def test_an_empty_nonce_fits_nothing(self) -> None:
        self.assertFalse(links.nonce_matches("", ""))
        self.assertTrue(links.nonce_matches("abc", "abc"))
