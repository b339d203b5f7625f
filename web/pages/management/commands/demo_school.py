from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pages import demo
from pages.errors import SchoolNotEmpty


class Command(BaseCommand):
    help = "Fill an empty database with a demo school."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anyway", action="store_true", help="Add what is missing even if there are people in the database."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Known passwords do not belong beside real people, nor on a machine that the world can reach.
        anyway = options["anyway"]
        if not (settings.DEBUG or anyway):
            raise CommandError("The demo people's passwords are known, and DEBUG is off. Add --anyway if you are sure.")
        try:
            demo.load_demo_school(anyway=anyway)
        except SchoolNotEmpty:
            raise CommandError("There are people in this database already. Add --anyway if you are sure.") from None
        self.stdout.write("The demo school is open.")
