from unittest import TestCase

from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from common import drawings


class DrawingsTest(TestCase):
    @given(st.lists(st.text(), max_size=3), st.integers(1, 6), st.integers(1, 6))
    def test_the_same_seeds_always_give_the_same_drawing(self, seeds: list[str], columns: int, rows: int) -> None:
        drawing = drawings.draw(*seeds, columns=columns, rows=rows)
        self.assertEqual(drawing, drawings.draw(*seeds, columns=columns, rows=rows))
        self.assertEqual(len(drawing.tiles), columns * rows)

    @given(st.text(), st.text())
    def test_every_tile_shows_a_motif_in_another_colour_than_its_ground(self, level: str, version: str) -> None:
        for tile in drawings.draw(level, version).tiles:
            self.assertNotEqual(tile.ground, tile.colour)

    @given(st.text(), st.text(), st.text())
    def test_the_versions_of_a_level_share_four_motifs(self, level: str, one: str, other: str) -> None:
        tiles = drawings.draw(level, one).tiles + drawings.draw(level, other).tiles
        self.assertLessEqual(len({tile.path for tile in tiles}), 4)

    def test_a_drawing_stays_what_it_is_from_release_to_release(self) -> None:
        tiles = drawings.draw("Beginning", "A", columns=2, rows=1).tiles
        self.assertEqual([(tile.ground, tile.colour, tile.turn) for tile in tiles], PINNED)

    def test_versions_of_a_level_do_not_look_alike(self) -> None:
        self.assertNotEqual(drawings.draw("Beginning", "A"), drawings.draw("Beginning", "B"))

    @given(st.text())
    def test_a_portrait_belongs_to_a_name(self, name: str) -> None:
        portrait = drawings.portrait(name)
        self.assertEqual(portrait, drawings.portrait(name))
        head = next(part for part in portrait if part.path == drawings.HEAD)
        self.assertNotEqual(head.colour, portrait[0].colour)

    def test_a_drawing_is_decoration_unless_it_has_a_label(self) -> None:
        self.assertIn('aria-hidden="true"', render("{% drawing 'a' %}"))
        self.assertIn(
            'role="img" aria-label="Balboa &amp; more"', render("{% drawing 'a' label=label %}", label="Balboa & more")
        )


PINNED = [("d3", "d2", 180), ("d2", "d4", 270)]


def render(text: str, **context: str) -> str:
    return Template("{% load drawings %}" + text).render(Context(context))
