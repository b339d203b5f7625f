"""Geometric drawings for subjects and people without a photograph. The same seeds always give the same drawing.

The first seed (the level of a subject) selects a family of motifs, and all seeds together arrange them. The versions of
one level therefore look related but different.

The key of a drawing describes it completely and is part of the address of its file, so browsers can cache the file
forever. A page with many drawings of one size loads a single file, called a sheet, that has a view for each drawing.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple
from urllib.parse import quote

CELL = 100
COLORS = ("d1", "d2", "d3", "d4", "d5")
# Each motif fills a cell of 100 by 100 units. It can be turned by 90, 180 and 270 degrees.
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


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MOST_TILES = 48
MOST_ON_A_SHEET = 40


def pattern_colors(hue: int, *, dark: bool = False) -> dict[str, str]:
    light = (
        f"0.56 0.145 {hue}",
        f"0.86 0.06 {hue}",
        f"0.79 0.115 {hue + 52}",
        f"0.45 0.055 {hue + 205}",
        "0.945 0.018 75",
    )
    night = (f"0.6 0.13 {hue}", f"0.38 0.06 {hue}", f"0.7 0.1 {hue + 52}", f"0.52 0.06 {hue + 205}", "0.27 0.012 75")
    return {name: f"oklch({value})" for name, value in zip(COLORS, night if dark else light, strict=True)}


def drawing_css(hue: int) -> str:
    # Faces stay light in dark mode.
    faces = {"d2": f"oklch(0.79 0.06 {hue})", "d5": "oklch(0.87 0.02 75)"}
    night = _fill_rules(pattern_colors(hue, dark=True)) + _fill_rules(faces, ".face ")
    return f"{_fill_rules(pattern_colors(hue))}@media(prefers-color-scheme:dark){{{night}}}"


def _fill_rules(fills: Mapping[str, str], selector: str = "") -> str:
    return "".join(f"{selector}.{name}{{fill:{value}}}" for name, value in fills.items())


class Tile(NamedTuple):
    ground: str
    color: str
    path: str
    turn: int


def draw_pattern(*seeds: object, columns: int = 4, rows: int = 3) -> list[Tile]:
    names = [str(seed) for seed in seeds] or [""]
    family = _pick_distinct(sorted(MOTIFS), _seeded_bytes(names[0]), 4)
    numbers = _seeded_bytes("\0".join(names))
    tiles = []
    for _ in range(columns * rows):
        ground = next(numbers) % len(COLORS)
        color = (ground + 1 + next(numbers) % (len(COLORS) - 1)) % len(COLORS)
        path = MOTIFS[family[next(numbers) % len(family)]]
        tiles.append(Tile(COLORS[ground], COLORS[color], path, next(numbers) % 4 * 90))
    return tiles


# These are parts of a portrait of 300 by 300 units. Hair is drawn behind the head and in front of it.
SHOULDERS = ("M20 300A130 120 0 0 1 280 300Z", "M40 300V265A55 55 0 0 1 95 210H205A55 55 0 0 1 260 265V300Z")
NECK = "M122 170H178V240A28 28 0 0 1 122 240Z"
HEAD = "M150 58A62 68 0 0 1 150 194A62 68 0 0 1 150 58Z"
HAIR_BEHIND = (
    "",
    "M150 40A84 84 0 0 1 234 124V210H66V124A84 84 0 0 1 150 40Z",
    "M150 8A30 30 0 1 1 150 68A30 30 0 1 1 150 8Z",
)
HAIR_IN_FRONT = (
    "M84 126A66 74 0 0 1 216 126Q216 100 180 96Q120 90 84 126Z",
    "M84 118A66 70 0 0 1 216 118Q150 96 84 118Z",
    "M86 132A64 74 0 0 1 214 132L196 104L168 112L150 96L122 112L104 104Z",
    "M76 104A76 62 0 0 1 224 104Z",
)
CLOTHES = ("M110 300L150 236L190 300Z", "M60 300L84 226H104L80 300ZM220 300L196 226H216L240 300Z", "")


class PortraitPart(NamedTuple):
    color: str
    path: str


def draw_portrait(name: str) -> tuple[PortraitPart, ...]:
    numbers = _seeded_bytes(f"portrait\0{name}")
    ground, coat, trim = _pick_distinct(["d1", "d3", "d4"], numbers, 3)
    head = ("d2", "d5")[next(numbers) % 2]
    hair = trim if ground != trim else coat
    parts = [
        PortraitPart(ground, FACE_PATHS[0]),
        PortraitPart(hair, HAIR_BEHIND[next(numbers) % len(HAIR_BEHIND)]),
        PortraitPart(coat, SHOULDERS[next(numbers) % len(SHOULDERS)]),
        PortraitPart(head, CLOTHES[next(numbers) % len(CLOTHES)]),
        PortraitPart(head, NECK),
        PortraitPart(head, HEAD),
        PortraitPart(hair, HAIR_IN_FRONT[next(numbers) % len(HAIR_IN_FRONT)]),
    ]
    return tuple(part for part in parts if part.path)


# -- keys and their files ----------------------------------------------------------------------------------------

MOTIF_PATHS = tuple(MOTIFS.values())
FACE_PATHS = ("M0 0H300V300H0Z", NECK, HEAD, *HAIR_BEHIND, *SHOULDERS, *CLOTHES, *HAIR_IN_FRONT)
FACE = "p"
GROUND = "M-.4-.4H100.4V100.4H-.4Z"
"""The ground is slightly larger than its cell, so that no gap is visible between two cells."""


@lru_cache(maxsize=2048)
def key_of_pattern(*seeds: str, columns: int = 4, rows: int = 3) -> str:
    codes = []
    for tile in draw_pattern(*seeds, columns=columns, rows=rows):
        color_pair = COLORS.index(tile.ground) * len(COLORS) + COLORS.index(tile.color)
        motif = color_pair * len(MOTIF_PATHS) + MOTIF_PATHS.index(tile.path)
        codes.append(_base36_pair(motif * 4 + tile.turn // 90))
    return DIGITS[columns] + "".join(codes)


@lru_cache(maxsize=2048)
def key_of_portrait(name: str) -> str:
    parts = ((COLORS.index(part.color), FACE_PATHS.index(part.path)) for part in draw_portrait(name))
    return FACE + "".join(_base36_pair(color * len(FACE_PATHS) + path) for color, path in parts)


Sheets = dict[str, tuple[str, int]]


def sheets_of(keys: Iterable[str]) -> Sheets:
    """For each key, the name of its sheet and its number there. All drawings must have the same size."""
    unique = list(dict.fromkeys(keys))
    sheets = [unique[start : start + MOST_ON_A_SHEET] for start in range(0, len(unique), MOST_ON_A_SHEET)]
    return {key: ("-".join(sheet), number) for sheet in sheets for number, key in enumerate(sheet, 1)}


def render_file(name: str, hue: int) -> str:
    """The SVG for the keys in the name of a file. Raises ValueError for a name that no page can contain."""
    keys = name.split("-")
    if len(keys) > MOST_ON_A_SHEET or not 0 <= hue <= 360:
        raise ValueError(name)
    sizes_and_bodies = [_decode_key(key) for key in keys]
    (width, height), *others = {size for size, _ in sizes_and_bodies}
    if others:
        raise ValueError(f"{name} has different sizes.")
    bodies = [body for _, body in sizes_and_bodies]
    views = "".join(
        f'<view id="{number}" viewBox="0 {(number - 1) * height} {width} {height}"/>'
        f'<g transform="translate(0 {(number - 1) * height})">{body}</g>'
        for number, body in enumerate(bodies, 1)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<style>{drawing_css(hue)}</style>{views}</svg>\n"
    )


@lru_cache(maxsize=8)
def render_icon(key: str, hue: int) -> str:
    # This icon of a browser tab has only the colors of light mode.
    (width, height), body = _decode_key(key)
    for name, color in pattern_colors(hue).items():
        body = body.replace(f'class="{name}"', f'fill="{color}"')
    return svg_data_url(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{body}</svg>')


def svg_data_url(svg: str) -> str:
    return f"data:image/svg+xml,{quote(svg, safe=' =:/')}"


def _decode_key(key: str) -> tuple[tuple[int, int], str]:
    # The answer is the size of the drawing and the SVG inside of it.
    first, codes = key[:1], [int(key[start : start + 2], 36) for start in range(1, len(key), 2)]
    if not codes or len(codes) > MOST_TILES or len(key) % 2 == 0 or not set(key) <= set(DIGITS):
        raise ValueError(key)
    if first != FACE:
        return _decode_tiles(DIGITS.index(first), codes)
    parts = [(_item_at(COLORS, code // len(FACE_PATHS)), FACE_PATHS[code % len(FACE_PATHS)]) for code in codes]
    return (300, 300), f'<g class="face">{"".join(_path_svg(*part) for part in parts)}</g>'


def _decode_tiles(columns: int, codes: list[int]) -> tuple[tuple[int, int], str]:
    if not columns or len(codes) % columns:
        raise ValueError(codes)
    body = []
    for index, code in enumerate(codes):
        color_pair, path = divmod(code // 4, len(MOTIF_PATHS))
        ground, color = _item_at(COLORS, color_pair // len(COLORS)), COLORS[color_pair % len(COLORS)]
        turn = f' transform="rotate({code % 4 * 90} 50 50)"' if code % 4 else ""
        x, y = index % columns * CELL, index // columns * CELL
        tile = _path_svg(ground, GROUND) + _path_svg(color, MOTIF_PATHS[path], turn)
        body.append(f'<g transform="translate({x} {y})">{tile}</g>')
    return (columns * CELL, len(codes) // columns * CELL), "".join(body)


def _path_svg(color: str, path: str, turn: str = "") -> str:
    return f'<path class="{color}" d="{path}"{turn}/>'


def _item_at(items: Sequence[str], index: int) -> str:
    if index >= len(items):
        raise ValueError(index)
    return items[index]


def _base36_pair(number: int) -> str:
    return DIGITS[number // 36] + DIGITS[number % 36]


# -- pseudorandom choices ----------------------------------------------------------------------------------------


def _pick_distinct(items: list[str], numbers: Iterator[int], amount: int) -> list[str]:
    remaining = list(items)
    return [remaining.pop(next(numbers) % len(remaining)) for _ in range(amount)]


def _seeded_bytes(seed: str) -> Iterator[int]:
    """Endless bytes from a seed. SHA-256 gives the same bytes in every version of Python, but `random` does not."""
    for block in count():
        yield from hashlib.sha256(f"{seed}\0{block}".encode(errors="surrogatepass")).digest()
