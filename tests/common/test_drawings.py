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
        self.assertEqual(len(drawing), columns * rows)

    @given(st.text(), st.text())
    def test_motif_of_a_tile_has_another_color_than_its_background(self, level: str, version: str) -> None:
        for tile in drawings.draw_pattern(level, version):
            self.assertNotEqual(tile.ground, tile.color)

    @given(st.text(), st.text(), st.text())
    def test_versions_of_a_level_share_at_most_four_motifs(self, level: str, version: str, other_version: str) -> None:
        tiles = drawings.draw_pattern(level, version) + drawings.draw_pattern(level, other_version)
        self.assertLessEqual(len({tile.path for tile in tiles}), 4)

    def test_drawing_is_the_same_in_every_release(self) -> None:
        tiles = drawings.draw_pattern("Beginning", "A", columns=2, rows=1)
        self.assertEqual([(tile.ground, tile.color, tile.turn) for tile in tiles], EXPECTED_TILES)

    def test_versions_of_a_level_do_not_look_alike(self) -> None:
        self.assertNotEqual(drawings.draw_pattern("Beginning", "A"), drawings.draw_pattern("Beginning", "B"))

    @given(st.text())
    def test_name_always_has_the_same_portrait_and_its_head_stands_out(self, name: str) -> None:
        portrait = drawings.draw_portrait(name)
        self.assertEqual(portrait, drawings.draw_portrait(name))
        head = next(part for part in portrait if part.path == drawings.HEAD)
        self.assertNotEqual(head.color, portrait[0].color)

    def test_alt_text_of_a_drawing_is_its_label_or_empty(self) -> None:
        self.assertIn(' alt=""', render_template("{% drawing 'a' %}"))
        self.assertIn(
            ' alt="Balboa &amp; more"', render_template("{% drawing 'a' label=label %}", label="Balboa & more")
        )


class DrawingFilesTest(SimpleTestCase):
    @given(st.lists(st.text(), max_size=3), st.integers(1, 6), st.integers(1, 6), st.integers(0, 360))
    def test_file_of_a_drawing_can_be_rendered_from_its_key(
        self, seeds: list[str], columns: int, rows: int, hue: int
    ) -> None:
        drawing = drawings.draw_pattern(*seeds, columns=columns, rows=rows)
        svg = drawings.render_file(drawings.key_of_pattern(*seeds, columns=columns, rows=rows), hue)
        self.assertIn(f'viewBox="0 0 {columns * 100} {rows * 100}"', svg)
        paths = re.findall(r'<path class="(d\d)" d="([^"]+)"(?: transform="rotate\((\d+) 50 50\)")?', svg)
        grounds = [(tile.ground, drawings.GROUND, "") for tile in drawing]
        motifs = [(tile.color, tile.path, str(tile.turn or "")) for tile in drawing]
        self.assertEqual(paths, [part for pair in zip(grounds, motifs, strict=True) for part in pair])

    @given(st.text())
    def test_file_of_a_portrait_can_be_rendered_from_its_key(self, name: str) -> None:
        svg = drawings.render_file(drawings.key_of_portrait(name), 25)
        parts = [(part.color, part.path) for part in drawings.draw_portrait(name)]
        self.assertEqual(re.findall(r'<path class="(d\d)" d="([^"]+)"', svg), parts)

    def test_drawings_of_one_page_share_a_file_with_a_view_for_each(self) -> None:
        keys = [drawings.key_of_pattern("Level", version) for version in "ABA"]
        sheets = drawings.sheets_of(keys)
        self.assertEqual(set(sheets.values()), {(f"{keys[0]}-{keys[1]}", 1), (f"{keys[0]}-{keys[1]}", 2)})
        svg = drawings.render_file(sheets[keys[0]][0], 25)
        self.assertEqual(re.findall(r'<view id="(\d)" viewBox="0 (\d+) ', svg), [("1", "0"), ("2", "300")])

    def test_many_drawings_are_split_into_several_sheets(self) -> None:
        sheets = drawings.sheets_of(drawings.key_of_pattern("Level", str(number)) for number in range(100))
        names = {name for name, _ in sheets.values()}
        self.assertEqual(sorted(len(name.split("-")) for name in names), [20, 40, 40])

    def test_drawing_file_is_cached_forever_and_may_load_nothing_but_its_own_styles(self) -> None:
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

    def test_address_with_an_invalid_key_or_hue_is_not_found(self) -> None:
        too_many = "-".join(["1000"[:3]] * 41)
        invalid = ["0", "1", "10", "1zz", "2000", "p", "pzz", "1" + "00" * 49, "100-20000", too_many, "1Aa", "1_0"]
        for name in invalid:
            with self.subTest(name):
                self.assertEqual(self.client.get(f"/drawings/25/{name}.svg").status_code, 404)
        self.assertEqual(self.client.get("/drawings/361/100.svg").status_code, 404)
        self.assertEqual(self.client.get("/drawings/25/100.svg").status_code, 200)


EXPECTED_TILES = [("d3", "d2", 180), ("d2", "d4", 270)]


def render_template(text: str, **context: str) -> str:
    return Template("{% load drawings %}" + text).render(Context(context))
