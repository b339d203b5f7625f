"""The waitlist, from the full class to the paid spot, with the pages and the links in emails."""

import re

from django.utils import timezone
from playwright.sync_api import Page

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import cart as carts
from billing.models import Order
from classwork.models import ClassOffer
from mailroom.testing import send_all
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.waitlist import class_roles
from registrations.domain.waitlist.class_roles import BalanceLimits
from registrations.models import Registration
from registrations.rules.role_balance import RoleCapacity
from tests.browser.phone import PhoneTestCase
from tests.registrations import purchases

LINK = re.compile(r"https?://[^/\s]+(?P<path>/waiting/[^\s)>]+)")


class WaitlistTest(PhoneTestCase):
    def limit(self, places: int) -> None:
        ClassOffer.objects.filter(pk=self.school.class_offer.pk).update(capacity=places)

    def sold(self, name: str, role: str = "") -> Order:
        order = purchases.cart(name=name, email=f"{name.lower()}@example.org")
        carts.add_line(order, "place", self.school.class_offer.pk, AttendeeDetails(purchases.me(), role=role).as_json())
        return purchases.pay(purchases.place(order))

    def gives_back(self, order: Order) -> None:
        line_cancellation.cancel_line(purchases.line(order), at=timezone.now(), why="Moved away", by=self.school.ada)

    def link_of(self, to: str, subject: str) -> str:
        """The link in the newest mail to this address."""
        mail = [one for one in send_all() if one.to == [to]][-1]
        self.assertIn(subject, mail.subject)
        found = LINK.search(str(mail.body))
        assert found is not None, mail.body
        return found["path"]

    def to_the_list(self, page: Page) -> None:
        page.goto(self.school.class_offer.get_absolute_url())
        page.get_by_role("link", name="Join the waitlist").click()
        self.look(page, "Join the waitlist")

    def join(self, page: Page) -> None:
        page.get_by_role("button", name="Join the waitlist").click()

    def take(self, page: Page, path: str) -> None:
        page.goto(path)
        page.get_by_text("A spot is reserved for you").wait_for()
        self.check_page(page)
        page.get_by_role("button", name="Claim your spot").click()

    def buy(self, page: Page) -> None:
        self.look(page, "Your order")
        self.order(page)
        self.pay(page)

    def attending(self) -> set[tuple[str, str]]:
        found = Registration.objects.filter(state=Registration.State.CONFIRMED).select_related("student")
        return {(str(one.student), one.role) for one in found}

    def test_spot_offered_from_the_waitlist_is_claimed_by_email_link_and_paid(self) -> None:
        self.limit(1)
        sold = self.sold("Pat")
        page = self.phone()
        self.to_the_list(page)
        for name, value in {"first_name": "Zoe", "last_name": "Zed", "email": "zoe@example.org"}.items():
            page.locator(f"[name={name}]").fill(value)
        self.join(page)
        page.get_by_text("We’ve emailed the details to zoe@example.org").wait_for()
        page.get_by_text("You’re 1st in line").wait_for()
        in_line = self.link_of("zoe@example.org", "You’re on the waitlist")
        page.goto(in_line)
        self.look(page, "You’re 1st in line")
        page.get_by_text("The class is full.").wait_for()
        self.gives_back(sold)
        self.take(page, self.link_of("zoe@example.org", "A spot in"))
        self.look(page, "Your details")
        self.assertEqual(page.get_by_label("Your email").input_value(), "zoe@example.org")
        page.get_by_role("button", name="Continue to payment").click()
        self.buy(page)
        self.assertEqual(self.attending(), {("Zoe Zed", "")})
        page.goto(in_line)
        self.look(page, "Registered")

    def test_couple_on_the_waitlist_is_offered_spots_only_when_two_are_available(self) -> None:
        self.limit(2)
        class_roles.set_class_roles(
            self.school.class_offer,
            [RoleCapacity("lead"), RoleCapacity("follow")],
            BalanceLimits(most_apart=1),
            self.school.ada,
        )
        first, second = self.sold("Pat", "lead"), self.sold("Kim", "follow")
        page = self.phone(self.school.alice)
        self.to_the_list(page)
        page.locator("[name=role][value=follow]").check()
        page.locator("[name=partner_first_name]").fill("Ben")
        page.locator("[name=partner_email]").fill("ben@example.org")
        page.locator("[name=partner_role][value=lead]").check()
        self.join(page)
        self.look(page, "You’re 1st in line (1st for follow, 1st for lead)")
        self.gives_back(first)
        send_all()
        page.reload()
        self.look(page, "You’re 1st in line (1st for follow, 1st for lead)")
        page.get_by_text("You need two spots and one is left.").wait_for()
        self.gives_back(second)
        self.take(page, self.link_of("alice@example.org", "A spot in"))
        self.buy(page)
        self.assertEqual(self.attending(), {("Alice Arden", "follow"), ("Ben", "lead")})
