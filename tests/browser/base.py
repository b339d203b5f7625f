"""Tests in a real browser on a real server, and the checks for every page."""

import os
from types import SimpleNamespace
from typing import ClassVar

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.staticfiles.testing import StaticLiveServerTestCase
from django.core.cache import cache
from django.test import Client, tag
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    sync_playwright,
)

from tests import factories, services
from tests.base import BACKEND
from users.models import User

WIDTHS = (1280, 390)
AXE_OPTIONS = {"preload": False, "resultTypes": ["violations"]}
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])"


@tag("browser")
class BrowserTestCase(StaticLiveServerTestCase):
    """The school of tests/base.py with a live server. Each `open_browser` is a separate person."""

    playwright: ClassVar[Playwright]
    browser: ClassVar[Browser]
    rules: ClassVar[list[str]] = []  # Tags of axe's rules. An empty list means all rules.
    school: SimpleNamespace
    allowed_urls: tuple[str, ...] = ()
    """The URLs of other servers that pages may use, such as a fake gateway."""

    @classmethod
    def setUpClass(cls) -> None:
        # Playwright's event loop runs in this thread, where Django would refuse to use the database without this.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        super().setUpClass()
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(executable_path=services.chromium(), args=services.FLAGS)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self) -> None:
        cache.clear()  # The counts of throttles would remain after a test.
        self.school = factories.create_school()
        self.problems: list[str] = []
        self.records_console = True
        self.scripts: dict[Page, bool] = {}

    def open_browser(self, person: User | None = None, *, width: int = 1280, javascript: bool = True) -> Page:
        """Return a page in which this person is logged in. Without scripts there are no axe checks."""
        context = self.browser.new_context(
            base_url=self.live_server_url, viewport={"width": width, "height": 900}, java_script_enabled=javascript
        )
        self.addCleanup(context.close)
        context.set_default_timeout(10_000)
        if person is not None:
            self._bring_session(context, person)
        page = context.new_page()
        self.scripts[page] = javascript
        context.on("request", self._record_foreign_request)
        page.on("console", self._record_console_message)
        page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        return page

    def visit(self, page: Page, path: str, *, status: int = 200) -> Response:
        """Check a page at both widths: no axe violations, horizontal scrolling, errors or requests to other servers."""
        self.problems.clear()
        response = page.goto(path, wait_until="load")
        assert response is not None
        self.assertEqual(response.status, status, path)
        for width in WIDTHS if self.scripts[page] else ():
            page.set_viewport_size({"width": width, "height": 900})
            self.check_page(page)
        if status >= 400:
            self.problems = [each for each in self.problems if f"status of {status}" not in each]
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))
        return response

    def visit_without_scripts(self, page: Page, path: str) -> None:
        """Check that the page opens without scripts and that each form has a button to submit it."""
        self.problems.clear()
        page.goto(path, wait_until="domcontentloaded")
        for form in page.locator("form:visible").all():
            button = form.locator("button:not([type=button]), input[type=submit]").locator("visible=true")
            self.assertGreater(
                button.count(), 0, f"{path}: no button submits {form.get_attribute('action') or 'the form'}"
            )
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))

    def check_page(self, page: Page) -> None:
        """Check the page in its current state and add what is wrong to `problems`."""
        where = f"{page.url} at {page.viewport_size['width'] if page.viewport_size else '?'} px"
        self.problems += [f"{where}: {violation}" for violation in self._violations(page)]
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sideways > 0:
            self.problems.append(f"{where}: {sideways} px too wide")

    def _violations(self, page: Page) -> list[str]:
        self.records_console = False  # The Content-Security-Policy blocks axe's own style elements.
        only = {"runOnly": {"type": "tag", "values": self.rules}} if self.rules else {}
        if not page.evaluate("'axe' in window"):  # The script is half a megabyte, so it is loaded once per page.
            page.evaluate(AXE_SCRIPT)
        found = page.evaluate("options => axe.run(options)", AXE_OPTIONS | only)["violations"]
        self.records_console = True
        return [
            f"{each['id']}: {each['help']}: " + ", ".join(node["html"][:160] for node in each["nodes"][:3])
            for each in found
        ]

    def walk_by_keyboard(self, page: Page) -> None:
        """Press Tab through the whole page. Every control must be reached and show a visible focus."""
        missing = set(page.evaluate(TAB_STOPS, FOCUSABLE))
        page.evaluate(RECORD_FOCUS)
        tabs, most = 0, 4 * len(missing) + 20  # A date field has several stops, and so has the browser itself.
        while missing and tabs < most:
            for _ in range(len(missing) + 2):
                page.keyboard.press("Tab")
                tabs += 1
            reached = page.evaluate(FOCUSED)
            missing -= reached.keys()
            unseen = [name for name, shown in reached.items() if not shown]
            self.assertEqual(unseen, [], f"{page.url}: no visible focus")
        self.assertEqual(missing, set(), f"{page.url}: never reached by Tab")

    def _bring_session(self, context: BrowserContext, person: User) -> None:
        client = Client()
        client.force_login(person, BACKEND)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.live_server_url}])

    def _record_foreign_request(self, request: Request) -> None:
        if not request.url.startswith((self.live_server_url + "/", "data:", "blob:", *self.allowed_urls)):
            self.problems.append(f"a request to {request.url}")

    def _record_console_message(self, message: ConsoleMessage) -> None:
        if self.records_console and message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")


DESCRIBE = """element => `${element.tagName.toLowerCase()} ${element.id || element.name || element.getAttribute('href')
    || element.textContent.trim().slice(0, 40)}`"""
# A group of radio buttons is one stop. Hidden, inert and skipped elements are none.
TAB_STOPS = (
    """focusable => {
    const stops = element => {
        if (element.tabIndex < 0 || element.matches(':disabled') || element.closest('[inert]')) return false;
        if (!element.checkVisibility({visibilityProperty: true}) || !element.getClientRects().length) return false;
        if (element.type !== 'radio') return true;
        const group = [...(element.form ?? document).querySelectorAll(`input[type=radio][name="${element.name}"]`)];
        return element === (group.find(each => each.checked) ?? group[0]);
    };
    return [...document.querySelectorAll(focusable)].filter(stops).map("""
    + DESCRIBE
    + """); }"""
)
# Record each focused element by an event. Asking the page after each Tab takes twice as long.
RECORD_FOCUS = (
    """() => { window.focused = {}; window.recordFocus = element => {
    const style = getComputedStyle(element);
    // The parts of date fields and the content of frames have focus rings that the page cannot see.
    const inner = element.tagName === 'IFRAME' || ['date', 'time', 'datetime-local'].includes(element.type);
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    const shown = ring || inner || style.boxShadow !== 'none';
    window.focused[("""
    + DESCRIBE
    + """)(element)] = shown; };
    document.addEventListener('focusin', event => recordFocus(event.target)); }"""
)
# When a frame gets the focus, there is no event outside of it.
FOCUSED = """() => { const here = document.activeElement;
    if (here && here !== document.body) recordFocus(here);
    return focused; }"""
