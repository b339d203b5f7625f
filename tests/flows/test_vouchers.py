from django.urls import reverse

from billing.models import Voucher
from registrations.models import Registration
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


class VoucherFlowTest(FlowTestCase):
    def test_a_voucher_is_bought_mailed_and_pays_for_a_class(self) -> None:
        giver = Visitor().open(reverse("vouchers"))
        giver.press("Add to cart", {"gift": "100", "recipient_name": "Rae", "recipient_email": "rae@example.org"})
        giver.follow("Check out")
        self.pay(giver, payer_name="Gil Giver", payer_email="gil@example.org").sees("Thank you")
        self.run_worker()
        voucher = Voucher.objects.get()
        self.assertEqual(voucher.balance, 100)

        rae = Visitor()
        self.register(rae, self.class_offer)
        rae.press("Apply", {"code": voucher.grouped.lower()}).sees("Nothing is left to pay.")
        self.pay(rae, payer_name="Rae Ray", payer_email="rae@example.org").sees("Your order is paid in full.")
        self.assertEqual(Registration.objects.get().state, "confirmed")
        voucher.refresh_from_db()
        self.assertEqual(voucher.balance, 100 - Registration.objects.get().line.order.total)
        self.assertTrue(self.subjects_to("rae@example.org", self.run_worker()))
