from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from outbox.domain.trace import TracedEvent, trace_subject
from outbox.work_queues import TracedAttempt


class Command(BaseCommand):
    help = "Prints the trace of one record, such as `trace order 1042`: its events, their causes, and each try."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="the kind of record, such as order or registration")
        parser.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        trace = trace_subject(options["kind"], options["id"])
        if not trace:
            raise CommandError(f"No event is about {options['kind']} {options['id']}.")
        for traced_event in trace.events:
            self.stdout.write("\n".join(traced_event_lines(traced_event)))
        for work in trace.work:
            self.stdout.write(f"{format_trace_time(work.attempt.began)}  {work.name}: {attempt_text(work.attempt)}")


def traced_event_lines(traced_event: TracedEvent) -> Iterator[str]:
    event, indent = traced_event.event, "    " * traced_event.depth
    cause = f", caused by {event.cause_by}" if event.cause_by else ""
    request = f" ({event.request_id})" if event.request_id and not event.cause_id else ""
    yield f"{format_trace_time(event.at)}  {indent}{event.type} {event.key}{cause}{request}"
    for name in event.now:
        yield f"{format_trace_time(event.at)}  {indent}  immediately: {name}"
    for traced in traced_event.deliveries:
        delivery = traced.delivery
        yield from (
            f"{format_trace_time(attempt.began)}  {indent}  {delivery.receiver}: {attempt_text(attempt)}"
            for attempt in traced.attempts
        )
        if delivery.reason:
            yield f"{' ' * 19}  {indent}    {delivery.reason}"


def format_trace_time(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S")


def attempt_text(attempt: TracedAttempt) -> str:
    duration = f" after {(attempt.ended - attempt.began).total_seconds():.2f} s" if attempt.ended else ""
    error = f": {attempt.error_summary}" if attempt.error else ""
    return f"{attempt.outcome_text}{duration}{error}"
