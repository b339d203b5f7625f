import csv
import io
from datetime import date
from decimal import Decimal

from django.test import SimpleTestCase, override_settings
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as PropertyTestCase

from accounting.domain import ledger_export
from accounting.domain.ledger_export import DateRange, split_by_weight
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.domain.refunds import reservations
from billing.models import Order, OrderLine, Payment, Refund
from common import dates
from common.money import is_payable_amount
from outbox.testing import run_all
from tests import factories
from tests.billing.base import BillingTestCase
from tests.billing.toys import Toy, ToyKind, with_toys

ANY_DAY = {"since": "2020-01-01", "until": "2035-12-31"}
CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)


def all_days() -> DateRange:
    return DateRange(date(2020, 1, 1), dates.local_today())


class SplitByWeightTest(SimpleTestCase):
    @given(CENTS, st.lists(CENTS, min_size=1, max_size=8), st.booleans())
    def test_shares_add_up_to_the_amount_and_each_is_payable(
        self, amount: Decimal, weights: list[Decimal], out: bool
    ) -> None:
        amount = -amount if out else amount
        shares = split_by_weight(amount, weights, "USD")
        self.assertEqual((sum(shares), len(shares)), (amount, len(weights)))
        for share in shares:
            self.assertTrue(is_payable_amount(share, "USD"))
            self.assertFalse(share * amount < 0, "a share of the other sign")

    def test_remainder_below_a_cent_is_carried_to_the_next_share(self) -> None:
        self.assertEqual(
            split_by_weight(Decimal(100), [Decimal(1)] * 3, "USD"), list(map(Decimal, ("33.33", "33.34", "33.33")))
        )
        self.assertEqual(split_by_weight(Decimal(100), [Decimal(1)] * 3, "JPY"), list(map(Decimal, (33, 34, 33))))


@with_toys
class LedgerRowsPropertiesTest(PropertyTestCase):
    """The rows of the accounting export add up to the ledger after any purchases, payments and refunds."""

    bought = st.tuples(
        st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3),
        st.sampled_from(["practice", "cash", ""]),
        st.lists(st.integers(1, 4000), max_size=2),
        st.booleans(),
    )

    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(bought, min_size=1, max_size=3))
    def test_rows_add_up_to_order_balances_and_totals_by_method(
        self, purchases: list[tuple[list[int], str, list[int], bool]]
    ) -> None:
        maker = BillingTestCase("place_new_order")
        maker.setUp()
        ToyKind.catalogue |= {2: Toy("33.33"), 3: Toy("0.01")}
        by = factories.create_account("ada@example.org", "Ada")
        for products, method, refund_cents, sent in purchases:
            order = maker.place_new_order(*products, due=Order.Due.DOOR)
            if method:
                self.pay(order, method, by)
                self.refund_parts(order, refund_cents, by)
            if sent:
                run_all()
        rows = list(ledger_export.ledger_rows(all_days()))
        pending = Refund.objects.exclude(state__in=["done", "failed"])
        for order in Order.objects.all():
            pending_total = sum((refund.amount for refund in pending.filter(payment__order=order)), Decimal(0))
            row_total = sum((row.amount for row in rows if row.order == order.pk), Decimal(0))
            self.assertEqual(row_total, balances.amount_received(order) + pending_total)
        for total in ledger_export.totals_by_method(all_days()):
            self.assertEqual(total.net_amount, sum(row.amount for row in rows if row.method == total.method))

    def pay(self, order: Order, method: str, by: object) -> None:
        owed = balances.open_balance(order, order.placed_at)
        if method == "cash":
            attempts.record_desk_payment(order, "cash", owed, by=by, received_on=dates.local_today())
        else:
            payment = attempts.start_attempt(order, method, order.placed_at)
            attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))

    def refund_parts(self, order: Order, cents: list[int], by: object) -> None:
        for each in cents:
            order.refresh_from_db()
            amount = min(Decimal(each) / 100, balances.amount_received(order))
            if amount > 0:
                reservations.refund_by_staff(order, amount, why="Cold", by=by)


class LedgerFileTest(BillingTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def rows(self, **days: str) -> list[dict[str, str]]:
        response = self.client.get(reverse("desk_ledger_download"), ANY_DAY | days)
        self.assertTrue(response.streaming)
        text = b"".join(response.streaming_content).decode()
        return list(csv.DictReader(io.StringIO(text)))

    def test_row_of_each_order_line_has_its_amount_tax_account_and_fee(self) -> None:
        order = self.place_new_order(1, 2)
        line = order.lines.get(product_id=2)
        OrderLine.objects.filter(pk=line.pk).update(price_facts=line.price_facts | {"tax_percent": "20"})
        payment = self.pay_order(order)
        Payment.objects.filter(pk=payment.pk).update(fee=Decimal("3.60"), transaction_id="pi_7")
        with override_settings(ACCOUNT_CODES=["toy:4000", "practice:1360", "fees:6855"]):
            first, second = self.rows()
        self.assertEqual((first["amount"], second["amount"]), ("70.00", "50.00"))
        self.assertEqual((second["tax_percent"], second["tax"]), ("20.00", "8.33"))
        self.assertEqual((first["fee"], second["fee"]), ("2.10", "1.50"))
        self.assertEqual((first["account"], first["method_account"], first["fee_account"]), ("4000", "1360", "6855"))
        self.assertEqual(
            (first["reference"], first["order"], first["line"]), ("pi_7", order.number, f"{order.lines.first().pk}")
        )

    def test_refund_is_a_negative_row(self) -> None:
        order = self.place_new_order(1)
        self.pay_order(order)
        reservations.refund_by_staff(order, Decimal(10), why="Cold", by=self.ada)
        run_all()
        self.assertEqual([row["amount"] for row in self.rows()], ["70.00", "-10.00"])
        self.assertEqual(self.rows(until="2021-01-01"), [])

    def test_titles_that_a_spreadsheet_would_execute_are_escaped(self) -> None:
        for title in ("=1+1", "+49", "-2", "@sum(A1)", "\tx"):
            order = self.place_new_order(1)
            self.pay_order(order)
            order.lines.update(title=title)
        titles = [row["title"] for row in self.rows()]
        self.assertTrue(all(title.startswith("'") for title in titles), titles)

    def test_cash_payment_is_dated_on_the_day_it_was_received(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        day = self.date_in_days(-40)
        attempts.record_desk_payment(order, "cash", Decimal(70), by=self.ada, received_on=day)
        [row] = self.rows(since=day.isoformat(), until=day.isoformat())
        self.assertEqual((row["date"], row["method"]), (day.isoformat(), "cash"))

    def test_page_shows_totals_and_links_to_the_file(self) -> None:
        self.pay_order(self.place_new_order(1))
        page = self.client.get(reverse("desk_ledger"), ANY_DAY)
        self.assertContains(page, "$70.00")
        self.assertContains(page, "desk/books/download/?since=2020-01-01")
        self.assertEqual(
            self.client.get(reverse("desk_ledger"), {"since": "2026-02-02", "until": "2026-02-01"}).status_code, 400
        )

    def test_file_needs_the_same_number_of_queries_for_any_number_of_rows(self) -> None:
        def buy(count: int) -> None:
            for _ in range(count):
                self.pay_order(self.place_new_order(1))

        buy(1)
        with self.assertNumQueries(5):
            list(ledger_export.ledger_rows(all_days()))
        buy(29)
        with self.assertNumQueries(5):
            list(ledger_export.ledger_rows(all_days()))
