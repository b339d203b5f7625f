"""A gift voucher is bought, emailed to the recipient and partly redeemed."""

import re

from billing.domain.vouchers import notifications
from billing.models import Order, Voucher
from common import dates
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.models import Registration
from tests.browser.phone import PhoneTestCase


class GiftVoucherTest(PhoneTestCase):
    def test_gift_voucher_is_bought_emailed_and_partly_redeemed(self) -> None:
        link = self.buy_voucher()
        self.redeem_voucher(link)
        self.assertEqual(Registration.objects.get().state, "confirmed")

    def buy_voucher(self) -> str:
        page = self.phone()
        page.goto("/")
        page.get_by_role("link", name="Gift vouchers").click()
        self.expect_page(page, "Give the gift of dance")
        page.get_by_label("$100.00").check()
        page.get_by_label("Who is it for?").fill("Rae")
        page.get_by_label("From").fill("Pat")
        page.get_by_label("Message").fill("Dance with me!")
        page.get_by_label("Their email").fill("rae@example.org")
        page.get_by_role("button", name="Add to cart").click()
        page.get_by_role("link", name="Check out").click()
        self.enter_payer(page)
        self.pay_order(page)
        page.get_by_role("link", name="View, print or share").click()
        self.expect_page(page, "Gift voucher for Rae")
        Voucher.objects.update(deliver_on=dates.local_today().replace(year=2020))
        self.assertEqual(notifications.send_due_gifts(), 1)
        run_all()
        (mail,) = [mail for mail in send_all() if mail.to == ["rae@example.org"]]
        found = re.search(r"/vouchers/[^\s)]+", str(mail.body))
        assert found is not None
        return found[0]

    def redeem_voucher(self, link: str) -> None:
        page = self.phone()
        page.goto(link)
        self.expect_page(page, "Gift voucher for Rae")
        code = page.locator(".voucher-code").inner_text()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page, "Rae Ray", "rae@example.org")
        page.get_by_label("Discount code or gift voucher").fill(code.lower().replace("-", " "))
        page.get_by_role("button", name="Apply").click()
        page.get_by_text("Nothing is left to pay.").wait_for()
        self.check_page(page)
        page.get_by_role("button", name="Complete order").click()
        page.get_by_text("Your order is paid in full").wait_for()
        page.goto(link)
        self.assertEqual(Voucher.objects.get().balance, 100 - Order.objects.get(payer_name="Rae Ray").amount_charged)
        page.get_by_text("is left on this voucher").wait_for()
