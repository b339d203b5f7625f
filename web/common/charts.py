"""The layout of bar charts, which a template draws as SVG next to a table of the same numbers."""

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
    width: str  # This is text, so that no template formats it with a decimal comma.

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


def bar_layout(rows: Iterable[tuple[object, Number]]) -> Chart:
    """The largest value fills the available width. A negative value has a bar of length zero and keeps its number."""
    pairs = [(str(label), value) for label, value in rows]
    largest = max((value for _, value in pairs), default=0)
    full_width = WIDTH - LABELS - VALUES
    drawn_bars = []
    for index, (label, value) in enumerate(pairs):
        width = max(0.0, float(value) / float(largest) * full_width) if largest > 0 else 0.0
        drawn_bars.append(Bar(label, value, index * STEP + 4, f"{width:.1f}"))
    return Chart(tuple(drawn_bars), len(drawn_bars) * STEP + 8)
