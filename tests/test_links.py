"""No link is broken and no page is hidden: all links from the home page are followed as each role."""

from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.test import Client, tag
from django.urls import Resolver404, resolve

from tests import access
from tests.base import SchoolTestCase

PER_ROUTE = 4
"""How many addresses of each route are opened, and how many more that have a query string."""

EXPLAINS_REFUSAL = 409
"""A page that explains why something cannot be done now."""

BY_MAIL_OR_FORM = {
    # a step of a form, a thank-you, a link that is mailed, or a page that needs a filled cart
    "contact_thanks", "signup_done", "signup_closed", "account_closed", "password_change_done", "password_reset_done",
    "password_reset_complete", "password_reset_confirm", "email_confirm", "checkout", "payment",
    "payment_success", "payment_fail", "mail_choose", "mail_stop", "offer_join", "order_question",
    "second_factor_verify", "second_factor_codes", "second_factor_remove", "voucher", "waitlist_entry", "ticket",
    "desk_text_preview", "link_again", "attendee_address", "cart",
}  # fmt: skip


class LinkParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and "download" not in values and values.get("href"):
            self.links.append(str(values["href"]))


class LinkWalk:
    """Everything that one browser can reach by following links."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.routes: Counter[str] = Counter()
        self.view_names: set[str] = set()
        self.broken_links: list[str] = []
        self._waiting = deque([("/", "the first page")])
        self._seen = {"/"}

    def run(self) -> "LinkWalk":
        while self._waiting:
            address, linked_on = self._waiting.popleft()
            self._open(address, linked_on)
        return self

    def _open(self, address: str, linked_on: str) -> None:
        response = self.client.get(address)
        if response.status_code >= 400 and response.status_code != EXPLAINS_REFUSAL:
            self.broken_links.append(f"{address} ({response.status_code}), linked on {linked_on}")
        if response.status_code in (301, 302):
            self._add(urljoin(address, response.headers["Location"]), linked_on)
        elif response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming:
            parser = LinkParser()
            parser.feed(response.content.decode())
            for link in parser.links:
                self._add(urljoin(address, link), address)

    def _add(self, link: str, linked_on: str) -> None:
        parts = urlsplit(link)
        if parts.netloc or parts.scheme not in ("", "http", "https"):
            return
        address = parts.path + (f"?{parts.query}" if parts.query else "")
        for match in self._matches(parts.path, linked_on):
            route = f"{match}?" if parts.query else match
            if address not in self._seen and self.routes[route] < PER_ROUTE:
                self._seen.add(address)
                self.routes[route] += 1
                self._waiting.append((address, linked_on))

    def _matches(self, path: str, linked_on: str) -> Iterator[str]:
        if path.startswith(("/static/", "/media/")):
            return
        try:
            match = resolve(path)
        except Resolver404:
            self.broken_links.append(f"{path}, linked on {linked_on}")
        else:
            self.view_names.add(match.view_name)
            yield match.route


@tag("long")
class LinksTest(SchoolTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        access.set_stage(cls.school)

    def walk(self, role: str) -> LinkWalk:
        name = access.PERSON[role]
        return LinkWalk(self.browser_of(getattr(self.school, name) if name else None)).run()

    def test_no_link_is_broken_and_every_page_is_linked_for_some_role(self) -> None:
        view_names: set[str] = set()
        for role in access.ROLES:
            with self.subTest(role):
                walk = self.walk(role)
                view_names |= walk.view_names
                self.assertEqual(walk.broken_links, [])
        self.assertEqual(sorted(self.pages() - view_names - BY_MAIL_OR_FORM), [])

    def pages(self) -> set[str]:
        """Pages that at least one role may open with GET."""
        return {
            row.name
            for row in access.rows()
            if row.browse and not row.name.startswith("/") and "200" in row.get.split()
        }
