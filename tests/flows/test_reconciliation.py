from datetime import timedelta

from django.urls import reverse

from accounting.models import Reconciliation
from billing.domain.payments import attempts
from billing.models import Order
from common import dates
from registrations.models import Registration
from tests.billing import scripted_gateway
from tests.billing.scripted_gateway import ScriptedGateway, gateway_line, with_scripted_gateway
from tests.flows.base import FlowTestCase
from tests.flows.visitor import Visitor


@with_scripted_gateway
class ReconciliationFlowTest(FlowTestCase):
    def setUp(self) -> None:
        scripted_gateway.reset_gateway()

    def test_a_payment_that_only_the_gateway_knows_is_found_and_applied(self) -> None:
        self.pay(self.register(Visitor(), self.class_offer), "practice-declined")
        order = Order.objects.get()
        payment = attempts.start_attempt(order, scripted_gateway.NAME, order.placed_at)
        day = dates.local_today() - timedelta(days=2)
        ScriptedGateway.theirs.append(gateway_line(payment, at=dates.local_moment(day, self.class_offer.start_time)))

        ada = self.desk().follow("Reconciliation")
        ada.press("Compare", {"since": day.isoformat(), "until": day.isoformat()})
        self.run_worker()
        run = Reconciliation.objects.get()
        ada.open(reverse("desk_reconciliation", args=[run.pk])).sees("Only in theirs")
        ada.press("Apply to our records", {"why": "The webhook never came"}).sees("Applied to our records")

        order.refresh_from_db()
        self.assertEqual((order.state, Registration.objects.get().state), ("paid", "confirmed"))
        self.run_worker()
        ada.open(reverse("desk_order", args=[order.pk])).sees("Paid")
        ada.open(reverse("desk_reconciliations")).sees("None")
