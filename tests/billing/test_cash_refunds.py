"""Cash refunds are to be picked up until the desk has recorded the handover."""

from decimal import Decimal

from django.core import mail
from django.http import HttpResponse
from django.urls import reverse

from accounting.domain import day_sheet
from billing.domain.payments import attempts
from billing.models import Order, PaymentIssue, Refund
from common import dates
from history.models import Entry
from mailroom.testing import send_all
from outbox.testing import run_all
from tests.billing.base import BillingTestCase


class CashRefundTest(BillingTestCase):
    def place_and_cancel(self, variant: str = "cash") -> Order:
        """Place an order, record its payment at the desk and cancel it as the payer."""
        order = self.place_new_order(1, due=Order.Due.DOOR)
        attempts.record_desk_payment(
            order, variant, Decimal(70), by=self.ash, received_on=dates.to_local_time(self.now).date()
        )
        page = self.client.get(order.cancel_address)
        seen = {"seen": page.context["quotes"][0].fingerprint, "canceled_by": page.context["quotes"][0].option.by}
        self.answer = self.client.post(order.cancel_address, seen, follow=True)
        order.refresh_from_db()
        return order

    def hand_over(self) -> HttpResponse:
        return self.client.post(reverse("desk_refund_handed_over", args=[Refund.objects.get().pk]), follow=True)

    def test_payer_of_a_canceled_cash_order_is_told_to_pick_up_the_refund(self) -> None:
        order = self.place_and_cancel()
        for page in (self.answer, self.client.get(order.address())):
            self.assertContains(page, "Pick up your $70.00 at the desk.")
            self.assertNotContains(page, "$70.00 refunded")
        run_all()
        send_all()
        self.assertIn("Pick up your $70.00 at the desk.", mail.outbox[-1].body)

    def test_check_refund_is_picked_up_and_bank_transfer_refund_is_sent(self) -> None:
        self.assertContains(
            self.client.get(self.place_and_cancel("cheque").address()), "Pick up your $70.00 at the desk."
        )
        page = self.client.get(self.place_and_cancel("transfer").address())
        self.assertNotContains(page, "Pick up")
        self.assertContains(page, "We’ll send you $70.00 by bank transfer.")

    def test_desk_order_has_a_handover_button_and_a_double_click_records_one_handover(self) -> None:
        order = self.place_and_cancel()
        run_all()
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_order", args=[order.pk]))
        self.assertContains(page, "To be picked up")
        self.assertContains(page, "Record cash handed over")
        answers = [self.hand_over() for _ in range(2)]
        self.assertContains(answers[0], "Handover of $70.00 recorded.")
        self.assertContains(answers[1], "This handover was already recorded.")
        self.assertNotContains(answers[1], "Record cash handed over")
        self.assertEqual(Entry.objects.filter(action="billing.refund_handed_over").count(), 1)
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())

    def test_desk_refund_asks_staff_to_record_the_handover(self) -> None:
        order = self.place_new_order(1, due=Order.Due.DOOR)
        day = dates.to_local_time(self.now).date()
        attempts.record_desk_payment(order, "cash", Decimal(70), by=self.ash, received_on=day)
        self.log_in(self.ada)
        refund_form = {"amount": 5, "why": "Cold"}
        page = self.client.post(reverse("desk_refund", args=[order.pk]), refund_form, follow=True)
        self.assertContains(page, "Record the handover of $5.00 on the order once it is done.")
        self.assertNotContains(page, "Pick up your")

    def test_cash_can_be_handed_over_before_the_background_job_has_run(self) -> None:
        """The background worker runs only after the handover was recorded."""
        self.place_and_cancel()
        self.log_in(self.ada)
        self.assertContains(self.hand_over(), "Handover of $70.00 recorded.")
        run_all()
        self.assertEqual(Refund.objects.get().state, Refund.State.DONE)
        self.assertFalse(PaymentIssue.objects.filter(closed_at=None).exists())

    def test_payment_issue_cannot_be_closed_in_place_of_recording_the_handover(self) -> None:
        self.place_and_cancel()
        run_all()
        self.log_in(self.ada)
        case = PaymentIssue.objects.get(kind=PaymentIssue.Kind.HAND_BACK)
        page = self.client.post(reverse("desk_close_payment_issue", args=[case.pk]), {"answer": "Done"}, follow=True)
        self.assertContains(page, "Record the handover on the order")
        self.assertTrue(PaymentIssue.objects.filter(pk=case.pk, closed_at=None).exists())

    def test_payment_issue_shows_the_handover_button_instead_of_a_resolution(self) -> None:
        order = self.place_and_cancel()
        run_all()
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_payment_issues"))
        self.assertContains(page, "Record cash handed over")
        self.assertContains(page, reverse("desk_refund_handed_over", args=[Refund.objects.get().pk]))
        self.assertNotContains(page, "Resolution")
        self.hand_over()
        self.assertNotContains(self.client.get(reverse("desk_payment_issues")), f"Order {order.pk}")

    def test_daily_cash_count_includes_the_refund_once_it_is_handed_over(self) -> None:
        self.place_and_cancel()
        run_all()
        [drawer] = day_sheet.drawers_of_day(dates.local_today())
        self.assertEqual(drawer.expected, 70)
        self.log_in(self.ada)
        self.hand_over()
        [drawer] = day_sheet.drawers_of_day(dates.local_today())
        self.assertEqual((drawer.expected, drawer.entries[-1].by), (0, str(self.ada)))

    def test_page_and_mail_say_that_the_refund_was_handed_over(self) -> None:
        order = self.place_and_cancel()
        run_all()
        self.log_in(self.ada)
        self.hand_over()
        page = self.client.get(order.address())
        self.assertNotContains(page, "Pick up your")
        self.assertContains(page, "$70.00 refunded")
        run_all()
        send_all()
        self.assertIn("We gave you $70.00 back for order", mail.outbox[-1].body)

    def refund_at_the_desk(self, amount: int = 5, variant: str = "cash") -> Order:
        """Refund as goodwill, without canceling anything."""
        order = self.place_new_order(1, due=Order.Due.DOOR, payer=self.alice)
        attempts.record_desk_payment(
            order, variant, Decimal(70), by=self.ash, received_on=dates.to_local_time(self.now).date()
        )
        self.log_in(self.ada)
        self.client.post(reverse("desk_refund", args=[order.pk]), {"amount": amount, "why": "Cold"})
        return order

    def badges(self) -> list[str]:
        """Return the badge of the order in the payer's list, in the list at the desk and in the admin."""
        self.log_in(self.alice)
        pages = [self.client.get(reverse("my_orders"))]
        self.log_in(self.ada)
        pages += [self.client.get(path) for path in (reverse("desk_orders"), "/admin/billing/order/")]
        labels = ("Partially refunded", "Refunded", "Refund to pick up", "Refund to be transferred")
        return [next(text for text in labels if f">{text}<" in page.content.decode()) for page in pages]

    def test_order_lists_show_refund_to_pick_up_until_it_is_handed_over(self) -> None:
        self.refund_at_the_desk(70)
        self.assertEqual(self.badges(), ["Refund to pick up"] * 3)
        self.hand_over()
        self.assertEqual(self.badges(), ["Refunded"] * 3)

    def payment_badges(self, order: Order) -> list[str]:
        """Return the badge of the payment on the page of its order and in the list of payments."""
        pages = [self.client.get(path) for path in (reverse("desk_order", args=[order.pk]), reverse("desk_payments"))]
        labels = ("Partially refunded", "Refund to pick up", "Refund to be transferred")
        cells = [page.content.decode().rpartition('data-label="Method"')[2].partition("</tr>")[0] for page in pages]
        return [next((text for text in labels if f">{text}<" in cell), "Refunded") for cell in cells]

    def test_fully_refunded_payment_is_never_shown_as_partially_refunded(self) -> None:
        order = self.refund_at_the_desk(70)
        self.assertEqual(self.payment_badges(order), ["Refund to pick up"] * 2)
        self.assertContains(self.client.get(reverse("desk_order", args=[order.pk])), ">To be picked up<")
        self.hand_over()
        self.assertEqual(self.payment_badges(order), ["Refunded"] * 2)

    def test_payment_is_shown_as_partially_refunded_once_the_cash_was_handed_over(self) -> None:
        order = self.refund_at_the_desk(5)
        self.assertEqual(self.payment_badges(order), ["Refund to pick up"] * 2)
        self.hand_over()
        self.assertEqual(self.payment_badges(order), ["Partially refunded"] * 2)

    def test_order_lists_show_a_partial_refund_to_pick_up_until_it_is_handed_over(self) -> None:
        self.refund_at_the_desk(5)
        self.assertEqual(self.badges(), ["Refund to pick up"] * 3)
        self.hand_over()
        self.assertEqual(self.badges(), ["Partially refunded"] * 3)

    def test_order_lists_show_a_refund_to_be_transferred(self) -> None:
        self.refund_at_the_desk(70, "transfer")
        self.assertEqual(self.badges(), ["Refund to be transferred"] * 3)

    def subjects(self) -> list[str]:
        run_all()
        send_all()
        return [message.subject for message in mail.outbox if message.subject.startswith("Refund of")]

    def test_desk_refund_is_mailed_when_ready_to_pick_up_and_again_when_handed_over(self) -> None:
        order = self.refund_at_the_desk()
        self.assertEqual(self.subjects(), [f"Refund of $5.00 for order {order.number} is ready to pick up"])
        self.assertIn("Pick up your $5.00 at the desk.", mail.outbox[-1].body)
        self.hand_over()
        self.assertEqual(self.subjects()[1:], ["Refund of $5.00"])

    def test_desk_refund_that_is_handed_over_immediately_is_mailed_once(self) -> None:
        self.refund_at_the_desk()
        self.hand_over()
        self.assertEqual(self.subjects(), ["Refund of $5.00"])

    def test_canceled_order_sends_no_separate_ready_to_pick_up_mail(self) -> None:
        self.place_and_cancel()
        self.assertEqual(self.subjects(), [])
