"""Prepares an installed site for running."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from common.demo import PASSWORD, PEOPLE
from pages import demo
from users.models import User


class Command(BaseCommand):
    help = "Bring the database up to date; while DEBUG is on, fill an empty one with the demo school."
    requires_system_checks = []  # runserver makes these checks a second later

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="", help="The URL of the site, which is shown in the output.")

    def handle(self, *args: Any, **options: Any) -> None:
        if has_pending_migrations():
            self.stdout.write("Preparing the database ...")
            call_command("migrate", verbosity=0)
        if settings.DEBUG:
            if demo.is_empty():
                self.stdout.write("Opening the demo school ...")
                demo.load_demo_school()
            self.welcome(options["address"])

    def welcome(self, address: str) -> None:
        if address:
            self.stdout.write(f"\n{settings.BUSINESS_NAME} opens at {address}\n")
        emails = [person.email for person in PEOPLE]
        existing = set(User.objects.values_list("email", flat=True).filter(email__in=emails))
        people = [person for person in PEOPLE if person.email in existing]
        if people:
            self.stdout.write(f"Log in there, with the password “{PASSWORD}”, as")
        for person in people:
            self.stdout.write(f"  {person.email:20} {person.role:10} {person.about}")
        self.stdout.write("")


def has_pending_migrations() -> bool:
    # Asking first is faster than running a migrate that has nothing to do.
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
