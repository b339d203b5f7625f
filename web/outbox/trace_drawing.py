"""A story as a drawing: a row per event and per receiver, time from left to right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from outbox.domain.trace import Chapter, Try

WIDTH, LABELS, ROW, INDENT = 760, 250, 24, 14
LEAST = 4.0
LETTERS = 34


@dataclass(frozen=True)
class Mark:
    """A bar for a try. What it tells by colour it also tells by its sign."""

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
    labels: int = LABELS


def draw(chapters: Sequence[Chapter]) -> Drawing | None:
    if not chapters:
        return None
    now = timezone.now()
    tries = [one for chapter in chapters for path in chapter.paths for one in path.tries]
    begins = min([chapter.event.at for chapter in chapters] + [one.began for one in tries])
    ends = max([chapter.event.at for chapter in chapters] + [one.ended or now for one in tries])
    span = max(ends - begins, timedelta(milliseconds=1))

    def x(moment: datetime) -> float:
        return round(LABELS + (moment - begins) / span * (WIDTH - LABELS - 30), 1)

    lines = []
    for number, (indent, label, moment, of_line) in enumerate(rows(chapters)):
        marks = [Mark(x(moment), 0, "event", "", label)] if moment else []
        marks += [mark(one, x(one.began), x(one.ended or now)) for one in of_line]
        lines.append(Line(ROW * (number + 1), indent, label[:LETTERS], moment is not None, marks))
    return Drawing(lines, WIDTH, ROW * (len(lines) + 2), begins, ends)


def rows(chapters: Sequence[Chapter]) -> Iterator[tuple[int, str, datetime | None, list[Try]]]:
    for chapter in chapters:
        yield chapter.depth * INDENT, chapter.event.type, chapter.event.at, []
        for path in chapter.paths:
            yield (chapter.depth + 1) * INDENT, path.delivery.short_name, None, path.tries


def mark(one: Try, start: float, end: float) -> Mark:
    look, sign = {True: ("good", "✓"), False: ("bad", "✕"), None: ("open", "…")}[one.good]
    return Mark(start, max(round(end - start, 1), LEAST), look, sign, one.words)
