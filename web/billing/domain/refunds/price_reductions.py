"""Refunds when a line of a paid order becomes cheaper: the amount, and the way it is returned."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.domain.pricing import balances, credit, quotes
from billing.domain.refunds import reservations
from billing.kinds import ZERO
from billing.models import Order, OrderLine
from common.money import percentage
from users.models import User


@dataclass(frozen=True)
class Back:
    """The percentage of the surplus that is returned, and how it is returned."""

    share: Decimal
    why: str
    by: User | None = None
    as_credit: bool = False
    even_so: bool = False
    """Said by the school, whatever was promised."""


def settle(order: Order, line: OrderLine, share: Decimal) -> Decimal:
    """The rest is priced again; of the difference this many percent go back, and the line keeps what does not.

    Returns the money; credit that was spent comes back as credit by the same share. The order is locked.
    """
    moment = order.paid_at or order.created_at
    free_credit(order, moment, share)
    over = max(order.charged - kept(order) - balances.price_at(order, moment).total, ZERO)
    back = percentage(over, share, order.currency)
    line.kept += over - back
    line.save(update_fields=["kept"])
    order.charged -= back
    order.save(update_fields=["charged"])
    return back


def kept(order: Order) -> Decimal:
    return sum((each.kept for each in order.lines.all()), ZERO)


def free_credit(order: Order, moment: datetime, share: Decimal) -> None:
    """Credit that the remaining lines do not need comes back by the same share; the rest is kept for good."""
    ask = balances.ask_for(order, moment)
    over = ask.credit - quotes.price(ask).credit
    back = credit.give_back(order, percentage(over, share, order.currency))
    order.credit_kept += over - back
    order.save(update_fields=["credit_kept"])


def give(order: Order, amount: Decimal, back: Back) -> None:
    """Raises money_back.Refused."""
    if back.as_credit and order.payer is not None:
        reservations.as_credit(order, amount, back.why, back.by)
    elif amount > 0:
        reservations.reserve(order, amount, why=back.why, by=back.by)
