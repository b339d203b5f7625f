from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from outbox.workflow_report import OUTPUT_FORMATS, atlas


class Command(BaseCommand):
    help = "Prints the receivers of each event, the events without a receiver and the receivers that no event reaches."

    def add_arguments(self, parser: CommandParser) -> None:
        shapes = parser.add_mutually_exclusive_group()
        for shape in OUTPUT_FORMATS:
            shapes.add_argument(f"--{shape}", action="store_const", dest="shape", const=shape)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(OUTPUT_FORMATS[options["shape"] or "text"](atlas()))
