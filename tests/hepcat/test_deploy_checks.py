"""`manage.py check --deploy` reports what a site still lacks, and reports nothing about a site that is ready."""

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
    "FILE_SERVING": "site",
    "STRIPE_KEY": "",
    "STRIPE_PUBLIC_KEY": "",
}


@tag("once", "processes")
@override_settings(**READY)
class DeployCheckTest(SimpleTestCase):
    def check_messages(self, **changed: object) -> list[str]:
        with override_settings(**changed):
            all_messages = run_checks(include_deployment_checks=True)
        app_prefix = re.compile(r"(common|mailroom|billing)\.")
        return [f"{message.id} {message.msg}" for message in all_messages if app_prefix.match(message.id or "")]

    def assertSays(self, words: str, **changed: object) -> None:
        messages = self.check_messages(**changed)
        self.assertEqual(len(messages), 1, messages)
        self.assertIn(words, messages[0])

    def test_site_that_is_ready_gets_no_messages(self) -> None:
        self.assertEqual(self.check_messages(), [])
        proxy_settings = {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "TRUSTED_PROXIES": 1}
        self.assertEqual(self.check_messages(**proxy_settings), [])

    def test_site_behind_a_proxy_is_told_to_set_trusted_proxies(self) -> None:
        self.assertSays("TRUSTED_PROXIES", SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"))
        with tempfile.TemporaryDirectory() as folder:
            self.assertSays("TRUSTED_PROXIES", FILE_SERVING="x-sendfile", PRIVATE_ROOT=Path(folder, "none yet"))

    def test_mail_settings_that_deliver_to_nobody_are_reported(self) -> None:
        for backend in ("file", "console"):
            self.assertSays(f"MAIL_BY={backend}", MAIL_BY=backend)
        self.assertSays("EMAIL_HOST", EMAIL_HOST="localhost", EMAIL_HOST_USER="office")

    def test_missing_sender_and_office_addresses_are_reported(self) -> None:
        from django.conf import settings

        self.assertSays("DEFAULT_FROM_EMAIL", DEFAULT_FROM_EMAIL=settings.NOREPLY)
        self.assertSays("OFFICE_EMAIL", OFFICE_EMAIL="")

    def test_unknown_currency_is_reported(self) -> None:
        self.assertSays("XYZZY", CURRENCY="XYZZY")
        self.assertSays("XQZ", CURRENCY="XQZ")
        for known in ("EUR", "JPY", "KWD"):
            self.assertEqual(self.check_messages(CURRENCY=known), [])

    def test_stripe_public_key_of_the_wrong_kind_or_mode_is_reported(self) -> None:
        keys = {"STRIPE_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": ["whsec_1"]}
        self.assertSays("STRIPE_PUBLIC_KEY", **keys, STRIPE_PUBLIC_KEY="pk_test_1")
        self.assertSays("STRIPE_PUBLIC_KEY", **keys, STRIPE_PUBLIC_KEY="sk_live_1")
        self.assertEqual(self.check_messages(**keys, STRIPE_PUBLIC_KEY="pk_live_1"), [])
        self.assertEqual(self.check_messages(**keys), [])

    def test_private_files_that_the_web_server_cannot_read_are_reported(self) -> None:
        nginx_settings = {"FILE_SERVING": "x-accel-redirect", "TRUSTED_PROXIES": 1}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "private")
            # The first upload creates the folder.
            self.assertEqual(self.check_messages(**nginx_settings, PRIVATE_ROOT=folder), [])
            folder.mkdir(mode=0o700)
            self.assertSays("PRIVATE_ROOT", **nginx_settings, PRIVATE_ROOT=folder)
            folder.chmod(0o755)
            self.assertEqual(self.check_messages(**nginx_settings, PRIVATE_ROOT=folder), [])
            if os.geteuid() == 0:
                os.chown(folder, 0, grp.getgrnam("www-data").gr_gid)
                folder.chmod(0o2750)
                self.assertEqual(self.check_messages(**nginx_settings, PRIVATE_ROOT=folder), [])
