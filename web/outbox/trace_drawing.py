"""A trace as a drawing with a row for each event and receiver, in which time runs from left to right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from outbox.domain.trace import Chapter, Try

WIDTH, LABEL_WIDTH, ROW_HEIGHT, INDENT = 760, 250, 24, 14
SHORTEST_BAR = 4.0
LABEL_LENGTH = 34


@dataclass(frozen=True)
class Mark:
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
class Line:
    y: int
    indent: int
    label: str
    is_event: bool
    marks: list[Mark]


@dataclass(frozen=True)
class Drawing:
    lines: list[Line]
    width: int
    height: int
    begins: datetime
    ends: datetime
    labels: int = LABEL_WIDTH


def draw(chapters: Sequence[Chapter]) -> Drawing | None:
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
    for number, (indent, label, moment, attempts_in_row) in enumerate(rows(chapters)):
        marks = [Mark(x(moment), 0, "event", "", label)] if moment else []
        marks += [mark(attempt, x(attempt.began), x(attempt.ended or now)) for attempt in attempts_in_row]
        lines.append(Line(ROW_HEIGHT * (number + 1), indent, label[:LABEL_LENGTH], moment is not None, marks))
    return Drawing(lines, WIDTH, ROW_HEIGHT * (len(lines) + 2), begins, ends)


def rows(chapters: Sequence[Chapter]) -> Iterator[tuple[int, str, datetime | None, list[Try]]]:
    for chapter in chapters:
        yield chapter.depth * INDENT, chapter.event.type, chapter.event.at, []
        for path in chapter.paths:
            yield (chapter.depth + 1) * INDENT, path.delivery.short_name, None, path.tries


def mark(attempt: Try, start: float, end: float) -> Mark:
    look, sign = {True: ("good", "✓"), False: ("bad", "✕"), None: ("open", "…")}[attempt.good]
    return Mark(start, max(round(end - start, 1), SHORTEST_BAR), look, sign, attempt.words)
