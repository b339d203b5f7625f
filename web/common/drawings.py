"""Geometric drawings for whatever has no photograph: the same seed always gives the same drawing.

The first seed (a subject's level) chooses a family of motifs, all seeds together arrange them, so that the versions of
one level look related and never alike.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

CELL = 100
COLOURS = ("d1", "d2", "d3", "d4", "d5")
# Each motif fills a cell of 100 by 100 units; turning it by quarters makes four of one.
MOTIFS = {
    "quarter": "M0 0H100A100 100 0 0 1 0 100Z",
    "arch": "M0 100V50A50 50 0 0 1 100 50V100Z",
    "half": "M0 0H100A50 50 0 0 1 0 0Z",
    "disc": "M50 0A50 50 0 1 1 50 100A50 50 0 1 1 50 0Z",
    "leaf": "M0 0A100 100 0 0 1 100 100A100 100 0 0 1 0 0Z",
    "ring": "M0 0H100A100 100 0 0 1 0 100V60A60 60 0 0 0 60 0H0Z",
    "wedge": "M0 0H100L0 100Z",
    "bars": "M0 10H100V30H0ZM0 45H100V65H0ZM0 80H100V100H0Z",
    "petals": "M0 0A50 50 0 0 1 50 50A50 50 0 0 1 0 0ZM50 50A50 50 0 0 1 100 100A50 50 0 0 1 50 50Z"
    "M100 0A50 50 0 0 1 50 50A50 50 0 0 1 100 0ZM0 100A50 50 0 0 1 50 50A50 50 0 0 1 0 100Z",
    "dot": "M50 25A25 25 0 1 1 50 75A25 25 0 1 1 50 25Z",
}


def fills(hue: int) -> list[tuple[str, str]]:
    """The colours for where no style sheet reaches; the same as --draw-1 to --draw-5 in the light."""
    values = (
        f"0.56 0.145 {hue}",
        f"0.86 0.06 {hue}",
        f"0.79 0.115 {hue + 52}",
        f"0.45 0.055 {hue + 205}",
        "0.945 0.018 75",
    )
    return [(name, f"oklch({value})") for name, value in zip(COLOURS, values, strict=True)]


@dataclass(frozen=True)
class Tile:
    x: int
    y: int
    ground: str
    colour: str
    path: str
    turn: int


@dataclass(frozen=True)
class Drawing:
    width: int
    height: int
    tiles: tuple[Tile, ...]


def draw(*seeds: object, columns: int = 4, rows: int = 3) -> Drawing:
    names = [str(seed) for seed in seeds] or [""]
    family = _pick_some(sorted(MOTIFS), _numbers(names[0]), 4)
    numbers = _numbers("\0".join(names))
    tiles = tuple(_tile(index, columns, family, numbers) for index in range(columns * rows))
    return Drawing(columns * CELL, rows * CELL, tiles)


def _tile(index: int, columns: int, family: list[str], numbers: Iterator[int]) -> Tile:
    ground = next(numbers) % len(COLOURS)
    colour = (ground + 1 + next(numbers) % (len(COLOURS) - 1)) % len(COLOURS)
    return Tile(
        x=index % columns * CELL,
        y=index // columns * CELL,
        ground=COLOURS[ground],
        colour=COLOURS[colour],
        path=MOTIFS[family[next(numbers) % len(family)]],
        turn=next(numbers) % 4 * 90,
    )


def _pick_some(items: list[str], numbers: Iterator[int], amount: int) -> list[str]:
    left = list(items)
    return [left.pop(next(numbers) % len(left)) for _ in range(amount)]


def _numbers(seed: str) -> Iterator[int]:
    """Endless bytes from a seed; Python's random module promises no sequence across versions, SHA-256 does."""
    for block in count():
        yield from hashlib.sha256(f"{seed}\0{block}".encode(errors="surrogatepass")).digest()
