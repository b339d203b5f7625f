"""Deadline and price for joining a class that has begun."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.pricing import quotes
from billing.errors import OrderNotPlaced
from billing.models import Order
from classwork.domain.schedule import meetings
from classwork.models import ClassOffer
from common.money import is_payable_amount
from registrations.domain import late_joining, registration_window
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.page_text import text_of
from tests.registrations.purchases import cart, line, me, pay, place, register_at_desk
from tests.registrations.started_classes import reload_class, start_class

prices = st.decimals(min_value=0, max_value=500, places=2)


class LateJoinerPricePropertyTest(SimpleTestCase):
    @given(prices, st.integers(1, 60), st.sampled_from(["USD", "JPY", "KWD"]))
    @settings(max_examples=30)
    def test_late_joiner_price_falls_with_each_class_and_never_below_zero(
        self, full: Decimal, of: int, currency: str
    ) -> None:
        full = full.quantize(Decimal(1)) if currency == "JPY" else full
        off = [late_joining.late_joiner_reduction(full, left, of, currency) for left in range(of, -1, -1)]
        self.assertEqual(off[0], 0)
        self.assertEqual(off, sorted(off))
        self.assertTrue(all(0 <= each <= full and is_payable_amount(each, currency) for each in off))
        self.assertEqual(off[-1], off[-2], "nobody joins for less than one class")

    def test_late_joiner_reduction_is_rounded_half_up(self) -> None:
        self.assertEqual(late_joining.late_joiner_reduction(Decimal("60"), 4, 6, "USD"), Decimal("20.00"))
        self.assertEqual(late_joining.late_joiner_reduction(Decimal("70"), 4, 6, "USD"), Decimal("23.33"))
        self.assertEqual(late_joining.late_joiner_reduction(Decimal("0.05"), 1, 2, "USD"), Decimal("0.03"))
        self.assertEqual(late_joining.late_joiner_reduction(Decimal("25"), 1, 2, "JPY"), Decimal(13))


class LateTestCase(SchoolTestCase):
    def setUp(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(price=60)

    def terms_at(self, at: Any = None) -> late_joining.JoiningTerms:
        return late_joining.joining_terms(reload_class(self.class_offer), at or timezone.now())

    def price_with(self, **values: Any) -> Decimal:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(**values)
        return self.terms_at().net_price


class RemainingClassesTest(LateTestCase):
    def test_early_registration_costs_the_full_price_and_a_class_that_has_started_is_not_charged(self) -> None:
        first = reload_class(self.class_offer).meetings.all()[0]
        self.assertEqual(self.terms_at(first.starts_at - timedelta(seconds=1)).net_price, 60)
        self.assertEqual(self.terms_at(first.starts_at).net_price, 48)
        self.assertEqual(self.terms_at(first.starts_at).reason_text, "Joins from class 2 of 5")

    def test_canceled_classes_are_not_charged_and_added_ones_are(self) -> None:
        days = start_class(self.class_offer, 2)
        self.assertEqual(self.terms_at().net_price, 36)
        meetings.cancel_meeting(None, days[4], "Snow")
        self.assertEqual(self.terms_at().net_price, 30)
        meetings.cancel_meeting(None, days[0], "Snow")
        self.assertEqual(self.terms_at().net_price, 40)

    def test_class_moved_into_the_future_counts_as_remaining(self) -> None:
        days = start_class(self.class_offer, 2)
        day = timezone.localdate() + timedelta(days=3)
        meetings.move_meeting(None, days[0], meetings.MeetingDraft(day, days[0].starts_at.time()))
        self.assertEqual(self.terms_at().meetings_left, 4)

    def test_late_joiner_setting_of_the_class_overrides_the_school(self) -> None:
        start_class(self.class_offer, 2)
        self.assertEqual(self.price_with(pro_rata=False), 60)
        with override_settings(LATE_JOINERS_PAY_PRO_RATA=False):
            self.assertEqual(self.price_with(pro_rata=None), 60)
            self.assertEqual(self.price_with(pro_rata=True), 36)


class LateJoinerPurchaseTest(LateTestCase):
    def test_late_joiner_reduction_is_itemized_and_excludes_other_discounts(self) -> None:
        start_class(self.class_offer, 2)
        other = factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3)
        order = place(cart((self.class_offer, me()), (other, me())))
        adjustments = [(step.label, step.amount) for step in quotes.stored_steps(line(order), quotes.NOW)]
        self.assertEqual(adjustments, [("Regular price", 60), ("Joins from class 3 of 5", -24)])
        self.assertEqual([one.early_total for one in order.lines.order_by("pk")], [36, 65])

    def test_ordered_price_stays_when_the_class_starts_before_payment(self) -> None:
        order = place(cart((self.class_offer, me()), payer=self.alice), Order.Due.DOOR)
        start_class(self.class_offer, 3)
        self.assertEqual(pay(order).amount_charged, 55)  # the early price at the time of the purchase

    def test_late_joiner_price_is_shown_before_buying(self) -> None:
        start_class(self.class_offer, 2)
        for url in (self.class_offer.get_absolute_url(), reverse("classoffer_list"), reverse("register")):
            with self.subTest(url):
                page = self.client.get(url)
                self.assertContains(page, "of $60.00: joins from class 3 of 5")
                self.assertContains(page, "$36.00")
                self.assertNotContains(page, "early price (until the first class starts)")

    def test_late_joiner_price_is_shown_in_the_cart(self) -> None:
        start_class(self.class_offer, 2)
        cart((self.class_offer, me()), payer=self.log_in(self.alice))
        self.assertIn("Joins from class 3 of 5 −", text_of(self.client.get(reverse("cart"))))


class LastJoiningTest(LateTestCase):
    def closed(self) -> str:
        return registration_window.closed_reason(reload_class(self.class_offer), timezone.now())

    def test_registration_closes_after_the_last_class_to_join_with_an_explanation(self) -> None:
        start_class(self.class_offer, 2)
        self.price_with(last_joinable_class=3)
        self.assertEqual(self.closed(), "")
        self.price_with(last_joinable_class=2)
        self.assertEqual(self.closed(), "It’s too late to join this class. New students could join until class 2.")
        page = self.client.get(self.class_offer.get_absolute_url())
        self.assertContains(page, "New students could join until class 2")
        self.assertContains(page, "$60.00")
        with self.assertRaisesMessage(OrderNotPlaced, "too late to join"):
            place(cart((self.class_offer, me())))

    @override_settings(LAST_JOINABLE_CLASS=1)
    def test_last_class_to_join_is_set_by_the_school_and_overridden_by_a_class(self) -> None:
        start_class(self.class_offer, 2)
        self.assertTrue(self.closed())
        self.price_with(last_joinable_class=5)
        self.assertEqual(self.closed(), "")

    def test_registration_end_of_the_session_applies_to_classes_without_their_own(self) -> None:
        start_class(self.class_offer, 2)
        type(self.session).objects.update(expire_date=timezone.localdate() - timedelta(days=1))
        self.assertEqual(self.closed(), registration_window.CLOSED)
        self.assertEqual(registration_window.open_classes(timezone.now()), [])
        self.price_with(last_joinable_class=4)
        self.assertEqual(self.closed(), "")
        self.assertEqual(registration_window.open_classes(timezone.now()), [self.class_offer])

    def test_desk_needs_a_permission_to_register_late_joiners(self) -> None:
        start_class(self.class_offer, 2)
        self.price_with(last_joinable_class=1)
        class_offer, right = reload_class(self.class_offer), Permission.objects.get(codename="join_late")
        with self.assertRaisesMessage(OrderNotPlaced, "too late to join"):
            register_at_desk(self.tess, class_offer, self.kit)
        self.tess.user_permissions.add(right)
        clerk = type(self.tess).objects.get(pk=self.tess.pk)
        order = register_at_desk(clerk, class_offer, self.kit)
        self.assertEqual(order.regular_total, 36)
        self.assertTrue(Registration.objects.live().filter(student=self.kit, class_offer=class_offer).exists())
