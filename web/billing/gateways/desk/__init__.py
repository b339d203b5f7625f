"""The gateway for cash, checks and bank transfers, which a person records and refunds."""

from decimal import Decimal

from billing.gateways import Gateway
from billing.gateways.facts import RefundAnswer
from billing.models import Payment, Refund


class Desk(Gateway):
    by_hand = True

    def __init__(self, label: str, *, picked_up: bool = True) -> None:
        super().__init__()
        self.label, self.picked_up = label, picked_up

    def refund(self, payment: Payment, amount: Decimal | None = None, *, key: str = "") -> RefundAnswer:
        return RefundAnswer(Refund.State.SENT)
