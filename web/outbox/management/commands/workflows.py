from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from outbox.workflow_report import SHAPES, atlas


class Command(BaseCommand):
    help = "Prints the receivers of each event, the events without a receiver and the receivers that no event reaches."

    def add_arguments(self, parser: CommandParser) -> None:
        shapes = parser.add_mutually_exclusive_group()
        for shape in SHAPES:
            shapes.add_argument(f"--{shape}", action="store_const", dest="shape", const=shape)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(SHAPES[options["shape"] or "text"](atlas()))
