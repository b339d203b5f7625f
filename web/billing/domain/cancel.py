"""Cancelling lines of a placed or paid order: the rest is priced again by the rules and prices of the purchase."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing import events, kinds
from billing.domain import credit, ledger, locks, money_back, orders, pricing, terms
from billing.kinds import ZERO
from billing.models import Order, OrderLine
from common.money import percentage
from history.domain import record
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
) -> Decimal:
    """Let one line go and give back the difference after its terms, or `percent_back` where the school says so.

    Returns the money that goes back; credit that was spent comes back as credit by the same share.
    """
    order = locks.order(line.order_id)
    line = order.lines.get(pk=line.pk)
    if line.cancelled_at is not None:
        return ZERO
    if order.state not in (Order.State.PLACED, Order.State.PAID):
        raise orders.CannotBe("This order is closed already.")
    kind = kinds.of(line)
    share = terms.sold(line, at).at(at).percent if percent_back is None else percent_back
    line.cancelled_at = at
    line.save(update_fields=["cancelled_at"])
    kind.release(line, why)
    back = _after_paid(order, line, share) if order.state == Order.State.PAID else _after_placed(order, at, why)
    if back:
        _give(order, back, why, by, as_credit)
    if by is not None:
        record(by, "billing.line_cancelled", order, why=why, line=line.pk, back=str(back), as_credit=as_credit)
    emit(events.LINE_CANCELLED, key=f"{line.pk}", order_id=order.pk, line_id=line.pk)
    return back


def _after_placed(order: Order, at: datetime, why: str) -> Decimal:
    """Nothing is owed for it any more; the last line takes the order with it."""
    if not locks.live_lines(order):
        orders.cancel(order, at=at, why=why)
        return ZERO
    _free_credit(order, order.placed_at or at, Decimal(100))
    orders.quote_again(order)
    if ledger.in_hand(order) >= ledger.price_at(order, at).total:
        orders.pay_off(order, at)
    return max(ledger.surplus(order), ZERO) if order.state == Order.State.PAID else ZERO


def _after_paid(order: Order, line: OrderLine, share: Decimal) -> Decimal:
    moment = order.paid_at or order.created_at
    _free_credit(order, moment, share)
    fees = sum((each.kept for each in order.lines.all()), ZERO)
    over = max(order.charged - fees - ledger.price_at(order, moment).total, ZERO)
    back = percentage(over, share, order.currency)
    line.kept = over - back
    line.save(update_fields=["kept"])
    order.charged -= back
    order.save(update_fields=["charged"])
    return back


def _free_credit(order: Order, moment: datetime, share: Decimal) -> None:
    """Credit that the remaining lines do not need comes back by the same share; the rest is kept for good."""
    ask = ledger.ask_for(order, moment)
    over = ask.credit - pricing.price(ask).credit
    back = credit.give_back(order, percentage(over, share, order.currency))
    order.credit_kept += over - back
    order.save(update_fields=["credit_kept"])


def _give(order: Order, amount: Decimal, why: str, by: User | None, as_credit: bool) -> None:
    if as_credit and order.payer is not None:
        money_back.as_credit(order, amount, why, by)
        return
    try:
        money_back.reserve(order, amount, why=why, by=by)
    except money_back.Disputed as refused:
        raise orders.CannotBe(str(refused)) from refused
