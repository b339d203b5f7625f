"""A student reads the cancellation policy on a phone before buying, and later cancels one of two classes."""

import re
from datetime import time

from django.test import override_settings

from billing.models import Refund
from registrations.models import Registration
from tests import factories
from tests.browser.phone import PhoneTestCase
from tests.classwork.cancellation_terms import usual
from tests.registrations import purchases


@override_settings(WITHDRAWAL_DAYS=14)
class RegistrationCancellationTest(PhoneTestCase):
    def test_student_reads_the_cancellation_policy_and_cancels_one_of_two_classes(self) -> None:
        usual()
        other = factories.create_class_offer(
            self.school.session, factories.create_subject(version="B"), class_day=4, start_time=time(18)
        )
        both = [(class_offer, purchases.me()) for class_offer in (self.school.class_offer, other)]
        purchases.pay(purchases.place(purchases.cart(*both, payer=self.school.alice)))
        page = self.phone(self.school.alice)
        page.goto(other.get_absolute_url())
        page.get_by_role("heading", name="Cancellation policy").wait_for()
        page.goto("/user/classes/")
        page.get_by_role("link", name=re.compile("Cancel this class.*Beginning B")).click()
        self.expect_page(page, "Cancel Beginning B")
        page.get_by_text("Your refund to Practice payment").wait_for()
        page.get_by_role("button", name="Confirm withdrawal").click()
        page.get_by_text("received your withdrawal and emailed you a confirmation.").wait_for()
        self.check_page(page)
        self.assertFalse(self.problems, "\n" + "\n".join(self.problems))
        states = Registration.objects.order_by("class_offer").values_list("state", flat=True)
        self.assertEqual((list(states), Refund.objects.count()), (["confirmed", "canceled"], 1))

    def test_cancellation_policy_is_shown_in_the_cart_and_before_the_order_is_placed(self) -> None:
        usual()
        page = self.phone()
        self.start_registration(page)
        self.press_continue(page)
        self.enter_payer(page)
        page.get_by_text("(7 days before the first class), you get a full refund.").wait_for()
        page.get_by_text("Within 14 days after ordering").wait_for()
        page.goto("/cart/")
        page.get_by_text("Cancellation policy").click()
        page.get_by_text("you get 50% back as account credit.").wait_for()
        self.expect_page(page, "Your cart")
