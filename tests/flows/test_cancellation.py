from decimal import Decimal

from django.urls import reverse

from billing.models import Order, Payment
from registrations.models import Registration
from tests.classwork.cancellation_terms import usual
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class CancelingFlowTest(FlowTestCase):
    def setUp(self) -> None:
        usual()
        self.alice_browser = Visitor(self.alice)
        self.buy(self.alice_browser, self.class_offer)
        self.run_worker()

    def test_a_student_cancels_and_is_refunded_to_the_payment_method(self) -> None:
        paid = Payment.objects.get().captured_amount
        self.alice_browser.open(reverse("my_classes")).follow("Cancel this class")
        self.assertEqual(Registration.objects.get().state, "confirmed")
        self.alice_browser.press("Yes, cancel")
        self.assertEqual(Registration.objects.get().state, "canceled")

        mails = self.run_worker()
        payment = Payment.objects.get()
        self.assertEqual((payment.refundable_amount, payment.refunds.get().amount), (0, paid))
        self.assertTrue(self.subjects_to(self.alice.email, mails))
        self.alice_browser.open(Order.objects.get().address()).sees("Refunded")

    def test_the_school_cancels_a_day_and_refunds_its_share(self) -> None:
        day = self.class_offer.meetings.get(number=2)
        ada = self.desk().follow("Cancel classes")
        ada.open(f"{reverse('desk_cancel_classes')}?class={self.class_offer.pk}")
        ada.press("Next: compensation", {"meeting": [str(day.pk)]})
        ada.press("Next: preview", {"policy": "refund"}).sees("Alice Arden", "Nothing has been canceled yet.")
        ada.press("Cancel 1 class day", {"why": "Snow"})
        day.refresh_from_db()
        self.assertIsNotNone(day.canceled_at)

        mails = self.run_worker()
        refunded = sum(refund.amount for refund in Payment.objects.get().refunds.all())
        share = Payment.objects.get().total / self.class_offer.meetings.count()
        self.assertAlmostEqual(refunded, share, delta=Decimal("0.01"))
        self.assertTrue(any("Snow" in str(message.body) for message in mails if message.to == [self.alice.email]))
        self.alice_browser.open(self.class_offer.get_absolute_url()).sees("Canceled Snow")
