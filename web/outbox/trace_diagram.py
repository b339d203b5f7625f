"""A trace as a drawing with a row for each event and receiver, in which time runs from left to right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from outbox.domain.trace import TracedAttempt, TracedEvent

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


def draw_trace(chapters: Sequence[TracedEvent]) -> TraceDrawing | None:
    if not chapters:
        return None
    now = timezone.now()
    attempts = [attempt for chapter in chapters for path in chapter.paths for attempt in path.tries]
    begins = min([chapter.event.at for chapter in chapters] + [attempt.began for attempt in attempts])
    ends = max([chapter.event.at for chapter in chapters] + [attempt.ended or now for attempt in attempts])
    span = max(ends - begins, timedelta(milliseconds=1))

    def x(moment: datetime) -> float:
        return round(LABEL_WIDTH + (moment - begins) / span * (WIDTH - LABEL_WIDTH - 30), 1)

    lines = []
    for number, (indent, label, moment, attempts_in_row) in enumerate(trace_rows(chapters)):
        marks = [TraceBar(x(moment), 0, "event", "", label)] if moment else []
        marks += [trace_bar(attempt, x(attempt.began), x(attempt.ended or now)) for attempt in attempts_in_row]
        lines.append(TraceRow(ROW_HEIGHT * (number + 1), indent, label[:LABEL_LENGTH], moment is not None, marks))
    return TraceDrawing(lines, WIDTH, ROW_HEIGHT * (len(lines) + 2), begins, ends)


def trace_rows(chapters: Sequence[TracedEvent]) -> Iterator[tuple[int, str, datetime | None, list[TracedAttempt]]]:
    for chapter in chapters:
        yield chapter.depth * INDENT, chapter.event.type, chapter.event.at, []
        for path in chapter.paths:
            yield (chapter.depth + 1) * INDENT, path.delivery.short_name, None, path.tries


def trace_bar(attempt: TracedAttempt, start: float, end: float) -> TraceBar:
    look, sign = {True: ("good", "✓"), False: ("bad", "✕"), None: ("open", "…")}[attempt.good]
    return TraceBar(start, max(round(end - start, 1), SHORTEST_BAR), look, sign, attempt.words)
