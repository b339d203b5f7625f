"""The trace of a subject: its events, what they caused, and the result of each try."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from outbox.models import Attempt, Delivery, Event, State

MAX_DEPTH = 20
MAX_EVENTS = 300


@dataclass(frozen=True)
class Try:
    """One attempt, or the current state if there is none yet. `good` is None unless it succeeded or failed."""

    began: datetime
    ended: datetime | None
    words: str
    good: bool | None
    error: str = ""

    @property
    def last_word(self) -> str:
        """The first line of the error, without the traceback."""
        return self.error.partition("\n")[0]


@dataclass(frozen=True)
class Path:
    delivery: Delivery
    tries: list[Try]


@dataclass(frozen=True)
class Chapter:
    event: Event
    depth: int
    paths: list[Path] = field(default_factory=list)


def story(kind: str, subject_id: str) -> list[Chapter]:
    """Return the events of a subject with their causes and effects, each effect after its cause."""
    own = Event.objects.filter(subject_type=kind, subject_id=subject_id)
    events = {event.pk: event for event in related(own)}
    effects: dict[int | None, list[Event]] = defaultdict(list)
    for event in sorted(events.values(), key=lambda event: event.pk):
        effects[event.cause_id if event.cause_id in events else None].append(event)
    return list(chapters(effects, None, 0))


def related(own: QuerySet[Event]) -> Iterable[Event]:
    # The number of queries grows with the depth of the trace, not with the number of events.
    loaded = {event.pk: event for event in told(own)}
    causes, effects = list(loaded.values()), list(loaded.values())
    for _ in range(MAX_DEPTH):
        causes = told(
            Event.objects.filter(pk__in={event.cause_id for event in causes if event.cause_id} - loaded.keys())
        )
        loaded |= {event.pk: event for event in causes}
        effects = told(Event.objects.filter(cause__in=[event.pk for event in effects]).exclude(pk__in=loaded))
        loaded |= {event.pk: event for event in effects}
        if not causes + effects or len(loaded) >= MAX_EVENTS:
            break
    return loaded.values()


def told(events: QuerySet[Event]) -> list[Event]:
    return list(events.select_related("cause").prefetch_related("deliveries__attempts")[:MAX_EVENTS])


def chapters(effects: dict[int | None, list[Event]], cause: int | None, depth: int) -> Iterator[Chapter]:
    for event in effects[cause]:
        paths = [Path(delivery, list(tries(delivery))) for delivery in event.deliveries.all()]
        yield Chapter(event, depth, paths)
        yield from chapters(effects, event.pk, depth + 1)


def tries(delivery: Delivery) -> Iterator[Try]:
    for attempt in delivery.attempts.all():
        yield Try(attempt.started_at, attempt.ended_at, Attempt.Outcome(attempt.outcome).label, False, attempt.error)
    last = delivery.ended_at or delivery.event.at
    if delivery.state == State.DONE:
        yield Try(delivery.started_at or last, last, "Done", True)
    elif delivery.state == State.RUNNING:
        yield Try(delivery.started_at or last, None, "Running", None)
    elif delivery.state == State.DISMISSED:
        yield Try(last, last, "Dismissed", None, delivery.reason)
    elif not delivery.attempts.all():
        yield Try(last, None, "Waiting for its first try", None)
