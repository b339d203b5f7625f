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
    override_terms: bool = False
    """The school decided the share, so it also applies to the lines that were replaced."""


def settle_price_reduction(order: Order, line: OrderLine, share: Decimal) -> Decimal:
    """Price the rest of the order again and return the refund: the given share of the difference.

    The line retains the rest of the difference. The same share of the spent credit is returned as credit. The caller
    has locked the order.
    """
    moment = order.paid_at or order.created_at
    release_unneeded_credit(order, moment, share)
    surplus = max(order.amount_charged - amount_kept(order) - balances.price_at(order, moment).total, ZERO)
    refunded = percent_of(surplus, share, order.currency)
    line.retained += surplus - refunded
    line.save(update_fields=["retained"])
    order.amount_charged -= refunded
    order.save(update_fields=["amount_charged"])
    return refunded


def amount_kept(order: Order) -> Decimal:
    return sum((each.retained for each in order.lines.all()), ZERO)


def release_unneeded_credit(order: Order, moment: datetime, share: Decimal) -> None:
    """Return the same share of the credit that the remaining lines do not need. The rest is kept."""
    price_request = balances.price_request_for(order, moment)
    surplus = price_request.credit - quotes.compute_price(price_request).credit
    refunded = credit.return_spent_credit(order, percent_of(surplus, share, order.currency))
    order.credit_retained += surplus - refunded
    order.save(update_fields=["credit_retained"])


def pay_out_refund(order: Order, amount: Decimal, refund_terms: RefundTerms) -> None:
    """Raises RefundRefused."""
    if refund_terms.as_credit and order.payer is not None:
        reservations.return_as_credit(order, amount, refund_terms.why, refund_terms.by)
    elif amount > 0:
        reservations.reserve_refund(order, amount, why=refund_terms.why, by=refund_terms.by)
