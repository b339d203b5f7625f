from io import StringIO

from django.core.management import CommandError, call_command
from django.test import override_settings, tag

from billing.gateways.stripe.client import VERSION
from billing.gateways.stripe.hearing import FOLLOWED
from tests.billing.stripe import SECRETS, StripeTestCase
from tests.fakes.stripe_server import KEY

ADDRESS = "http://testserver/payments/process/stripe/"


@tag("once")
class StripeEndpointTest(StripeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(override_settings(STRIPE_KEY=KEY, STRIPE_URL=self.fake.url, STRIPE_WEBHOOK_SECRET=SECRETS))

    def told(self, *options: str) -> str:
        out = StringIO()
        call_command("stripe_endpoint", *options, stdout=out)
        return out.getvalue()

    def test_an_endpoint_is_made_with_our_version_and_events_and_is_then_as_it_should_be(self) -> None:
        self.fake.endpoint["url"] = "https://elsewhere.example/"
        with self.assertRaisesMessage(CommandError, "stripe_endpoint --make"):
            self.told()
        self.assertIn("STRIPE_WEBHOOK_SECRET=whsec_", self.told("--make"))
        made = self.books.every("webhook_endpoint", url=ADDRESS)[0]
        self.assertEqual((made["api_version"], sorted(made["enabled_events"])), (VERSION, sorted(FOLLOWED)))
        self.assertIn("as it should be", self.told())

    def test_another_version_missing_events_and_a_switched_off_endpoint_are_told(self) -> None:
        self.fake.endpoint |= {"url": ADDRESS, "api_version": "2019-05-16", "status": "disabled"}
        self.fake.endpoint["enabled_events"] = [kind for kind in FOLLOWED if kind != "refund.failed"]
        out = StringIO()
        with self.assertRaises(CommandError):
            call_command("stripe_endpoint", stdout=out)
        for problem in ("it speaks 2019-05-16", "it does not tell refund.failed", "it is switched off"):
            self.assertIn(problem, out.getvalue())
        self.assertIn(f"Then delete {self.fake.endpoint['id']}", self.told("--make"))

    def test_a_wrong_key_is_said_so(self) -> None:
        with override_settings(STRIPE_KEY="sk_test_other"), self.assertRaisesMessage(CommandError, "school's key"):
            self.told()
        with override_settings(STRIPE_KEY=""), self.assertRaisesMessage(CommandError, "STRIPE_KEY is not set"):
            self.told()
