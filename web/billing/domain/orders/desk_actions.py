from dataclasses import dataclass
from decimal import Decimal

from billing.models import Order


@dataclass(frozen=True)
class DeskActions:
    """The actions that fit the state of an order. What a person may do depends on their permissions, too."""

    take_payment: bool
    use_voucher: bool
    request_payment: bool
    refund: bool
    cancel: bool
    cancel_items: bool


def desk_actions(order: Order, *, has_expired: bool, owed: Decimal, received: Decimal) -> DeskActions:
    placed, paid = order.state == Order.State.PLACED, order.state == Order.State.PAID
    can_be_paid_now = bool(owed) and not has_expired
    return DeskActions(
        take_payment=placed or has_expired,
        use_voucher=can_be_paid_now,
        request_payment=can_be_paid_now and bool(order.payer_email),
        refund=bool(received) and not placed,
        cancel=placed,
        cancel_items=paid or (placed and not has_expired),
    )
