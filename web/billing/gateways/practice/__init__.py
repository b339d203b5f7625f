"""The practice gateway takes no money, and asks nothing. It is for development and for trying out the site."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from payments import PaymentStatus, RedirectNeeded

from billing.gateways import Gateway
from billing.gateways.facts import RefundAnswer
from billing.models import Payment, Refund
from billing.models.payments import OPEN


class Practice(Gateway):
    label = "Practice payment (no real money)"

    def __init__(self, declines: bool = False) -> None:
        super().__init__()
        self.declines = declines
        if declines:
            self.label = "Practice payment that is declined"

    def get_form(self, payment: Payment, data: Mapping[str, Any] | None = None) -> None:
        if payment.status in OPEN:
            status, message = PaymentStatus.CONFIRMED, ""
            if self.declines:
                status, message = PaymentStatus.REJECTED, "The practice bank declined."
            payment.change_status(status, message, only_open=True)
        raise RedirectNeeded(self.redirect_after_payment(payment).url)

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        return RefundAnswer(Refund.State.DONE, reference=f"practice-{key}")
