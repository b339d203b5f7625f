from billing.models import Order
from registrations.models import Registration
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class RegisteringFlowTest(FlowTestCase):
    def test_a_stranger_finds_a_class_registers_pays_and_is_mailed(self) -> None:
        pat = Visitor().open("/").follow("Classes").follow(self.class_offer.subject.title)
        self.register(pat, self.class_offer)
        self.assertFalse(Registration.objects.exists())
        self.pay(pat).sees("Thank you")
        registration = Registration.objects.get()
        self.assertEqual((registration.state, str(registration.student)), ("confirmed", "Pat Payer"))
        self.assertEqual(Order.objects.get().state, "paid")

        mails = self.run_worker()
        self.assertEqual(len(self.subjects_to("pat@example.org", mails)), 2)
        receipt = next(message for message in mails if "/order/" in message.body)
        Visitor().open(self.link_in(receipt, "/order/")).sees(self.class_offer.subject.title, "Paid")

    def test_a_declined_payment_keeps_the_spot_and_can_be_tried_again(self) -> None:
        pat = Visitor()
        self.pay(self.register(pat, self.class_offer), "practice-declined").sees("didn’t go through")
        self.assertEqual(Registration.objects.get().state, "held")
        pat.press("Practice payment (no real money)").sees("Thank you")
        self.assertEqual(Registration.objects.get().state, "confirmed")
