"""A visitor takes a trial class, and then joins the rest of the series for the price difference."""

from classwork.models import ClassOffer
from outbox.testing import run_all
from registrations.domain.upgrades import upgrades
from registrations.models import Registration
from tests.browser.phone import PhoneTestCase


class TrialClassTest(PhoneTestCase):
    def test_visitor_takes_a_trial_class_and_joins_the_series_for_the_price_difference(self) -> None:
        ClassOffer.objects.filter(pk=self.school.class_offer.pk).update(price=60, trial_price=5, drop_in_price=15)
        page = self.phone()
        page.goto(self.school.class_offer.get_absolute_url())
        page.get_by_role("link", name="Try one class for $5.00").click()
        self.expect_page(page, "Try one class")
        self.press_continue(page)
        self.enter_payer(page)
        self.pay_order(page)
        run_all()
        ticket = Registration.objects.single_meeting().for_meeting_lists().get()
        self.assertEqual((ticket.state, ticket.kind_text), ("confirmed", "trial"))
        page.goto(upgrades.ticket_url(ticket))
        self.expect_page(page, "Your trial class")
        page.get_by_role("button", name="Join for $50.00").click()
        self.enter_payer(page)
        page.get_by_text("−$5.00").first.wait_for()
        self.pay_order(page)
        ticket.refresh_from_db()
        self.assertEqual((ticket.state, Registration.objects.whole_class().get().state), ("transferred", "confirmed"))
