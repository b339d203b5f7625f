from datetime import date, time, timedelta
from decimal import Decimal

from django.test import tag
from django.urls import reverse

from accounting.domain import day_sheet
from accounting.models import CashCount
from billing.domain.payments import attempts
from billing.domain.refunds import handovers, reservations
from billing.models import Order, Refund
from common import dates
from history.models import Entry
from outbox.testing import run_all
from tests.billing.base import BillingTestCase


class DailyCashCountTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)
        self.today = dates.local_today()

    def record_payment(self, amount: str = "70", variant: str = "cash", on: date | None = None) -> Order:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        attempts.record_desk_payment(
            order, variant, Decimal(amount), by=self.ash, received_on=on or self.today, reference="17"
        )
        return order

    def post_count(self, counted: object, why: str = "", variant: str = "cash") -> int:
        data = {"variant": variant, "currency": "USD", "counted": counted, "why": why}
        return self.client.post(reverse("desk_day"), data).status_code

    def test_daily_cash_count_shows_who_received_and_refunded_money(self) -> None:
        self.record_payment()
        self.record_payment("30", "cheque")
        order = self.record_payment()
        reservations.refund_by_staff(order, Decimal(5), why="Cold", by=self.ada)
        run_all()
        handovers.record_handover(order.payments.get().refunds.get().pk, self.ada)
        cash, cheque = day_sheet.drawers_of_day(self.today)
        self.assertEqual((cash.label, cash.expected, cheque.expected), ("Cash", Decimal(135), Decimal(30)))
        self.assertEqual(cash.takers, [(str(self.ada), Decimal(-5)), (str(self.ash), Decimal(140))])
        page = self.client.get(reverse("desk_day"))
        for words in (str(self.ash), "17", "$135.00", "−$5.00"):
            self.assertContains(page, words)

    def test_payment_is_listed_on_the_day_it_was_received(self) -> None:
        self.record_payment(on=self.today - timedelta(days=1))
        self.assertEqual(day_sheet.drawers_of_day(self.today), [])
        self.assertEqual(list(day_sheet.uncounted_days(self.today)), [self.today - timedelta(days=1)])

    def test_day_with_only_cash_refunds_needs_a_count(self) -> None:
        yesterday = self.today - timedelta(days=1)
        order = self.record_payment(on=self.today - timedelta(days=20))
        reservations.refund_by_staff(order, Decimal(5), why="Cold", by=self.ada)
        self.assertEqual(list(day_sheet.uncounted_days(self.today)), [])
        run_all()
        handovers.record_handover(Refund.objects.get().pk, self.ada)
        Refund.objects.update(completed_at=dates.local_moment(yesterday, time(23, 59)))
        self.assertEqual(list(day_sheet.uncounted_days(self.today)), [yesterday])
        self.assertContains(self.client.get(reverse("desk_day")), f"?day={yesterday.isoformat()}")
        day_sheet.record_cash_count(yesterday, "cash", "USD", Decimal(0), why="None left", by=self.ada)
        self.assertEqual(list(day_sheet.uncounted_days(self.today)), [])

    def test_count_is_saved_with_expected_amount(self) -> None:
        self.record_payment()
        self.assertEqual(self.post_count(70), 302)
        self.assertContains(self.client.get(reverse("desk_day")), ", as expected.")
        cash_count = CashCount.objects.get()
        self.assertEqual((cash_count.expected, cash_count.counted, cash_count.counted_by), (70, 70, self.ada))
        self.assertEqual(Entry.objects.get(action="accounting.cash_counted").actor_id, self.ada.pk)

    def test_a_difference_needs_a_reason(self) -> None:
        self.record_payment()
        self.assertEqual(self.post_count("69.50"), 400)
        self.assertEqual(self.post_count("69.50", "Change given wrongly"), 302)
        self.assertContains(self.client.get(reverse("desk_day")), "−$0.50 difference. Reason: Change given wrongly")

    def test_invalid_amount_is_not_saved_as_count(self) -> None:
        self.record_payment()
        for counted in ("-1", "70.005", "a lot", "", "NaN"):
            self.assertEqual(self.post_count(counted, "x"), 400, counted)
        self.assertFalse(CashCount.objects.exists())

    def test_second_count_is_added_and_the_latest_applies(self) -> None:
        self.record_payment()
        self.post_count(60, "Lost?")
        self.post_count(70)
        [drawer] = day_sheet.drawers_of_day(self.today)
        self.assertEqual((drawer.count.counted, len(drawer.counts), drawer.has_moved), (70, 2, False))

    def test_payment_recorded_after_the_count_asks_for_a_recount(self) -> None:
        self.record_payment()
        self.post_count(70)
        self.record_payment()
        self.assertContains(self.client.get(reverse("desk_day")), "Please count again")

    def test_staff_without_permission_cannot_count(self) -> None:
        self.log_in(self.tess)
        self.assertEqual(self.post_count(70), 403)

    def test_invalid_or_future_day_shows_today(self) -> None:
        for text in ("2026-02-31", "soon", "9999-12-31"):
            self.assertEqual(self.client.get(reverse("desk_day"), {"day": text}).context["day"], self.today)

    @tag("rows")
    def test_number_of_queries_is_the_same_for_one_and_thirty_payments(self) -> None:
        self.assertSameQueries(reverse("desk_day"), lambda count: [self.record_payment() for _ in range(count)])
