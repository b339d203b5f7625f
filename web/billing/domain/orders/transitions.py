"""The transitions of a placed order to paid, expired or canceled, and back. Each of them locks the order."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import events
from billing.domain import locks, payment_issues, product_kinds
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges, price_reductions, reservations, terms
from billing.domain.vouchers import redemption as vouchers
from billing.errors import OrderTransitionRefused, ProductUnavailable, RefundRefused
from billing.models import Order, OrderLine, Payment, PaymentIssue
from billing.rules.terms import RefundMethod
from common.formats import format_money
from common.money import ZERO
from history.domain import record_action
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
TOO_LATE = "The payment deadline has passed."


def hold_lines(order: Order, lines: list[OrderLine], at: datetime) -> None:
    for line in lines:
        try:
            exchanges.reserve_old_line(line, at)
            product_kinds.kind_of_line(line).hold(line, order.held_until)
            if order.held_until is None:
                product_kinds.kind_of_line(line).confirm(line)
                exchanges.complete_exchange(line, at)
        except ProductUnavailable as unavailable:
            raise ProductUnavailable(f"{line.title}: {unavailable}") from unavailable


# -- placed → paid -----------------------------------------------------------------------------------------------


def mark_paid(order: Order, at: datetime) -> None:
    """Never fails, because the money has arrived: a line that cannot be confirmed opens a payment issue."""
    price = balances.price_at(order, at)
    order.state, order.paid_at, order.closed_at, order.amount_charged = State.PAID, at, None, price.total
    order.save(update_fields=["state", "paid_at", "closed_at", "amount_charged"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                product_kinds.kind_of_line(line).confirm(line)
                exchanges.complete_exchange(line, at)
        except (ProductUnavailable, product_kinds.UnknownProductKind) as unavailable:
            payment_issues.open_issue(PaymentIssue.Kind.NOT_CONFIRMED, order, f"{line.title}: {unavailable}")
    emit(events.ORDER_PAID, key=f"{order.pk}", order_id=order.pk)


def apply_payment(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    """The caller has locked the order and the payment. `paid_at` decides whether the early price applies."""
    if order.has_expired(at):
        honor_late_payment(order, payment, paid_at, at)
    elif order.state == State.PLACED and balances.amount_available(order) >= balances.price_at(order, paid_at).total:
        mark_paid(order, paid_at)
    elif order.state == State.CANCELED:
        reservations.return_late_payment(order, balances.overpaid_amount(order))
    if order.state != State.PLACED and balances.overpaid_amount(order) > 0:
        surplus = format_money(balances.overpaid_amount(order), order.currency)
        payment_issues.open_issue(PaymentIssue.Kind.OVERPAID, order, f"{surplus} more than the order costs.", payment)


def honor_late_payment(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    if order.state == State.PLACED:
        _close_order(order, State.EXPIRED, at, TOO_LATE)
        emit(events.ORDER_EXPIRED, key=f"{order.pk}", order_id=order.pk)
    honored = True
    try:
        with transaction.atomic():
            _reclaim_order(order, at)
            vouchers.pay_with_vouchers(order, at, paid_at=paid_at, strict=False)
            if balances.amount_available(order) < balances.price_at(order, paid_at).total:
                raise OrderTransitionRefused("The money received doesn’t cover the rest of the order.")
            mark_paid(order, paid_at)
    except OrderTransitionRefused:
        order.refresh_from_db()
        honored = False
    # The setting LATE_PAYMENT decides how the rest is returned.
    reservations.return_late_payment(order, balances.overpaid_amount(order))
    emit(events.LATE_PAYMENT_RECEIVED, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk, honored=honored)


# -- expired → placed --------------------------------------------------------------------------------------------


@transaction.atomic
def reinstate_order(order: Order, at: datetime, *, accept_changes: bool = False) -> Order:
    """Reserves the spots of an expired order again, without a time limit.

    Raises OrderTransitionRefused if the price or anything else has changed, unless `accept_changes`.
    """
    order = locks.lock_order(order.pk)
    if order.state == State.PLACED and order.has_expired(at):
        _close_order(order, State.EXPIRED, at, TOO_LATE)
        emit(events.ORDER_EXPIRED, key=f"{order.pk}", order_id=order.pk)
    if order.state != State.EXPIRED:
        raise OrderTransitionRefused("Only an expired order can be restored.")
    changed = _reclaim_order(order, at)
    if changed and not accept_changes:
        price = format_money(balances.price_at(order, at).total, order.currency)
        raise OrderTransitionRefused(f"{' '.join(changed)} The rest of the order now costs {price}.")
    order.state, order.closed_at, order.due_kind, order.held_until = State.PLACED, None, Due.DOOR, None
    order.save(update_fields=["state", "closed_at", "due_kind", "held_until"])
    hold_lines(order, locks.live_lines(order), at)
    emit(events.ORDER_PAYMENT_DEFERRED, key=f"{order.pk} again {at.isoformat()}", order_id=order.pk)
    if not balances.open_balance(order, at):
        mark_paid(order, at)
    return order


def _reclaim_order(order: Order, at: datetime) -> list[str]:
    """Returns sentences about what has changed. The caller undoes everything by raising an exception.

    Rows are locked in the same sequence as when an order is placed. Raises OrderTransitionRefused when no spot is left.
    """
    exchanges.lock_orders_behind(order)
    changed: list[str] = []
    if not discount_codes.reclaim_code(order, at):
        order.discount_code, order.discount_snapshot = None, None
        order.save(update_fields=["discount_code", "discount_snapshot"])
        changed.append("The discount code has since been used up.")
    if order.payer is not None:
        locks.lock_account(order.payer)
    lines = locks.live_lines(order)
    unavailable: dict[int, str] = {}
    for line in lines:
        try:
            with transaction.atomic():
                exchanges.reserve_old_line(line, at)
                product_kinds.kind_of_line(line).hold(line, None)
        except (ProductUnavailable, product_kinds.UnknownProductKind) as error:
            unavailable[line.pk] = f"{line.title}: {error}"
    if len(unavailable) == len(lines):
        raise OrderTransitionRefused(" ".join(unavailable.values()) or "Nothing is left in this order.")
    OrderLine.objects.filter(pk__in=unavailable).update(canceled_at=at, reserves_exchange=False)
    changed.extend(unavailable.values())
    quoted = balances.quoted_credit(order)
    if credit.spend_available_credit(order, quoted) < quoted:
        changed.append("The account credit for this order has since been used.")
    excess = credit.credit_spent_on(order) - balances.price_at(order, at).credit
    credit.return_spent_credit(order, max(excess, ZERO))
    if changed:
        requote_order(order)
    return changed


def requote_order(order: Order) -> None:
    # Use the rules and prices of the purchase.
    quote = quotes.quote_both_totals(balances.price_request_for(order, order.placed_at or order.created_at))
    order.early_total, order.regular_total = quote.now.total, quote.door.total
    order.save(update_fields=["early_total", "regular_total"])


# -- placed → expired, placed → canceled -------------------------------------------------------------------------


@transaction.atomic
def expire_order(order: Order, at: datetime) -> bool:
    order = locks.lock_order(order.pk)
    if order.state != State.PLACED or not order.has_expired(at):
        return False
    _close_order(order, State.EXPIRED, at, TOO_LATE)
    reservations.return_late_payment(order, balances.overpaid_amount(order))
    emit(events.ORDER_EXPIRED, key=f"{order.pk}", order_id=order.pk)
    return True


@transaction.atomic
def cancel_unpaid_order(order: Order, *, at: datetime, why: str = "", by: User | None = None) -> None:
    order = locks.lock_order(order.pk)
    if order.state == State.CANCELED:
        return
    if order.state != State.PLACED:
        raise OrderTransitionRefused("Only an unpaid order can be canceled as a whole.")
    _close_order(order, State.CANCELED, at, why or "The order was canceled.")
    reservations.return_late_payment(order, balances.overpaid_amount(order))
    if by is not None:
        record_action(by, "billing.order_canceled", order, why=why)
    emit(events.ORDER_CANCELED, key=f"{order.pk}", order_id=order.pk)


def _close_order(order: Order, state: str, at: datetime, why: str) -> None:
    order.state, order.closed_at = state, at
    order.save(update_fields=["state", "closed_at"])
    for line in locks.live_lines(order):
        product_kinds.kind_of_line(line).release(line, why)
        if line.exchanged_from is None:
            continue
        # The replaced line becomes valid again, or is refunded by its terms if the exchange was already completed.
        step = terms.terms_sold(line, at).at(at)
        refund = price_reductions.RefundTerms(step.percent, why, as_credit=step.gives == RefundMethod.CREDIT)
        try:
            exchanges.cancel_exchange(line, at, refund)
        except RefundRefused as refused:
            raise OrderTransitionRefused(str(refused)) from refused
    credit.return_spent_credit(order)


# -- staying placed ----------------------------------------------------------------------------------------------


def extend_hold(order: Order, at: datetime, duration: timedelta) -> bool:
    """Returns False for an order without a hold. The hold may also become shorter. The caller has locked the order."""
    if order.held_until is None or not order.can_be_paid(at):
        return False
    order.held_until = at + duration
    order.save(update_fields=["held_until"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                product_kinds.kind_of_line(line).hold(line, order.held_until)
        except (ProductUnavailable, product_kinds.UnknownProductKind) as unavailable:
            payment_issues.open_issue(
                PaymentIssue.Kind.OTHER, order, f"{line.title} could not be reserved: {unavailable}"
            )
    return True


def can_be_paid_at_door(order: Order) -> bool:
    return all((line.price_facts or {}).get("at_the_door") for line in order.lines.all() if line.canceled_at is None)


def expire_overdue_holds(at: datetime | None = None) -> int:
    at = at or timezone.now()
    overdue = Order.objects.filter(state=State.PLACED, held_until__lte=at).order_by("held_until")
    return sum(expire_order(order, at) for order in overdue[:500])


def remind_of_expiring_holds(at: datetime | None = None) -> int:
    # Each payer gets one reminder, when a third of the hold is left.
    at = at or timezone.now()
    soon = at + timedelta(minutes=settings.HOLD_MINUTES) / 3
    orders = Order.objects.filter(
        state=State.PLACED,
        due_kind=Due.NOW,
        reminded_at=None,
        held_until__range=(at, soon),
        placed_at__lt=F("held_until"),
    )
    sent = 0
    for order in orders[:500]:
        with transaction.atomic():
            # Another worker may have sent the reminder in the meantime.
            if Order.objects.filter(pk=order.pk, reminded_at=None).update(reminded_at=at):
                emit(events.HOLD_REMINDER_TRIGGERED, key=f"{order.pk}", order_id=order.pk)
                sent += 1
    return sent
