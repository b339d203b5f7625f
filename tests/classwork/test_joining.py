"""Joining a class that has begun: until when, and at which price."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission
from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.domain.orders.placement import OrderNotPlaced
from billing.models import Adjustment, Order
from classwork.domain.places import desk, joining, opening
from classwork.domain.schedule import meetings
from classwork.models import ClassOffer, Registration
from common.money import is_payable_amount
from tests import make
from tests.base import SchoolTestCase
from tests.classwork.buying import cart, line, me, pay, place
from tests.classwork.trying import begun, fresh
from tests.page_text import text_of

prices = st.decimals(min_value=0, max_value=500, places=2)


class PriceLaws(SimpleTestCase):
    @given(prices, st.integers(1, 60), st.sampled_from(["USD", "JPY", "KWD"]))
    @settings(max_examples=30)
    def test_it_falls_class_by_class_from_the_full_price_and_never_below_nothing(
        self, full: Decimal, of: int, currency: str
    ) -> None:
        full = full.quantize(Decimal(1)) if currency == "JPY" else full
        off = [joining.late_joiner_reduction(full, left, of, currency) for left in range(of, -1, -1)]
        self.assertEqual(off[0], 0)
        self.assertEqual(off, sorted(off))
        self.assertTrue(all(0 <= each <= full and is_payable_amount(each, currency) for each in off))
        self.assertEqual(off[-1], off[-2], "nobody joins for less than one class")

    def test_what_is_off_is_rounded_half_up(self) -> None:
        self.assertEqual(joining.late_joiner_reduction(Decimal("60"), 4, 6, "USD"), Decimal("20.00"))
        self.assertEqual(joining.late_joiner_reduction(Decimal("70"), 4, 6, "USD"), Decimal("23.33"))
        self.assertEqual(joining.late_joiner_reduction(Decimal("0.05"), 1, 2, "USD"), Decimal("0.03"))
        self.assertEqual(joining.late_joiner_reduction(Decimal("25"), 1, 2, "JPY"), Decimal(13))


class LateTestCase(SchoolTestCase):
    def setUp(self) -> None:
        ClassOffer.objects.filter(pk=self.offer.pk).update(price=60)

    def joins(self, at: Any = None) -> joining.JoiningTerms:
        return joining.joining_terms(fresh(self.offer), at or timezone.now())

    def asked(self, **values: Any) -> Decimal:
        ClassOffer.objects.filter(pk=self.offer.pk).update(**values)
        return self.joins().net_price


class MeetingsLeftTest(LateTestCase):
    def test_whoever_joins_in_time_pays_in_full_and_the_class_that_has_started_is_gone(self) -> None:
        first = fresh(self.offer).meetings.all()[0]
        self.assertEqual(self.joins(first.starts_at - timedelta(seconds=1)).net_price, 60)
        self.assertEqual(self.joins(first.starts_at).net_price, 48)
        self.assertEqual(self.joins(first.starts_at).reason_text, "Joins from class 2 of 5")

    def test_cancelled_classes_do_not_count_and_added_ones_do(self) -> None:
        days = begun(self.offer, 2)
        self.assertEqual(self.joins().net_price, 36)
        meetings.cancel_meeting(None, days[4], "Snow")
        self.assertEqual(self.joins().net_price, 30)
        meetings.cancel_meeting(None, days[0], "Snow")
        self.assertEqual(self.joins().net_price, 40)

    def test_a_class_moved_into_the_future_is_left(self) -> None:
        days = begun(self.offer, 2)
        day = timezone.localdate() + timedelta(days=3)
        meetings.move_meeting(None, days[0], meetings.MeetingDraft(day, days[0].starts_at.time()))
        self.assertEqual(self.joins().left, 4)

    def test_the_class_has_the_last_word_on_whether_one_pays_for_what_is_left(self) -> None:
        begun(self.offer, 2)
        self.assertEqual(self.asked(pro_rata=False), 60)
        with override_settings(LATE_JOINERS_PAY_PRO_RATA=False):
            self.assertEqual(self.asked(pro_rata=None), 60)
            self.assertEqual(self.asked(pro_rata=True), 36)


class BuyingTest(LateTestCase):
    def test_the_bill_names_it_and_neither_prepay_nor_a_second_class_comes_off(self) -> None:
        begun(self.offer, 2)
        other = make.offer(self.session, make.subject("L2"), class_day=3)
        order = place(cart((self.offer, me()), (other, me())))
        stored = Adjustment.objects.filter(line=line(order), plan=Adjustment.Plan.NOW)
        said = [(one.label, one.amount) for one in stored.order_by("pk")]
        self.assertEqual(said, [("Regular price", 60), ("Joins from class 3 of 5", -24)])
        self.assertEqual([one.now_total for one in order.lines.order_by("pk")], [36, 65])

    def test_the_price_that_was_bought_holds(self) -> None:
        order = place(cart((self.offer, me()), payer=self.alice), Order.Due.DOOR)
        begun(self.offer, 3)
        self.assertEqual(pay(order).charged, 55)  # less what paying ahead takes off, by the dates of the purchase

    def test_pages_say_it_before_it_is_bought(self) -> None:
        begun(self.offer, 2)
        for url in (self.offer.get_absolute_url(), reverse("classoffer_list"), reverse("register")):
            with self.subTest(url):
                page = self.client.get(url)
                self.assertContains(page, "of $60.00: joins from class 3 of 5")
                self.assertContains(page, "$36.00")
                self.assertNotContains(page, "early price (until the first class starts)")

    def test_the_cart_says_it_too(self) -> None:
        begun(self.offer, 2)
        cart((self.offer, me()), payer=self.log_in(self.alice))
        self.assertIn("Joins from class 3 of 5 −", text_of(self.client.get(reverse("cart"))))


class LastJoiningTest(LateTestCase):
    def closed(self) -> str:
        return opening.closed_reason(fresh(self.offer), timezone.now())

    def test_after_the_last_class_to_join_from_registration_is_closed_with_a_sentence(self) -> None:
        begun(self.offer, 2)
        self.asked(last_joining=3)
        self.assertEqual(self.closed(), "")
        self.asked(last_joining=2)
        self.assertEqual(self.closed(), "It’s too late to join this class. New students could join until class 2.")
        page = self.client.get(self.offer.get_absolute_url())
        self.assertContains(page, "New students could join until class 2")
        self.assertContains(page, "$60.00")
        with self.assertRaisesMessage(OrderNotPlaced, "too late to join"):
            place(cart((self.offer, me())))

    @override_settings(LAST_JOINING=1)
    def test_the_school_says_it_for_all_and_a_class_for_itself(self) -> None:
        begun(self.offer, 2)
        self.assertTrue(self.closed())
        self.asked(last_joining=5)
        self.assertEqual(self.closed(), "")

    def test_the_sessions_end_of_registration_is_for_classes_that_say_nothing_themselves(self) -> None:
        begun(self.offer, 2)
        type(self.session).objects.update(expire_date=timezone.localdate() - timedelta(days=1))
        self.assertEqual(self.closed(), opening.CLOSED)
        self.assertEqual(opening.open_classes(timezone.now()), [])
        self.asked(last_joining=4)
        self.assertEqual(self.closed(), "")
        self.assertEqual(opening.open_classes(timezone.now()), [self.offer])

    def test_the_desk_lets_people_join_later_with_a_right_of_its_own(self) -> None:
        begun(self.offer, 2)
        self.asked(last_joining=1)
        offer, right = fresh(self.offer), Permission.objects.get(codename="join_late")
        with self.assertRaisesMessage(OrderNotPlaced, "too late to join"):
            desk.register_at_desk(self.tess, offer, self.kit)
        self.tess.user_permissions.add(right)
        clerk = type(self.tess).objects.get(pk=self.tess.pk)
        order = desk.register_at_desk(clerk, offer, self.kit)
        self.assertEqual(order.door_total, 36)
        self.assertTrue(Registration.objects.live().filter(student=self.kit, offer=offer).exists())
