"""Registering for a class on a phone. Each page is checked on the way."""

import re
from datetime import time

from billing.models import Order
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.models import Registration
from tests import factories
from tests.browser.phone import PhoneTestCase
from users.models import Student


class RegistrationTest(PhoneTestCase):
    def registrations(self) -> list[tuple[str, str]]:
        found = Registration.objects.order_by("student__first_name", "class_offer").select_related("student")
        return [(str(one.student), one.state) for one in found]

    def test_visitor_without_an_account_registers_and_pays(self) -> None:
        page = self.phone()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page)
        self.pay_order(page)
        self.assertEqual(self.registrations(), [("Pat Payer", "confirmed")])
        page.get_by_text(f"Order {Order.objects.get().number}").wait_for()
        page.reload()
        page.get_by_text(f"Order {Order.objects.get().number}").wait_for()

    def test_visitor_without_an_account_registers_two_people_for_two_classes(self) -> None:
        factories.create_class_offer(
            self.school.session, factories.create_subject(version="B"), class_day=4, start_time=time(18)
        )
        page = self.phone()
        self.start_registration(page)
        page.get_by_text("Add another class").click()
        page.get_by_label("Beginning B").check()
        page.get_by_role("button", name="Add another person").click()
        self.expect_page(page, "Register")
        page.get_by_label("First name").fill("Lee")
        page.get_by_label("Their email").fill("lee@example.org")
        self.press_continue(page)
        self.enter_payer(page)
        self.pay_order(page)
        expected = [("Lee", "confirmed")] * 2 + [("Pat Payer", "confirmed")] * 2
        self.assertEqual(self.registrations(), expected)

    def test_guardian_registers_two_children_and_sees_them_in_my_classes(self) -> None:
        factories.create_child(self.school.gus, "Kim", "Gray")
        page = self.phone(self.school.gus)
        self.start_registration(page)
        page.get_by_label("Kit Gray").check()
        page.get_by_label("Kim Gray").check()
        self.press_continue(page)
        self.expect_page(page, "Your order")
        self.pay_order(page)
        self.assertEqual(self.registrations(), [("Kim Gray", "confirmed"), ("Kit Gray", "confirmed")])
        page.goto("/user/classes/")
        self.expect_page(page, "My classes")
        self.assertEqual(page.get_by_text("Registered", exact=True).count(), 2)

    def test_account_owner_confirms_a_new_name_registered_with_their_email_address(self) -> None:
        page = self.phone()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page, "Alicia Arden", "alice@example.org")
        self.pay_order(page)
        run_all()
        owner = self.phone(self.school.alice)
        owner.goto("/profile/")
        owner.get_by_role("heading", name="Who is Alicia Arden?").wait_for()
        owner.get_by_role("button", name="Someone in my care").click()
        owner.get_by_text("Thanks, noted.").wait_for()
        owner.goto("/user/classes/")
        owner.get_by_role("heading", name="Alicia Arden", exact=True).wait_for()
        self.assertEqual(Student.objects.get(first_name="Alicia").guardian, self.school.alice)

    def test_spot_paid_at_the_door_is_marked_as_paid_at_the_desk(self) -> None:
        page = self.phone()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page)
        self.place_order(page, "At the door")
        page.get_by_text("We’ve emailed you a link.").first.wait_for()
        self.assertEqual(self.registrations(), [("Pat Payer", "held")])
        page.goto(self.mailed_link())
        self.expect_page(page, "Confirm your spot")
        page.get_by_role("button", name="Keep my spot").click()
        self.expect_page(page, f"Order {Order.objects.get().number}")
        self.assertEqual(self.registrations(), [("Pat Payer", "confirmed")])
        desk = self.open_browser(self.school.ada)
        desk.goto("/desk/registrations/?q=pat")
        self.check_page(desk)
        desk.get_by_role("link", name=re.compile(r"^Order \d")).click()
        desk.get_by_text("Record cash, a check or a transfer").click()
        desk.get_by_role("button", name="Record payment", exact=True).click()
        desk.get_by_text("Recorded:").wait_for()
        page.reload()
        page.get_by_text("Your order is paid in full").wait_for()

    def mailed_link(self) -> str:
        run_all()
        (mail,) = [mail for mail in send_all() if mail.to == ["pat@example.org"]]
        found = re.search(r"/order/\d+/confirm/[^\s)>]+", str(mail.body))
        assert found is not None, mail.body
        return found[0]

    def test_ordering_in_two_tabs_creates_one_order(self) -> None:
        page = self.phone()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page)
        other = page.context.new_page()
        self.scripts[other] = True
        other.goto("/checkout/")
        self.enter_payer(other)
        for tab in (page, other):
            self.place_order(tab)
            tab.wait_for_load_state()
        self.assertEqual(Order.objects.exclude(state="cart").count(), 1)
        self.assertEqual(len(self.registrations()), 1)
