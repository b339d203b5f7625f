"""Refunds when a line of a paid order becomes cheaper: the amount, and the way it is returned."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.domain.pricing import balances, credit, quotes
from billing.domain.refunds import reservations
from billing.models import Order, OrderLine
from common.money import ZERO, percent_of
from users.models import User


@dataclass(frozen=True)
class RefundTerms:
    """The percentage of the surplus that is returned, and how it is returned."""

    share: Decimal
    why: str
    by: User | None = None
    as_credit: bool = False
    even_so: bool = False
    """Said by the school, whatever was promised."""


def settle_price_reduction(order: Order, line: OrderLine, share: Decimal) -> Decimal:
    """The rest is priced again; of the difference this many percent go back, and the line keeps what does not.

    Returns the money; credit that was spent comes back as credit by the same share. The order is locked.
    """
    moment = order.paid_at or order.created_at
    release_unneeded_credit(order, moment, share)
    over = max(order.amount_charged - amount_kept(order) - balances.price_at(order, moment).total, ZERO)
    back = percent_of(over, share, order.currency)
    line.retained += over - back
    line.save(update_fields=["retained"])
    order.amount_charged -= back
    order.save(update_fields=["amount_charged"])
    return back


def amount_kept(order: Order) -> Decimal:
    return sum((each.retained for each in order.lines.all()), ZERO)


def release_unneeded_credit(order: Order, moment: datetime, share: Decimal) -> None:
    """Credit that the remaining lines do not need comes back by the same share; the rest is kept for good."""
    ask = balances.price_request_for(order, moment)
    over = ask.credit - quotes.compute_price(ask).credit
    back = credit.return_spent_credit(order, percent_of(over, share, order.currency))
    order.credit_retained += over - back
    order.save(update_fields=["credit_retained"])


def pay_out_refund(order: Order, amount: Decimal, back: RefundTerms) -> None:
    """Raises money_back.Refused."""
    if back.as_credit and order.payer is not None:
        reservations.return_as_credit(order, amount, back.why, back.by)
    elif amount > 0:
        reservations.reserve_refund(order, amount, why=back.why, by=back.by)
