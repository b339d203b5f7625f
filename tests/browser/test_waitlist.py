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
    def set_capacity(self, capacity: int) -> None:
        ClassOffer.objects.filter(pk=self.school.class_offer.pk).update(capacity=capacity)

    def sell_spot(self, name: str, role: str = "") -> Order:
        order = purchases.cart(name=name, email=f"{name.lower()}@example.org")
        carts.add_line(order, "class", self.school.class_offer.pk, AttendeeDetails(purchases.me()).as_json(), role=role)
        return purchases.pay(purchases.place(order))

    def cancel_spot(self, order: Order) -> None:
        line_cancellation.cancel_line(purchases.line(order), at=timezone.now(), why="Moved away", by=self.school.ada)

    def newest_mail_link(self, to: str, subject: str) -> str:
        """The link in the newest mail to this address."""
        mail = [one for one in send_all() if one.to == [to]][-1]
        self.assertIn(subject, mail.subject)
        found = LINK.search(str(mail.body))
        assert found is not None, mail.body
        return found["path"]

    def open_waitlist_form(self, page: Page) -> None:
        page.goto(self.school.class_offer.get_absolute_url())
        page.get_by_role("link", name="Join the waitlist").click()
        self.expect_page(page, "Join the waitlist")

    def press_join(self, page: Page) -> None:
        page.get_by_role("button", name="Join the waitlist").click()

    def claim_spot(self, page: Page, path: str) -> None:
        page.goto(path)
        page.get_by_text("A spot is reserved for you").wait_for()
        self.check_page(page)
        page.get_by_role("button", name="Claim your spot").click()

    def pay_for_spot(self, page: Page) -> None:
        self.expect_page(page, "Your order")
        self.pay_order(page)

    def confirmed_students(self) -> set[tuple[str, str]]:
        found = Registration.objects.filter(state=Registration.State.CONFIRMED).select_related("student")
        return {(str(one.student), one.role) for one in found}

    def test_spot_offered_from_the_waitlist_is_claimed_by_email_link_and_paid(self) -> None:
        self.set_capacity(1)
        sold = self.sell_spot("Pat")
        page = self.phone()
        self.open_waitlist_form(page)
        for name, value in {"first_name": "Zoe", "last_name": "Zed", "email": "zoe@example.org"}.items():
            page.locator(f"[name={name}]").fill(value)
        self.press_join(page)
        page.get_by_text("We’ve emailed the details to zoe@example.org").wait_for()
        page.get_by_text("You’re 1st in line").wait_for()
        entry_link = self.newest_mail_link("zoe@example.org", "You’re on the waitlist")
        page.goto(entry_link)
        self.expect_page(page, "You’re 1st in line")
        page.get_by_text("The class is full.").wait_for()
        self.cancel_spot(sold)
        self.claim_spot(page, self.newest_mail_link("zoe@example.org", "A spot in"))
        self.expect_page(page, "Your order")
        self.assertEqual(page.get_by_label("Your email").input_value(), "zoe@example.org")
        self.pay_for_spot(page)
        self.assertEqual(self.confirmed_students(), {("Zoe Zed", "")})
        page.goto(entry_link)
        self.expect_page(page, "Registered")

    def test_couple_on_the_waitlist_is_offered_spots_only_when_two_are_available(self) -> None:
        self.set_capacity(2)
        class_roles.set_class_roles(
            self.school.class_offer,
            [RoleCapacity("lead"), RoleCapacity("follow")],
            BalanceLimits(most_apart=1),
            self.school.ada,
        )
        first, second = self.sell_spot("Pat", "lead"), self.sell_spot("Kim", "follow")
        page = self.phone(self.school.alice)
        self.open_waitlist_form(page)
        page.locator("[name=role][value=follow]").check()
        page.locator("[name=partner_first_name]").fill("Ben")
        page.locator("[name=partner_email]").fill("ben@example.org")
        page.locator("[name=partner_role][value=lead]").check()
        self.press_join(page)
        self.expect_page(page, "You’re 1st in line (1st for follow, 1st for lead)")
        self.cancel_spot(first)
        send_all()
        page.reload()
        self.expect_page(page, "You’re 1st in line (1st for follow, 1st for lead)")
        page.get_by_text("You need two spots and one is left.").wait_for()
        self.cancel_spot(second)
        self.claim_spot(page, self.newest_mail_link("alice@example.org", "A spot in"))
        self.pay_for_spot(page)
        self.assertEqual(self.confirmed_students(), {("Alice Arden", "follow"), ("Ben", "lead")})
