"""A real browser on a real server, and what every page has to stand: see `visit`."""

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
# A page may have given the focus to a field already; blur alone would go on from there.
FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex='-1'])"


@tag("browser")
class BrowserTestCase(StaticLiveServerTestCase):
    """The school of tests/base.py behind a browser; each `open_browser` is a person of their own."""

    playwright: ClassVar[Playwright]
    browser: ClassVar[Browser]
    rules: ClassVar[list[str]] = []  # axe's tags; none means all of its rules
    school: SimpleNamespace
    elsewhere: tuple[str, ...] = ()
    """Addresses of other servers that pages may lead to, such as that of an imitated gateway."""

    @classmethod
    def setUpClass(cls) -> None:
        # Playwright's loop lives in this thread, in which Django then refuses the database unless told otherwise.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        super().setUpClass()
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(executable_path=services.chromium(), args=services.FLAGS)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self) -> None:
        cache.clear()  # counts of what was asked too often outlive the rows of a test
        self.school = factories.create_school()
        self.complaints: list[str] = []
        self.hearing = True
        self.scripts: dict[Page, bool] = {}

    def open_browser(self, person: User | None = None, *, width: int = 1280, javascript: bool = True) -> Page:
        """A window in which this person is logged in; None is a visitor. Without scripts there are no axe checks."""
        context = self.browser.new_context(
            base_url=self.live_server_url, viewport={"width": width, "height": 900}, java_script_enabled=javascript
        )
        self.addCleanup(context.close)
        context.set_default_timeout(10_000)
        if person is not None:
            self._bring_session(context, person)
        page = context.new_page()
        self.scripts[page] = javascript
        context.on("request", self._only_our_server)
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        return page

    def visit(self, page: Page, path: str, *, status: int = 200) -> Response:
        """Open a page at both widths: no axe violation, nothing to scroll sideways, no error, no request elsewhere."""
        self.complaints.clear()
        response = page.goto(path, wait_until="load")
        assert response is not None
        self.assertEqual(response.status, status, path)
        for width in WIDTHS if self.scripts[page] else ():
            page.set_viewport_size({"width": width, "height": 900})
            self.check_page(page)
        if status >= 400:
            self.complaints = [each for each in self.complaints if f"status of {status}" not in each]
        self.assertFalse(self.complaints, "\n" + "\n".join(self.complaints))
        return response

    def visit_without_scripts(self, page: Page, path: str) -> None:
        """A page in a browser without scripts still opens, and whatever it lets one fill in can be sent."""
        self.complaints.clear()
        page.goto(path, wait_until="domcontentloaded")
        for form in page.locator("form:visible").all():
            button = form.locator("button:not([type=button]), input[type=submit]").locator("visible=true")
            self.assertGreater(button.count(), 0, f"{path}: nothing sends {form.get_attribute('action') or 'the form'}")
        self.assertFalse(self.complaints, "\n" + "\n".join(self.complaints))

    def check_page(self, page: Page) -> None:
        """The page as it stands, after whatever was done on it."""
        where = f"{page.url} at {page.viewport_size['width'] if page.viewport_size else '?'} px"
        self.complaints += [f"{where}: {violation}" for violation in self._violations(page)]
        sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if sideways > 0:
            self.complaints.append(f"{where}: {sideways} px too wide")

    def _violations(self, page: Page) -> list[str]:
        self.hearing = False  # axe writes style elements of its own, which the Content-Security-Policy refuses
        only = {"runOnly": {"type": "tag", "values": self.rules}} if self.rules else {}
        if not page.evaluate("'axe' in window"):  # half a megabyte, so once a page
            page.evaluate(AXE_SCRIPT)
        found = page.evaluate("options => axe.run(options)", AXE_OPTIONS | only)["violations"]
        self.hearing = True
        return [
            f"{each['id']}: {each['help']}: " + ", ".join(node["html"][:160] for node in each["nodes"][:3])
            for each in found
        ]

    def keyboard_walk(self, page: Page) -> None:
        """Tab round the page once; every control is reached and shows that it has the focus."""
        missing = set(page.evaluate(WANTED, FOCUSABLE))
        page.evaluate(NOTE_FOCUS)
        tabs, most = 0, 4 * len(missing) + 20  # a date has several stops, and the browser's own bars are on the way
        while missing and tabs < most:
            for _ in range(len(missing) + 2):
                page.keyboard.press("Tab")
                tabs += 1
            reached = page.evaluate(NOTED)
            missing -= reached.keys()
            unseen = [name for name, shown in reached.items() if not shown]
            self.assertEqual(unseen, [], f"{page.url}: no visible focus")
        self.assertEqual(missing, set(), f"{page.url}: never reached by Tab")

    def _bring_session(self, context: BrowserContext, person: User) -> None:
        client = Client()
        client.force_login(person, BACKEND)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.live_server_url}])

    def _only_our_server(self, request: Request) -> None:
        if not request.url.startswith((self.live_server_url + "/", "data:", "blob:", *self.elsewhere)):
            self.complaints.append(f"a request to {request.url}")

    def _listen(self, message: ConsoleMessage) -> None:
        if self.hearing and message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")


DESCRIBE = """element => `${element.tagName.toLowerCase()} ${element.id || element.name || element.getAttribute('href')
    || element.textContent.trim().slice(0, 40)}`"""
# Radio buttons of one group are one stop; what is hidden, inert or taken out of the order is none.
WANTED = (
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
# What has the focus is noted as it comes, which a page that tells after each Tab takes twice as long for.
NOTE_FOCUS = (
    """() => { window.noted = {}; window.note = element => {
    const style = getComputedStyle(element);
    // Parts of a date, and what lies in a frame, have rings of their own, which the page cannot see.
    const inner = element.tagName === 'IFRAME' || ['date', 'time', 'datetime-local'].includes(element.type);
    const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
    const shown = ring || inner || style.boxShadow !== 'none';
    window.noted[("""
    + DESCRIBE
    + """)(element)] = shown; };
    document.addEventListener('focusin', event => note(event.target)); }"""
)
# The focus goes into a frame without an event outside of it.
NOTED = """() => { const here = document.activeElement;
    if (here && here !== document.body) note(here);
    return noted; }"""
