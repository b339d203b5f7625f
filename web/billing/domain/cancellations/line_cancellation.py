"""Canceling lines of a placed or paid order: the rest is priced again by the rules and prices of the purchase."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing import events
from billing.domain import locks, product_kinds
from billing.domain.orders import transitions
from billing.domain.pricing import balances
from billing.domain.refunds import exchanges, price_reductions, reservations, terms
from billing.errors import OrderTransitionRefused, RefundRefused
from billing.models import Order, OrderLine
from common.money import ZERO
from history.domain import record_action
from outbox.domain import emit
from users.models import User


@transaction.atomic
def cancel_line(
    line: OrderLine,
    *,
    at: datetime,
    why: str,
    by: User | None = None,
    as_credit: bool = False,
    percent_back: Decimal | None = None,
    override_terms: bool = True,
) -> Decimal:
    """Cancel one line and refund the difference under its terms, or by `percent_back` if staff set it.

    With `override_terms`, the percentage also applies to the lines that it replaced, regardless of their terms. Returns
    the amount that is refunded. The same share of the spent credit is returned as credit.
    """
    order = locks.lock_order(line.order_id)
    line = order.lines.get(pk=line.pk)
    if line.canceled_at is not None:
        return ZERO
    if order.state not in (Order.State.PLACED, Order.State.PAID):
        raise OrderTransitionRefused("This order is closed already.")
    if reason := line.given_away(at):
        raise OrderTransitionRefused(reason)
    kind = product_kinds.kind_of_line(line)
    kind.lock_refundable(line)
    share = terms.terms_sold(line, at).at(at).percent if percent_back is None else percent_back
    share = min(share, kind.max_refund_percent(line))
    line.canceled_at = at
    line.save(update_fields=["canceled_at"])
    kind.release(line, why)
    refund_terms = price_reductions.RefundTerms(
        share, why, by, as_credit, override_terms=override_terms and percent_back is not None
    )
    try:
        refunded = (
            price_reductions.settle_price_reduction(order, line, share)
            if order.state == Order.State.PAID
            else _release_unpaid_line(order, at, why)
        )
        price_reductions.pay_out_refund(order, refunded, refund_terms)
        refunded += exchanges.cancel_exchange(line, at, refund_terms)
    except RefundRefused as refused:
        raise OrderTransitionRefused(str(refused)) from refused
    if by is not None:
        what = {"line": line.pk, "title": line.title, "currency": order.currency}
        sums = {"back": str(refunded), "as_credit": as_credit, "percent": str(share)}
        record_action(by, "billing.line_canceled", order, why=why, **what, **sums)
    emit(events.LINE_CANCELED, key=f"{line.pk}", order_id=order.pk, line_id=line.pk)
    return refunded


def _release_unpaid_line(order: Order, at: datetime, why: str) -> Decimal:
    # The line is no longer due. Without its last line, the order is canceled.
    if not locks.live_lines(order):
        transitions.cancel_unpaid_order(order, at=at, why=why)
        return ZERO
    price_reductions.release_unneeded_credit(order, order.placed_at or at, Decimal(100))
    transitions.requote_order(order)
    reservations.return_voucher_payments(order, at, why)
    if balances.amount_available(order) >= balances.price_at(order, at).total:
        transitions.mark_paid(order, at)
    return max(balances.overpaid_amount(order), ZERO) if order.state == Order.State.PAID else ZERO
