from io import StringIO

from django.conf import settings
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, override_settings, tag

from billing import checks
from billing.gateways.stripe import API, Stripe
from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.webhooks import FOLLOWED
from tests.billing.stripe import SECRETS, StripeTestCase
from tests.fakes.stripe_server import KEY

ADDRESS = "http://testserver/payments/process/stripe/"


@tag("once")
class StripeEndpointTest(StripeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override_settings(STRIPE_KEY=KEY, STRIPE_URL=self.fake.url, STRIPE_WEBHOOK_SECRET=SECRETS))

    def command_output(self, *options: str) -> str:
        out = StringIO()
        call_command("stripe_endpoint", *options, stdout=out)
        return out.getvalue()

    def test_command_creates_endpoint_with_our_version_and_events_and_reports_it_correct(self) -> None:
        self.fake.endpoint["url"] = "https://elsewhere.example/"
        with self.assertRaisesMessage(CommandError, "stripe_endpoint --make"):
            self.command_output()
        self.assertIn("STRIPE_WEBHOOK_SECRET=whsec_", self.command_output("--make"))
        made = self.books.every("webhook_endpoint", url=ADDRESS)[0]
        self.assertEqual((made["api_version"], sorted(made["enabled_events"])), (VERSION, sorted(FOLLOWED)))
        self.assertIn(": correct.", self.command_output())

    def test_wrong_version_missing_events_and_disabled_endpoint_are_reported(self) -> None:
        self.fake.endpoint |= {"url": ADDRESS, "api_version": "2019-05-16", "status": "disabled"}
        self.fake.endpoint["enabled_events"] = [kind for kind in FOLLOWED if kind != "refund.failed"]
        out = StringIO()
        with self.assertRaises(CommandError):
            call_command("stripe_endpoint", stdout=out)
        for problem in ("it uses 2019-05-16", "it does not send refund.failed", "it is disabled"):
            self.assertIn(problem, out.getvalue())
        self.assertIn(f"Then delete {self.fake.endpoint['id']}", self.command_output("--make"))

    def test_wrong_or_missing_key_is_reported(self) -> None:
        with override_settings(STRIPE_KEY="sk_test_other"), self.assertRaisesMessage(CommandError, "school's key"):
            self.command_output()
        with override_settings(STRIPE_KEY=""), self.assertRaisesMessage(CommandError, "STRIPE_KEY is not set"):
            self.command_output()


@tag("once")
class StripeChecksTest(SimpleTestCase):
    def test_form_targets_are_stripes_checkout_or_the_configured_url(self) -> None:
        self.assertEqual(Stripe("sk_live_x", ["whsec_x"]).hosts, ("https://checkout.stripe.com",))
        self.assertEqual(Stripe("sk_x", ["whsec_x"], "http://127.0.0.1:8114").hosts, ("http://127.0.0.1:8114",))

    def test_stripe_package_does_not_log_personal_data(self) -> None:
        """At INFO the package logs messages from Stripe, which can contain an invalid email address."""
        self.assertEqual(settings.LOGGING["loggers"]["stripe"]["level"], "WARNING")

    def test_incomplete_settings_or_unsupported_currency_raise_system_check_warning(self) -> None:
        whole = {"STRIPE_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRET": ["whsec_x"]}
        for changed, wanted in (
            ({"STRIPE_KEY": "", "STRIPE_WEBHOOK_SECRET": []}, []),
            (whole, []),
            (whole | {"STRIPE_WEBHOOK_SECRET": []}, ["billing.W003"]),
            (whole | {"CURRENCY": "LYD"}, ["billing.W004"]),
        ):
            with self.subTest(wanted=wanted), override_settings(**changed):
                self.assertEqual([found.id for found in checks.check_stripe_settings()], wanted)

    def test_deployment_must_use_the_real_stripe_api(self) -> None:
        for url, wanted in ((API, 0), ("http://127.0.0.1:8114", 1)):
            with override_settings(STRIPE_URL=url):
                found = [each for each in run_checks(include_deployment_checks=True) if each.id == "billing.E004"]
            self.assertEqual(len(found), wanted, url)
