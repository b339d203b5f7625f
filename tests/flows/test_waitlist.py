from django.urls import reverse

from registrations.models import Registration
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class WaitlistFlowTest(FlowTestCase):
    def test_a_freed_spot_is_offered_by_mail_and_taken(self) -> None:
        alice, zoe = self.fill_class_and_join_waitlist()
        self.assertEqual(len(self.subjects_to("zoe@example.org", self.run_worker())), 1)

        alice.open(reverse("my_classes")).follow("Cancel this class").press("Yes, cancel")
        offer_mail = next(message for message in self.run_worker() if message.to == ["zoe@example.org"])
        Visitor().open(self.class_offer.get_absolute_url()).sees("Join the waitlist")

        zoe.open(self.link_in(offer_mail, "/waiting/")).sees("A spot is reserved for you until")
        zoe.press("Claim your spot")
        self.pay(zoe, payer_name="Zoe Zed", payer_email="zoe@example.org").sees("Thank you")
        registration = Registration.objects.get(state="confirmed")
        self.assertEqual(str(registration.student), "Zoe Zed")
        self.assertIn("zoe@example.org", [to for message in self.run_worker() for to in message.to])
