"""The style sheets as the browser reads them, before and after they are minified."""

import re
from pathlib import Path

from playwright.sync_api import Page
from rcssmin import cssmin

from tests.browser.base import BrowserTestCase

CSS = Path(__file__).resolve().parents[2] / "web" / "assets" / "css"
RULES = """text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return Array.from(sheet.cssRules, rule => rule.cssText);
}"""


class StyleSheetsTest(BrowserTestCase):
    def test_minified_style_sheets_contain_the_same_rules(self) -> None:
        page = self.open_browser()
        self.visit(page, "/")
        for path in sorted(CSS.glob("*.css")):
            with self.subTest(path.name):
                text = path.read_text()
                rules = self.rules_in(page, text)
                self.assertTrue(rules)
                self.assertEqual(self.rules_in(page, cssmin(text)), rules)

    def rules_in(self, page: Page, text: str) -> list[str]:
        """Browsers keep custom properties as they are written, so spaces after commas may differ and are removed."""
        return [re.sub(r"(?<=[,(])\s+|\s+(?=\))", "", rule) for rule in page.evaluate(RULES, text)]

    def test_transitions_are_off_when_reduced_motion_is_preferred(self) -> None:
        page = self.open_browser()
        page.emulate_media(reduced_motion="reduce")
        self.visit(page, "/contact/")
        duration = page.evaluate("getComputedStyle(document.querySelector('main .button')).transitionDuration")
        self.assertIn(set(duration.split(", ")), ({"0s"}, {"0ms"}))

    def test_every_control_is_tall_enough_for_a_finger(self) -> None:
        page = self.open_browser(width=390)
        page.goto("/contact/")
        page.locator("details.menu summary").click()
        for control in page.locator("summary:visible, .menu a:visible, button:visible, input:visible").all():
            box = control.bounding_box()
            assert box is not None
            self.assertGreaterEqual(round(box["height"]), 44, control.inner_text())

    def test_error_summary_gets_the_focus_and_links_to_the_field(self) -> None:
        page = self.open_browser()
        page.goto("/contact/")
        page.get_by_role("button", name="Send").click()
        page.wait_for_load_state()
        self.assertEqual(page.evaluate("document.activeElement.className"), "error-summary")
        page.get_by_role("link", name="Please tell us your name.").click()
        self.assertEqual(page.evaluate("document.activeElement.id"), "id_name")

    def test_menu_opens_without_scripts(self) -> None:
        page = self.open_browser(width=390, javascript=False)
        page.goto("/")
        page.locator("details.menu summary").click()
        page.get_by_role("link", name="Contact").first.click()
        self.assertTrue(page.url.endswith("/contact/"))
