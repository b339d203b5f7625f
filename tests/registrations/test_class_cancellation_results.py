"""After a cancellation, the ledger and the result page at the desk show what the preview promised."""

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import Sum
from django.test import override_settings, tag

from billing.domain.orders import cart as carts
from billing.domain.orders.amounts import summarize_amounts
from billing.domain.payments import attempts
from billing.domain.pricing import balances, credit
from billing.domain.refunds import handovers, reservations
from billing.domain.vouchers import office
from billing.models import Credit, Order, Payment, Refund
from classwork.models import Subject
from common import dates
from outbox.testing import run_all
from registrations.domain.attendees import TypedPerson
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation, CompensationPolicy
from tests import factories
from tests.registrations.class_cancellations import ZERO, CancellationResultTest
from tests.registrations.purchases import cart, me, other, place, register_at_desk
from users.models import Student, User


class LedgerTest(CancellationResultTest):
    def owed(self) -> Decimal:
        return sum((balances.open_balance(order, self.now) for order in Order.objects.all()), ZERO)

    def entries(self, reason: str) -> Decimal:
        return Credit.objects.filter(reason=reason).aggregate(sum=Sum("amount"))["sum"] or ZERO

    def assertLedgerIsQuote(self, request: CancellationRequest) -> None:
        before = self.owed()
        plan, cancellation = self.cancel(request)
        (totals,) = plan.totals
        booked = {
            "refund": Refund.objects.aggregate(sum=Sum("amount"))["sum"],
            "new_credit": self.entries("instead"),
            "old_credit": self.entries("returned"),
            "waived": before - self.owed(),
        }
        self.assertEqual({name: getattr(totals, name) for name in booked}, booked)
        self.assertEqual(sum(one.no_longer_due for one in cancellation.compensations.all()), totals.waived)

    def test_student_registered_at_the_desk_gets_credit_when_they_have_an_account(self) -> None:
        User.objects.filter(pk__in=[self.alice.pk, self.gus.pk]).update(email_confirmed_at=self.now)
        for account, person in (
            (self.alice, TypedPerson("Alice", "Arden", self.alice.email)),
            (self.gus, Student.objects.get(pk=self.kit.pk)),
            (None, TypedPerson("Nora", "New", "nora@example.org")),
        ):
            order = register_at_desk(self.ada, self.class_offer, person)
            attempts.record_desk_payment(
                order,
                "cash",
                balances.open_balance(order, self.now),
                by=self.ada,
                received_on=dates.to_local_time(self.now).date(),
            )
            self.assertEqual(order.payer, account)
        self.cancel(self.whole(CompensationPolicy.CREDIT))
        for account in (self.alice, self.gus):
            self.assertEqual(credit.credit_balance(account, "USD"), Decimal(65))
        self.assertEqual(sum(refund.amount for refund in Refund.objects.all()), 65)

    def test_amount_no_longer_due_at_the_door_matches_the_balance_on_the_order_page(self) -> None:
        Subject.objects.update(pre_pay_discount=5)
        whole, part = self.ordered("Una"), self.paid_by_hand("Pat", 20)
        due = {order.pk: summarize_amounts(order, self.now).balance for order in (whole, part)}
        self.assertEqual(due, {whole.pk: Decimal(65), part.pk: Decimal(45)})
        plan, _ = self.cancel(self.whole(CompensationPolicy.REFUND))
        (totals,) = plan.totals
        self.assertEqual((totals.waived, totals.refund), (Decimal(110), Decimal(20)))
        for order in (whole, part):
            order.refresh_from_db()
            self.assertEqual(summarize_amounts(order, self.now).balance, 0)

    def test_previewed_totals_match_the_ledger_for_refunds(self) -> None:
        self.everybody()
        self.assertLedgerIsQuote(self.whole(CompensationPolicy.REFUND))

    def test_previewed_totals_match_the_ledger_for_credit(self) -> None:
        self.everybody()
        self.assertLedgerIsQuote(self.whole(CompensationPolicy.CREDIT))

    def test_previewed_totals_match_the_ledger_for_one_day(self) -> None:
        self.everybody()
        day = self.class_offer.meetings.get(number=2).pk
        self.assertLedgerIsQuote(CancellationRequest(CompensationPolicy.CREDIT, frozenset([day])))

    @override_settings(LATE_PAYMENT="credit")
    def test_partial_payment_is_compensated_as_chosen_and_not_by_the_late_payment_setting(self) -> None:
        self.paid_by_hand("Sam", 20, payer=self.sam)
        self.assertLedgerIsQuote(self.whole(CompensationPolicy.REFUND))
        self.assertEqual(Refund.objects.get().amount, 20)

    def test_voucher_on_an_unpaid_order_is_returned_before_the_rest_is_waived(self) -> None:
        other_class = factories.create_class_offer(
            self.session, factories.create_subject("L2"), class_day=2, price=Decimal(65)
        )
        voucher = office.issue_free_voucher(Decimal(65), None, {}, why="A prize", by=self.ada)
        order = cart((self.class_offer, me()), (other_class, other("Kim")), name="Val", email="val@example.org")
        carts.enter_code_or_voucher(order, voucher.grouped, self.now)
        place(order, Order.Due.DOOR)
        self.assertLedgerIsQuote(self.whole(CompensationPolicy.REFUND))


class ResultPageTest(CancellationResultTest):
    def setUp(self) -> None:
        super().setUp()
        self.log_in(self.ada)

    def rows(self, cancellation: ClassCancellation) -> Mapping[int, str]:
        """Return the outcome that the page shows for the student of each order."""
        page = self.client.get(cancellation.get_absolute_url())
        return {row.order.pk: str(row) for row in page.context["rows"]}

    def test_result_page_shows_what_happened_instead_of_what_was_chosen(self) -> None:
        orders = self.everybody()
        _, cancellation = self.cancel(self.whole(CompensationPolicy.CREDIT))
        rows = self.rows(cancellation)
        outcomes = {name: rows[order.pk] for name, order in orders.items()}
        price = "$65.00"
        self.assertEqual(
            outcomes,
            {
                "account": "$55.00 credited; $10.00 of credit returned",
                "card": f"{price} refunded",
                "cash": f"{price} to hand over in cash",
                "account and cash": f"{price} credited",
                "unpaid": f"{price} no longer due",
                "part": "$20.00 to hand over in cash; $45.00 no longer due",
                "account and part": "$20.00 credited; $45.00 no longer due",
                "voucher": f"{price} back on the gift voucher",
                "part by voucher": "$20.00 back on the gift voucher; $45.00 no longer due",
            },
        )

    def test_totals_match_the_preview(self) -> None:
        self.everybody()
        plan, cancellation = self.cancel(self.whole(CompensationPolicy.CREDIT))
        sentence = "Total: $235.00 refunded, $150.00 credited, $200.00 no longer due"
        self.assertEqual([totals.sentence for totals in plan.totals], [sentence])
        self.assertContains(self.client.get(cancellation.get_absolute_url()), sentence)

    def test_cash_refund_links_to_the_order_until_the_desk_confirms_it(self) -> None:
        order = self.paid_by_hand("Cash")
        _, cancellation = self.cancel(self.whole(CompensationPolicy.REFUND))
        run_all()
        address = cancellation.get_absolute_url()
        self.assertContains(self.client.get(address), "$65.00 to hand over in cash")
        self.assertContains(self.client.get(address), f"/desk/orders/{order.pk}/")
        handovers.record_handover(Refund.objects.get().pk, self.ada)
        self.assertContains(self.client.get(address), "$65.00 handed over in cash")

    def test_replacement_days_are_listed(self) -> None:
        self.paid_by_card("Carl")
        day = self.class_offer.meetings.get(number=2).pk
        _, cancellation = self.cancel(CancellationRequest(CompensationPolicy.NOTHING, frozenset([day])))
        self.assertContains(self.client.get(cancellation.get_absolute_url()), "No compensation")

    @tag("rows")
    def test_result_page_runs_the_same_queries_for_thirty_registrations(self) -> None:
        cancellation = ClassCancellation.objects.create(
            policy=CompensationPolicy.REFUND, reason="Snow", canceled_at=self.now
        )

        def rows(count: int) -> None:
            for _ in range(count):
                order = self.paid_by_hand(f"N{Payment.objects.count()}")
                day = order.lines.get().registrations.get()
                refund = reservations.reserve_refund(order, Decimal(5), why="Snow")
                made = cancellation.compensations.create(
                    registration=day,
                    policy="refund",
                    meetings=1,
                    purchased_meetings=4,
                    total_cost=65,
                    amount=5,
                    by_hand=5,
                )
                made.refunds.set(refund)

        self.assertSameQueries(cancellation.get_absolute_url(), rows, exactly=11)
