"""Replays the waitlist log and reports every walk with a different result.

manage.py replay_waitlist replays the whole log, and --class 12 only one class.
"""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from registrations.models import WaitlistWalk
from registrations.rules import walk_log


class Command(BaseCommand):
    help = "Replays the log of the waitlists. Exits with 1 when a result differs from the log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--class", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        walks = WaitlistWalk.objects.order_by("id")
        if options["class"]:
            walks = walks.filter(class_offer=options["class"])
        wrong = list(self.differing(walks))
        self.stdout.write(f"{walks.count()} walks replayed, {len(wrong)} differ.")
        if wrong:
            raise CommandError(f"Not as logged: {', '.join(map(str, wrong[:20]))}")

    def differing(self, walks: QuerySet[WaitlistWalk]) -> Iterator[int]:
        for walk in walks.iterator():
            if not walk_log.replay_matches(walk.given, walk.steps):
                yield walk.pk
