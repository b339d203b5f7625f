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


# A head and shoulders in 300 by 300 units; the hair is drawn behind or before the head.
SHOULDERS = ("M20 300A130 120 0 0 1 280 300Z", "M40 300V265A55 55 0 0 1 95 210H205A55 55 0 0 1 260 265V300Z")
NECK = "M122 170H178V240A28 28 0 0 1 122 240Z"
HEAD = "M150 58A62 68 0 0 1 150 194A62 68 0 0 1 150 58Z"
BEHIND = (
    "",
    "M150 40A84 84 0 0 1 234 124V210H66V124A84 84 0 0 1 150 40Z",
    "M150 8A30 30 0 1 1 150 68A30 30 0 1 1 150 8Z",
)
BEFORE = (
    "M84 126A66 74 0 0 1 216 126Q216 100 180 96Q120 90 84 126Z",
    "M84 118A66 70 0 0 1 216 118Q150 96 84 118Z",
    "M86 132A64 74 0 0 1 214 132L196 104L168 112L150 96L122 112L104 104Z",
    "M76 104A76 62 0 0 1 224 104Z",
)
TROUSSEAU = ("M110 300L150 236L190 300Z", "M60 300L84 226H104L80 300ZM220 300L196 226H216L240 300Z", "")


@dataclass(frozen=True)
class Part:
    colour: str
    path: str


def portrait(name: str) -> tuple[Part, ...]:
    """A person of circles and arcs for who has no photograph: nobody's likeness, but always the same for a name."""
    numbers = _numbers(f"portrait\0{name}")
    ground, coat, trim = _pick_some(["d1", "d3", "d4"], numbers, 3)
    head = ("d2", "d5")[next(numbers) % 2]
    hair = trim if ground != trim else coat
    parts = [
        Part(ground, "M0 0H300V300H0Z"),
        Part(hair, BEHIND[next(numbers) % len(BEHIND)]),
        Part(coat, SHOULDERS[next(numbers) % len(SHOULDERS)]),
        Part(head, TROUSSEAU[next(numbers) % len(TROUSSEAU)]),
        Part(head, NECK),
        Part(head, HEAD),
        Part(hair, BEFORE[next(numbers) % len(BEFORE)]),
    ]
    return tuple(part for part in parts if part.path)


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
