"""What `manage.py check --deploy` says about a site that is not ready, and that it is silent about one that is."""

import grp
import os
import re
import tempfile
from pathlib import Path

from django.core.checks import run_checks
from django.test import SimpleTestCase, override_settings, tag

READY: dict[str, object] = {
    "PAYMENT_VARIANTS": {},
    "MAIL_BY": "smtp",
    "EMAIL_HOST": "mail.example.org",
    "DEFAULT_FROM_EMAIL": "school@example.org",
    "OFFICE_EMAIL": "office@example.org",
    "SECURE_PROXY_SSL_HEADER": None,
    "TRUSTED_PROXIES": 0,
    "HAND_OVER_BY": "site",
    "STRIPE_KEY": "",
    "STRIPE_PUBLIC_KEY": "",
}


@tag("once", "processes")
@override_settings(**READY)
class DeployCheckTest(SimpleTestCase):
    def said(self, **changed: object) -> list[str]:
        with override_settings(**changed):
            found = run_checks(include_deployment_checks=True)
        ours = re.compile(r"(common|mailroom|billing)\.")
        return [f"{each.id} {each.msg}" for each in found if ours.match(each.id or "")]

    def assertSays(self, words: str, **changed: object) -> None:
        said = self.said(**changed)
        self.assertEqual(len(said), 1, said)
        self.assertIn(words, said[0])

    def test_a_site_that_is_ready_gets_no_word(self) -> None:
        self.assertEqual(self.said(), [])
        behind = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "TRUSTED_PROXIES": 1}
        self.assertEqual(self.said(**behind), [])

    def test_a_proxy_needs_to_be_counted(self) -> None:
        self.assertSays("TRUSTED_PROXIES", SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
        with tempfile.TemporaryDirectory() as folder:
            self.assertSays("TRUSTED_PROXIES", HAND_OVER_BY="x-sendfile", PRIVATE_ROOT=Path(folder, "none yet"))

    def test_mail_that_leaves_nowhere_is_told(self) -> None:
        for way in ("file", "console"):
            self.assertSays(f"MAIL_BY={way}", MAIL_BY=way)
        self.assertSays("EMAIL_HOST", EMAIL_HOST="localhost", EMAIL_HOST_USER="office")

    def test_a_missing_sender_and_a_missing_office_are_told(self) -> None:
        from django.conf import settings

        self.assertSays("DEFAULT_FROM_EMAIL", DEFAULT_FROM_EMAIL=settings.NOREPLY)
        self.assertSays("OFFICE_EMAIL", OFFICE_EMAIL="")

    def test_a_currency_that_is_none_is_told(self) -> None:
        self.assertSays("XYZZY", CURRENCY="XYZZY")
        self.assertSays("XQZ", CURRENCY="XQZ")
        for known in ("EUR", "JPY", "KWD"):
            self.assertEqual(self.said(CURRENCY=known), [])

    def test_stripes_two_keys_must_be_of_one_account_and_mode(self) -> None:
        keys = {"STRIPE_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": ["whsec_1"]}
        self.assertSays("STRIPE_PUBLIC_KEY", **keys, STRIPE_PUBLIC_KEY="pk_test_1")
        self.assertSays("STRIPE_PUBLIC_KEY", **keys, STRIPE_PUBLIC_KEY="sk_live_1")
        self.assertEqual(self.said(**keys, STRIPE_PUBLIC_KEY="pk_live_1"), [])
        self.assertEqual(self.said(**keys), [])

    def test_a_web_server_that_hands_files_over_must_be_able_to_read_them(self) -> None:
        by_nginx = {"HAND_OVER_BY": "x-accel-redirect", "TRUSTED_PROXIES": 1}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "private")
            self.assertEqual(self.said(**by_nginx, PRIVATE_ROOT=folder), [])  # made by the first upload
            folder.mkdir(mode=0o700)
            self.assertSays("PRIVATE_ROOT", **by_nginx, PRIVATE_ROOT=folder)
            folder.chmod(0o755)
            self.assertEqual(self.said(**by_nginx, PRIVATE_ROOT=folder), [])
            if os.geteuid() == 0:
                os.chown(folder, 0, grp.getgrnam("www-data").gr_gid)
                folder.chmod(0o2750)
                self.assertEqual(self.said(**by_nginx, PRIVATE_ROOT=folder), [])
