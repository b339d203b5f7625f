"""Bars for numbers: their places and lengths, to be drawn as SVG beside the table that says the same."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

WIDTH = 480
LABELS = 140
VALUES = 110
STEP = 30
THICK = 20

Number = int | float | Decimal


@dataclass(frozen=True)
class Bar:
    label: str
    value: Number
    y: int
    width: str  # a text, so that no template puts a comma of some language into it

    @property
    def middle(self) -> int:
        return self.y + THICK // 2 + 5

    @property
    def end(self) -> str:
        return f"{LABELS + float(self.width) + 8:.1f}"


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    height: int
    width: int = WIDTH
    left: int = LABELS
    thick: int = THICK


def bars(rows: Iterable[tuple[object, Number]]) -> Chart:
    """The longest bar fills its room; a value below zero has a bar of no length and keeps its number."""
    pairs = [(str(label), value) for label, value in rows]
    most = max((value for _, value in pairs), default=0)
    drawn = tuple(
        Bar(label, value, index * STEP + 4, f"{_length(value, most):.1f}") for index, (label, value) in enumerate(pairs)
    )
    return Chart(drawn, len(drawn) * STEP + 8)


def _length(value: Number, most: Number) -> float:
    room = WIDTH - LABELS - VALUES
    return max(0.0, float(value) / float(most) * room) if most > 0 else 0.0
