"""The drawings of a page come in one file, are visible, and adapt to light and dark mode."""

from tests import factories
from tests.browser.base import BrowserTestCase

COLORS = """(images) => images.map((image) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0, 8, 8);
  return pen.getImageData(0, 0, 8, 8).data.join();
})"""


class DrawingsTest(BrowserTestCase):
    def test_class_cards_share_one_drawing_file_and_each_shows_its_own_drawing(self) -> None:
        for version in "BC":
            factories.create_class_offer(
                self.school.class_offer.session, factories.create_subject("L2", version=version)
            )
        page = self.open_browser()
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        self.visit(page, "/classes/")
        self.assertEqual(len({url for url in requested if "/drawings/" in url}), 1)
        light = page.locator("li.card img.drawing").evaluate_all(COLORS)
        self.assertEqual((len(light), len(set(light))), (3, 3))
        page.emulate_media(color_scheme="dark")
        self.visit(page, "/classes/")
        dark = page.locator("li.card img.drawing").evaluate_all(COLORS)
        self.assertEqual(len(set(light) | set(dark)), 6)
