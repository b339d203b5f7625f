"""The trace of a subject: its events, what they caused, the mail about it, and the result of each try."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db.models import QuerySet

from outbox.models import Attempt, Delivery, DeliveryState, Event
from outbox.work_queues import TracedAttempt, TracedWork, declared_queues

MAX_DEPTH = 20
MAX_EVENTS = 300


@dataclass(frozen=True)
class TracedDelivery:
    delivery: Delivery
    attempts: list[TracedAttempt]


@dataclass(frozen=True)
class TracedEvent:
    event: Event
    depth: int
    deliveries: list[TracedDelivery] = field(default_factory=list)


@dataclass(frozen=True)
class Trace:
    events: list[TracedEvent]
    work: list[TracedWork]

    def __bool__(self) -> bool:
        return bool(self.events or self.work)


def has_trace(kind: str, subject_id: int | str) -> bool:
    """Return whether a subject has events; the events of old ones have been deleted."""
    return Event.objects.filter(subject_type=kind, subject_id=str(subject_id)).exists()


def trace_subject(kind: str, subject_id: str) -> Trace:
    """Return the events of a subject with their causes and effects, each effect after its cause, and the queued work
    that is about the subject of any of these events."""
    own = Event.objects.filter(subject_type=kind, subject_id=subject_id)
    events = {event.pk: event for event in related_events(own)}
    effects: dict[int | None, list[Event]] = defaultdict(list)
    for event in sorted(events.values(), key=lambda event: event.pk):
        effects[event.cause_id if event.cause_id in events else None].append(event)
    subjects = {(kind, subject_id), *((event.subject_type, event.subject_id) for event in events.values())}
    work = [traced for queue in declared_queues() for traced in queue.trace_subjects(subjects)]
    return Trace(list(events_by_cause(effects, None, 0)), sorted(work, key=lambda traced: traced.attempt.began))


def related_events(own: QuerySet[Event]) -> Iterable[Event]:
    # The number of queries grows with the depth of the trace, not with the number of events.
    loaded = {event.pk: event for event in load_events(own)}
    causes, effects = list(loaded.values()), list(loaded.values())
    for _ in range(MAX_DEPTH):
        causes = load_events(
            Event.objects.filter(pk__in={event.cause_id for event in causes if event.cause_id} - loaded.keys())
        )
        loaded |= {event.pk: event for event in causes}
        effects = load_events(Event.objects.filter(cause__in=[event.pk for event in effects]).exclude(pk__in=loaded))
        loaded |= {event.pk: event for event in effects}
        if not causes + effects or len(loaded) >= MAX_EVENTS:
            break
    return loaded.values()


def load_events(events: QuerySet[Event]) -> list[Event]:
    return list(events.select_related("cause").prefetch_related("deliveries__attempts")[:MAX_EVENTS])


def events_by_cause(effects: dict[int | None, list[Event]], cause: int | None, depth: int) -> Iterator[TracedEvent]:
    for event in effects[cause]:
        deliveries = [TracedDelivery(delivery, list(attempts_of(delivery))) for delivery in event.deliveries.all()]
        yield TracedEvent(event, depth, deliveries)
        yield from events_by_cause(effects, event.pk, depth + 1)


def attempts_of(delivery: Delivery) -> Iterator[TracedAttempt]:
    for attempt in delivery.attempts.all():
        yield TracedAttempt(
            attempt.started_at, attempt.ended_at, str(Attempt.Outcome(attempt.outcome).label), False, attempt.error
        )
    last = delivery.ended_at or delivery.event.at
    if delivery.state == DeliveryState.DONE:
        yield TracedAttempt(delivery.started_at or last, last, "Done", True)
    elif delivery.state == DeliveryState.RUNNING:
        yield TracedAttempt(delivery.started_at or last, None, "Running", None)
    elif delivery.state == DeliveryState.DISMISSED:
        yield TracedAttempt(last, last, "Dismissed", None, delivery.reason)
    elif not delivery.attempts.all():
        yield TracedAttempt(last, None, "Waiting for its first try", None)
