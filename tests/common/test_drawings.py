import re
from unittest import TestCase

from django.template import Context, Template
from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from common import drawings


class DrawingsTest(TestCase):
    @given(st.lists(st.text(), max_size=3), st.integers(1, 6), st.integers(1, 6))
    def test_the_same_seeds_always_give_the_same_drawing(self, seeds: list[str], columns: int, rows: int) -> None:
        drawing = drawings.draw_pattern(*seeds, columns=columns, rows=rows)
        self.assertEqual(drawing, drawings.draw_pattern(*seeds, columns=columns, rows=rows))
        self.assertEqual(len(drawing.tiles), columns * rows)

    @given(st.text(), st.text())
    def test_every_tile_shows_a_motif_in_another_color_than_its_ground(self, level: str, version: str) -> None:
        for tile in drawings.draw_pattern(level, version).tiles:
            self.assertNotEqual(tile.ground, tile.color)

    @given(st.text(), st.text(), st.text())
    def test_the_versions_of_a_level_share_four_motifs(self, level: str, one: str, other: str) -> None:
        tiles = drawings.draw_pattern(level, one).tiles + drawings.draw_pattern(level, other).tiles
        self.assertLessEqual(len({tile.path for tile in tiles}), 4)

    def test_a_drawing_stays_what_it_is_from_release_to_release(self) -> None:
        tiles = drawings.draw_pattern("Beginning", "A", columns=2, rows=1).tiles
        self.assertEqual([(tile.ground, tile.color, tile.turn) for tile in tiles], PINNED)

    def test_versions_of_a_level_do_not_look_alike(self) -> None:
        self.assertNotEqual(drawings.draw_pattern("Beginning", "A"), drawings.draw_pattern("Beginning", "B"))

    @given(st.text())
    def test_a_portrait_belongs_to_a_name(self, name: str) -> None:
        portrait = drawings.draw_portrait(name)
        self.assertEqual(portrait, drawings.draw_portrait(name))
        head = next(part for part in portrait if part.path == drawings.HEAD)
        self.assertNotEqual(head.color, portrait[0].color)

    def test_a_drawing_is_decoration_unless_it_has_a_label(self) -> None:
        self.assertIn(' alt=""', render("{% drawing 'a' %}"))
        self.assertIn(' alt="Balboa &amp; more"', render("{% drawing 'a' label=label %}", label="Balboa & more"))


class FilesTest(SimpleTestCase):
    @given(st.lists(st.text(), max_size=3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 360))
    def test_a_key_says_all_of_a_drawing(self, seeds: list[str], columns: int, rows: int, hue: int) -> None:
        drawing = drawings.draw_pattern(*seeds, columns=columns, rows=rows)
        svg = drawings.render_file(drawings.key_of_pattern(*seeds, columns=columns, rows=rows), hue)
        self.assertIn(f'viewBox="0 0 {drawing.width} {drawing.height}"', svg)
        paths = re.findall(r'<path class="(d\d)" d="([^"]+)"(?: transform="rotate\((\d+) 50 50\)")?', svg)
        grounds = [(tile.ground, drawings.GROUND, "") for tile in drawing.tiles]
        motifs = [(tile.color, tile.path, str(tile.turn or "")) for tile in drawing.tiles]
        self.assertEqual(paths, [part for pair in zip(grounds, motifs, strict=True) for part in pair])

    @given(st.text())
    def test_a_key_says_all_of_a_portrait(self, name: str) -> None:
        svg = drawings.render_file(drawings.key_of_portrait(name), 25)
        parts = [(part.color, part.path) for part in drawings.draw_portrait(name)]
        self.assertEqual(re.findall(r'<path class="(d\d)" d="([^"]+)"', svg), parts)

    def test_drawings_of_one_page_share_a_file_in_which_each_has_a_view(self) -> None:
        keys = [drawings.key_of_pattern("Level", version) for version in "ABA"]
        sheets = drawings.sheets_of(keys)
        self.assertEqual(set(sheets.values()), {(f"{keys[0]}-{keys[1]}", 1), (f"{keys[0]}-{keys[1]}", 2)})
        svg = drawings.render_file(sheets[keys[0]][0], 25)
        self.assertEqual(re.findall(r'<view id="(\d)" viewBox="0 (\d+) ', svg), [("1", "0"), ("2", "300")])

    def test_many_drawings_stand_on_several_sheets(self) -> None:
        sheets = drawings.sheets_of(drawings.key_of_pattern("Level", str(number)) for number in range(100))
        names = {name for name, _ in sheets.values()}
        self.assertEqual(sorted(len(name.split("-")) for name in names), [20, 40, 40])

    def test_a_file_is_kept_for_good_and_may_bring_its_own_colors_but_nothing_else(self) -> None:
        for key in (drawings.key_of_pattern("Beginning", "A"), drawings.key_of_portrait("Tess")):
            response = self.client.get(f"/drawings/210/{key}.svg")
            self.assertEqual(response.headers["Content-Type"], "image/svg+xml")
            self.assertEqual(response.headers["Cache-Control"], "public, max-age=31536000, immutable")
            self.assertEqual(
                response.headers["Content-Security-Policy"], "default-src 'none'; style-src 'unsafe-inline'"
            )
            self.assertIn("prefers-color-scheme:dark", response.content.decode())
            self.assertIn(" 210)", response.content.decode())
            self.assertNotIn("Set-Cookie", response.headers)

    def test_no_other_address_draws_anything(self) -> None:
        many = "-".join(["1000"[:3]] * 41)
        wrong = ["0", "1", "10", "1zz", "2000", "p", "pzz", "1" + "00" * 49, "100-20000", many, "1Aa", "1_0"]
        for name in wrong:
            with self.subTest(name):
                self.assertEqual(self.client.get(f"/drawings/25/{name}.svg").status_code, 404)
        self.assertEqual(self.client.get("/drawings/361/100.svg").status_code, 404)
        self.assertEqual(self.client.get("/drawings/25/100.svg").status_code, 200)


PINNED = [("d3", "d2", 180), ("d2", "d4", 270)]


def render(text: str, **context: str) -> str:
    return Template("{% load drawings %}" + text).render(Context(context))
