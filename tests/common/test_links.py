from datetime import timedelta
from unittest import mock

from django.core import signing
from django.test import SimpleTestCase

from common import links

DAY = timedelta(days=1)


class LinksTest(SimpleTestCase):
    def test_token_returns_the_row_and_nonce_that_were_signed(self) -> None:
        token = links.read_token("claim", links.sign_token("claim", 7, "abc"), DAY)
        self.assertEqual((token.pk, token.nonce), (7, "abc"))

    def test_token_for_another_purpose_is_invalid(self) -> None:
        with self.assertRaises(links.LinkInvalid):
            links.read_token("reset", links.sign_token("claim", 7, "abc"), DAY)

    def test_damaged_token_is_invalid(self) -> None:
        for text in ("", "x", links.sign_token("claim", 7, "abc")[:-1], "a:b:c"):
            with self.subTest(text), self.assertRaises(links.LinkInvalid):
                links.read_token("claim", text, DAY)

    def test_an_old_token_has_expired(self) -> None:
        with self.assertRaises(links.LinkExpired):
            links.read_token("claim", links.sign_token("claim", 7, "abc"), timedelta(seconds=-1))

    def test_token_expires_at_its_deadline(self) -> None:
        token = links.sign_token("claim", 7, "abc")
        signed_at = signing.b62_decode(token.split(":")[1])
        with mock.patch("django.core.signing.time.time", return_value=signed_at + DAY.total_seconds()):
            self.assertRaises(links.LinkExpired, links.read_token, "claim", token, DAY)
        with mock.patch("django.core.signing.time.time", return_value=signed_at + DAY.total_seconds() - 1e-5):
            self.assertEqual(links.read_token("claim", token, DAY).pk, 7)

    def test_empty_nonce_never_matches(self) -> None:
        self.assertFalse(links.nonce_matches("", ""))
        self.assertTrue(links.nonce_matches("abc", "abc"))
