"""A desk payment counts from the time when the money was received, not when it was recorded."""

from datetime import datetime, timedelta
from decimal import Decimal
from unittest import mock

from django.http import HttpResponse
from django.test import tag
from django.urls import reverse

from billing.domain.payments import attempts
from billing.errors import PaymentRefused
from billing.models import Order
from common import dates
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind


@tag("once")
class DeskPaymentTimeTest(BillingTestCase):
    """A class costs 65, or 60 until it starts at 19:00. It is now 8:00 on the next morning."""

    def setUp(self) -> None:
        super().setUp()
        self.morning = dates.local_moment(
            dates.to_local_time(self.now).date() + timedelta(days=7), datetime.min.time().replace(hour=8)
        )
        self.evening = self.morning - timedelta(hours=13)
        ToyKind.catalogue = {1: Toy("65", prepay="5", starts=self.evening), 2: Toy("30")}
        self.order = self.place_new_order(1, due=Order.Due.DOOR)
        self.log_in(self.ada)
        later = mock.patch("django.utils.timezone.now", return_value=self.morning)
        later.start()
        self.addCleanup(later.stop)

    def record_payment(
        self, amount: str = "", days_ago: int = 1, moment: str = "", order: Order | None = None
    ) -> HttpResponse:
        day = dates.to_local_time(self.morning).date() - timedelta(days=days_ago)
        data = {"amount": amount, "variant": "cash", "received_on": day, "moment": moment}
        return self.client.post(reverse("desk_record_payment", args=[(order or self.order).pk]), data)

    def answer_number(self, number: int) -> str:
        return f"{dates.to_local_time(self.evening).date().isoformat()} {number}"

    def amount_charged(self) -> Decimal:
        self.order.refresh_from_db()
        self.assertEqual(self.order.state, "paid")
        return self.order.amount_charged

    def test_form_asks_before_or_after_class_start_and_proposes_amounts(self) -> None:
        page = self.record_payment()
        self.assertContains(page, "Was it received before or after class started?", status_code=400)
        self.assertContains(page, "Before class started (7:00 PM): $60.00", status_code=400)
        self.assertContains(page, "After class started: $65.00", status_code=400)

    def test_payment_before_class_start_gets_early_price(self) -> None:
        self.assertEqual(self.record_payment(moment=self.answer_number(0)).status_code, 302)
        self.assertEqual(self.amount_charged(), 60)

    def test_payment_after_class_start_gets_regular_price_when_recorded_next_morning(self) -> None:
        self.assertEqual(self.record_payment("60", moment=self.answer_number(1)).status_code, 302)
        self.order.refresh_from_db()
        self.assertEqual(self.order.state, "placed")
        self.assertEqual(self.record_payment(moment=self.answer_number(1)).status_code, 302)
        self.assertEqual(self.amount_charged(), 65)

    def test_amount_above_balance_at_that_time_is_refused(self) -> None:
        self.assertContains(
            self.record_payment("65", moment=self.answer_number(0)), "more than is due", status_code=400
        )

    def test_answer_for_another_day_is_invalid(self) -> None:
        for answer in ("2020-01-01 0", self.answer_number(7), "x", "\0"):
            self.assertEqual(self.record_payment(moment=answer).status_code, 400, answer)

    def test_no_time_is_asked_for_a_day_without_class(self) -> None:
        self.assertEqual(self.record_payment("60", days_ago=2).status_code, 302)
        self.assertEqual(self.amount_charged(), 60)

    def test_payment_received_today_counts_at_recording_time(self) -> None:
        self.assertEqual(self.record_payment(days_ago=0).status_code, 302)
        self.assertEqual(self.amount_charged(), 65)

    def test_two_classes_on_one_day_offer_three_answers(self) -> None:
        ToyKind.catalogue[2] = Toy("30", prepay="3", starts=self.evening + timedelta(hours=1))
        self.order = self.place_new_order(1, 2, due=Order.Due.DOOR)
        page = self.record_payment()
        for label in ("Before 7:00 PM: $87.00", "Between 7:00 PM and 8:00 PM: $92.00", "After 8:00 PM: $95.00"):
            self.assertContains(page, label, status_code=400)
        self.record_payment(moment=self.answer_number(1))
        self.assertEqual(self.amount_charged(), 92)

    def test_desk_payment_without_received_time_raises_error(self) -> None:
        with self.assertRaises(PaymentRefused) as raised:
            attempts.record_desk_payment(
                self.order, "cash", Decimal(60), by=self.ada, received_on=dates.to_local_time(self.evening).date()
            )
        self.assertEqual(raised.exception.code, "moment_needed")
