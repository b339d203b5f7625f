"""A trace as a drawing with a row for each event, receiver and email, in which time runs from left to right."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from outbox.domain.trace import Trace
from outbox.work_queues import TracedAttempt

WIDTH, LABEL_WIDTH, ROW_HEIGHT, INDENT = 760, 250, 24, 14
SHORTEST_BAR = 4.0
LABEL_LENGTH = 34


@dataclass(frozen=True)
class TraceBar:
    """The bar of a try. It has a sign as well as a color, for readers who cannot tell the colors apart."""

    x: float
    width: float
    look: str
    sign: str
    title: str

    @property
    def end(self) -> float:
        return round(self.x + self.width, 1)


@dataclass(frozen=True)
class TraceRow:
    y: int
    indent: int
    label: str
    is_event: bool
    marks: list[TraceBar]


@dataclass(frozen=True)
class TraceDrawing:
    lines: list[TraceRow]
    width: int
    height: int
    begins: datetime
    ends: datetime
    labels: int = LABEL_WIDTH


def draw_trace(trace: Trace) -> TraceDrawing:
    now = timezone.now()
    rows = list(trace_rows(trace))
    attempts = [attempt for row in rows for attempt in row[3]]
    event_times = [traced_event.event.at for traced_event in trace.events]
    begins = min([*event_times, *(attempt.began for attempt in attempts)])
    ends = max([*event_times, *(attempt.ended or now for attempt in attempts)])
    span = max(ends - begins, timedelta(milliseconds=1))

    def x(moment: datetime) -> float:
        return round(LABEL_WIDTH + (moment - begins) / span * (WIDTH - LABEL_WIDTH - 30), 1)

    lines = []
    for number, (indent, label, moment, attempts_in_row) in enumerate(rows):
        marks = [TraceBar(x(moment), 0, "event", "", label)] if moment else []
        marks += [trace_bar(attempt, x(attempt.began), x(attempt.ended or now)) for attempt in attempts_in_row]
        lines.append(TraceRow(ROW_HEIGHT * (number + 1), indent, label[:LABEL_LENGTH], moment is not None, marks))
    return TraceDrawing(lines, WIDTH, ROW_HEIGHT * (len(lines) + 2), begins, ends)


def trace_rows(trace: Trace) -> Iterator[tuple[int, str, datetime | None, list[TracedAttempt]]]:
    for traced_event in trace.events:
        yield traced_event.depth * INDENT, traced_event.event.type, traced_event.event.at, []
        for traced in traced_event.deliveries:
            yield (traced_event.depth + 1) * INDENT, traced.delivery.short_name, None, traced.attempts
    for work in trace.work:
        yield 0, work.name, None, [work.attempt]


def trace_bar(attempt: TracedAttempt, start: float, end: float) -> TraceBar:
    look, sign = {True: ("good", "✓"), False: ("bad", "✕"), None: ("open", "…")}[attempt.succeeded]
    return TraceBar(start, max(round(end - start, 1), SHORTEST_BAR), look, sign, attempt.outcome_text)
