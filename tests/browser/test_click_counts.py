"""Two tasks that must take only a few clicks: planning the next session, and finding a first class."""

from datetime import time

from django.test import Client
from playwright.sync_api import Locator, Page, expect

from classwork.models import ClassOffer, Session
from common import dates
from tests import factories
from tests.browser.base import BrowserTestCase


class ClickCounter:
    """Uses the site from its home page by clicking only, and counts the clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0
        page.goto("/")

    def click_link(self, name: str, within: str = "body") -> None:
        self.click(self.page.locator(within).get_by_role("link", name=name, exact=True).first)

    def click_button(self, name: str) -> None:
        self.click(self.page.get_by_role("button", name=name, exact=True))

    def click(self, control: Locator) -> None:
        control.click()
        self.count += 1


class PlanningTest(BrowserTestCase):
    def setUp(self) -> None:
        super().setUp()
        school = self.school
        self.second = factories.create_class_offer(
            school.session, factories.create_subject("L2"), school.ash.staff, location=school.hall
        )
        factories.create_class_offer(
            school.session, school.class_offer.subject, school.ash.staff, class_day=3, start_time=time(18)
        )

    def test_next_session_is_planned_in_fewer_than_fifteen_clicks(self) -> None:
        page = self.open_browser(self.school.ada)
        ada = ClickCounter(page)
        ada.click(page.locator("details.menu > summary"))
        ada.click_link("Desk", "nav[aria-label=Office]")
        ada.click_link("Sessions", "main")
        ada.click_link("Plan the next session")
        ada.click(page.get_by_label(f"Repeat {self.second.subject}"))
        ada.click_button("Preview dates")
        self.assertEqual(Session.objects.count(), 1)
        self.check_page(page)
        ada.click_button("Create session")
        expect(page.get_by_text("has been created with 2 classes. They are not approved yet.")).to_be_visible()
        self.assertLess(ada.count, 15)
        self.assertFalse(self.problems)

        planned = Session.objects.latest("key_day_date")
        self.assertGreater(planned.start_date, self.school.session.end_date)
        self.assertGreater(planned.publish_date, dates.local_today())
        self.assertEqual(
            {class_offer.subject for class_offer in planned.class_offers.all()}, {self.school.class_offer.subject}
        )
        self.assertFalse(planned.class_offers.filter(manager_approved=True).exists())
        self.assert_hidden(planned)

    def assert_hidden(self, session: Session) -> None:
        """Rename it first, because the proposed name "Jan 2027" also occurs in dates such as "Tue 26 Jan 2027"."""
        session.name = "Not_published_yet"
        session.save()
        visitor = Client()
        for path in ("/classes/", session.get_absolute_url(), "/"):
            self.assertNotContains(visitor.get(path), session.title)
        for class_offer in session.class_offers.all():
            self.assertEqual(visitor.get(class_offer.get_absolute_url()).status_code, 404)

    def test_visitor_finds_a_beginner_class_on_tuesday_in_three_clicks(self) -> None:
        for javascript in (True, False):
            with self.subTest(javascript=javascript):
                page = self.open_browser(javascript=javascript)
                visitor = ClickCounter(page)
                visitor.click_link("Classes", "header")
                visitor.click_link("Tuesday", "nav[aria-label='Find a class']")
                visitor.click_link("Beginning", "nav[aria-label='Find a class']")
                self.assertEqual(visitor.count, 3)
                self.assertEqual(self.classes_on(page), {self.school.class_offer})

    def classes_on(self, page: Page) -> set[ClassOffer]:
        links = page.locator("main a").evaluate_all("links => links.map(link => link.pathname)")
        return {class_offer for class_offer in ClassOffer.objects.all() if class_offer.get_absolute_url() in links}
