from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from outbox.domain.trace import Chapter, Try, story


class Command(BaseCommand):
    help = "Tells the story of one thing, such as `trace order 1042`: its events, what caused what, and each try."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="what it is: order, account, message ...")
        parser.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        chapters = story(options["kind"], options["id"])
        if not chapters:
            raise CommandError(f"No event is about {options['kind']} {options['id']}.")
        for chapter in chapters:
            self.stdout.write("\n".join(lines(chapter)))


def lines(chapter: Chapter) -> Iterator[str]:
    event, indent = chapter.event, "    " * chapter.depth
    told_by = f", told by {event.cause_by}" if event.cause_by else ""
    request = f" ({event.request_id})" if event.request_id and not event.cause_id else ""
    yield f"{clock(event.at)}  {indent}{event.type} {event.key}{told_by}{request}"
    for path in event.now:
        yield f"{clock(event.at)}  {indent}  immediately: {path}"
    for one in chapter.paths:
        yield from (f"{clock(told.began)}  {indent}  {one.delivery.receiver}: {outcome(told)}" for told in one.tries)
        if one.delivery.reason:
            yield f"{' ' * 19}  {indent}    {one.delivery.reason}"


def clock(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


def outcome(told: Try) -> str:
    took = f" after {(told.ended - told.began).total_seconds():.2f} s" if told.ended else ""
    error = f": {told.last_word}" if told.error else ""
    return f"{told.words}{took}{error}"
