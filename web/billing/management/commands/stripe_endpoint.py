from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from billing.gateways.stripe import webhook_endpoint
from billing.gateways.stripe.client import VERSION, create_stripe_client
from common.errors import WorkFailure


class Command(BaseCommand):
    help = (
        "Checks that Stripe sends this site all the events it needs, in the right version. "
        "Exits with 1 and says what to do if not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--make", action="store_true", help="create an endpoint and show its secret once")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.STRIPE_KEY:
            raise CommandError("STRIPE_KEY is not set.")
        client = create_stripe_client(settings.STRIPE_KEY, settings.STRIPE_URL)
        url = settings.SITE_URL + reverse("static_process_payment", args=["stripe"])
        try:
            endpoints = webhook_endpoint.find_endpoints(client, url)
            if options["make"]:
                self.show_secret(webhook_endpoint.create_endpoint(client, url), endpoints)
            else:
                self.check_endpoints(url, endpoints)
        except WorkFailure as trouble:
            raise CommandError(str(trouble)) from trouble

    def check_endpoints(self, url: str, endpoints: list[webhook_endpoint.RegisteredEndpoint]) -> None:
        for endpoint in endpoints:
            self.stdout.write(f"{endpoint.id}: {'; '.join(endpoint.problems) or 'correct'}.")
        if any(not endpoint.problems for endpoint in endpoints):
            if not settings.STRIPE_WEBHOOK_SECRET:
                raise CommandError("STRIPE_WEBHOOK_SECRET is not set; the endpoint's page at Stripe shows it.")
            self.stdout.write(f"Stripe sends its events to {url}, in version {VERSION}.")
            return
        raise CommandError(f"No endpoint at Stripe works for {url}. Create one: manage.py stripe_endpoint --make")

    def show_secret(self, secret: str, endpoints: list[webhook_endpoint.RegisteredEndpoint]) -> None:
        self.stdout.write(f"STRIPE_WEBHOOK_SECRET={secret}")
        self.stdout.write("Put this line into the environment now and restart the site. It is shown only once.")
        for endpoint in endpoints:
            self.stdout.write(
                f"Then delete {endpoint.id} at Stripe; until then name both secrets, with a comma between."
            )
