from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from outbox.workflow_report import OUTPUT_FORMATS, build_workflow_report


class Command(BaseCommand):
    help = "Prints the receivers of each event, the events without a receiver and the receivers that no event reaches."

    def add_arguments(self, parser: CommandParser) -> None:
        formats = parser.add_mutually_exclusive_group()
        for name in OUTPUT_FORMATS:
            formats.add_argument(f"--{name}", action="store_const", dest="format", const=name)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(OUTPUT_FORMATS[options["format"] or "text"](build_workflow_report()))
