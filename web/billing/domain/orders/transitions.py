"""The transitions of a placed order to paid, expired or canceled, and back. Each of them locks the order."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, prefetch_related_objects
from django.utils import timezone

from billing import events
from billing.domain import locks, payment_issues, product_kinds
from billing.domain.order_mails import (
    draft_lines_canceled,
    draft_order_canceled,
    draft_order_mail,
    draft_order_received,
)
from billing.domain.orders.payments_in_progress import request_closing_of_attempts
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges, plan_builder, terms
from billing.domain.refunds.apply import apply_refund_plan, return_overpayment
from billing.domain.refunds.order_snapshot import load_order_snapshots
from billing.domain.refunds.plan import RefundPlan, RefundTerms
from billing.domain.vouchers import redemption as vouchers
from billing.errors import OrderTransitionRefused, ProductUnavailable
from billing.models import Order, OrderLine, Payment, PaymentIssue
from common.formats import format_money
from common.money import ZERO
from history.domain import record_action
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
TOO_LATE = "The payment deadline has passed."
LATE_PAYMENT = "The payment came too late."


def hold_lines(order: Order, lines: list[OrderLine], at: datetime) -> None:
    for line in lines:
        try:
            exchanges.reserve_old_line(line, at)
        except ProductUnavailable as unavailable:
            raise ProductUnavailable(f"{line.title}: {unavailable}") from unavailable
    for name, lines_of_kind in product_kinds.group_by_kind(lines).items():
        try:
            product_kinds.kind_named(name).hold_lines(lines_of_kind, order.held_until)
        except ProductUnavailable as unavailable:
            raise ProductUnavailable(f"{unavailable.title}: {unavailable}") from unavailable
    if order.held_until is None:
        for line, reason in _confirm_lines(lines, at):
            raise ProductUnavailable(f"{line.title}: {reason}")


def _confirm_lines(lines: list[OrderLine], at: datetime) -> Iterator[tuple[OrderLine, str]]:
    """Complete the exchanges, too. Yield the lines that cannot be confirmed, and why."""
    new_lines = product_kinds.group_by_kind(line for line in lines if line.exchanged_from_id is None)
    for name, lines_of_kind in new_lines.items():
        try:
            reasons = product_kinds.kind_named(name).confirm_lines(lines_of_kind)
        except product_kinds.UnknownProductKind as unknown:
            reasons = dict.fromkeys((line.pk for line in lines_of_kind), str(unknown))
        yield from ((line, reasons[line.pk]) for line in lines_of_kind if line.pk in reasons)
    for line in lines:
        if line.exchanged_from_id is not None:
            try:
                with transaction.atomic():
                    product_kinds.kind_of_line(line).confirm(line)
                    exchanges.complete_exchange(line, at)
            except (ProductUnavailable, product_kinds.UnknownProductKind) as unavailable:
                yield line, str(unavailable)


# -- placed → paid -----------------------------------------------------------------------------------------------


def mark_paid(order: Order, at: datetime, price: quotes.Price | None = None) -> None:
    """Never fails, because the money has arrived: a line that cannot be confirmed opens a payment issue."""
    price = price or balances.price_at(order, at)
    order.state, order.paid_at, order.closed_at, order.amount_charged = State.PAID, at, None, price.total
    order.save(update_fields=["state", "paid_at", "closed_at", "amount_charged"])
    for line, reason in _confirm_lines(locks.live_lines(order), at):
        payment_issues.open_issue(PaymentIssue.Kind.NOT_CONFIRMED, order, f"{line.title}: {reason}")
    emit(events.ORDER_PAID, key=f"{order.pk}", order_id=order.pk)
    request_closing_of_attempts([order], at)
    draft_order_mail("receipt", order, key=order.pk)


def apply_payment(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    """The caller has locked the order and the payment. `paid_at` decides whether the early price applies."""
    if order.has_expired(at):
        honor_late_payment(order, payment, paid_at, at)
    elif order.state == State.PLACED:
        prefetch_related_objects([order], "lines", "payments")
        price = balances.price_at(order, paid_at)
        if balances.amount_available(order) >= price.total:
            mark_paid(order, paid_at, price)
    elif order.state == State.CANCELED:
        return_overpayment(order, at, LATE_PAYMENT)
    surplus = balances.overpaid_amount(order) if order.state != State.PLACED else ZERO
    if surplus > 0:
        text = f"{format_money(surplus, order.currency)} more than the order costs."
        payment_issues.open_issue(PaymentIssue.Kind.OVERPAID, order, text, payment)


def honor_late_payment(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    if order.state == State.PLACED:
        _expire_locked_order(order, at, keep_payments=True)
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
    return_overpayment(order, at, LATE_PAYMENT)
    draft_order_mail("late_payment_received", order, key=payment.pk, honored=honored)


# -- expired → placed --------------------------------------------------------------------------------------------


@transaction.atomic
def reinstate_order(order: Order, at: datetime, *, accept_changes: bool = False) -> Order:
    """Reserves the spots of an expired order again, without a time limit, and tells the payer.

    Raises OrderTransitionRefused if the price or anything else has changed, unless `accept_changes`.
    """
    order = restore_expired_order(order, at, accept_changes=accept_changes)
    draft_order_received(order)
    return order


@transaction.atomic
def restore_expired_order(order: Order, at: datetime, *, accept_changes: bool = False) -> Order:
    order = locks.lock_order(order.pk)
    if order.state == State.PLACED and order.has_expired(at):
        _expire_locked_order(order, at, keep_payments=True)
    if order.state != State.EXPIRED:
        raise OrderTransitionRefused("Only an expired order can be restored.")
    changed = _reclaim_order(order, at)
    if changed and not accept_changes:
        price = format_money(balances.price_at(order, at).total, order.currency)
        raise OrderTransitionRefused(f"{' '.join(changed)} The rest of the order now costs {price}.")
    order.state, order.closed_at, order.due_kind, order.held_until = State.PLACED, None, Due.DOOR, None
    order.save(update_fields=["state", "closed_at", "due_kind", "held_until"])
    hold_lines(order, locks.live_lines(order), at)
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
    _expire_locked_order(order, at)
    return True


def _expire_locked_order(order: Order, at: datetime, *, keep_payments: bool = False) -> None:
    _close_order(order, State.EXPIRED, at, TOO_LATE, keep_payments=keep_payments)
    draft_order_mail("order_expired", order, key=order.pk)


@transaction.atomic
def cancel_unpaid_order(order: Order, *, at: datetime, why: str = "", by: User | None = None) -> None:
    order = locks.lock_order(order.pk)
    if order.state == State.CANCELED:
        return
    if order.state != State.PLACED:
        raise OrderTransitionRefused("Only an unpaid order can be canceled as a whole.")
    _close_order(order, State.CANCELED, at, why or "The order was canceled.")
    report_cancellation(order, at=at, why=why, by=by)


def report_cancellation(order: Order, *, at: datetime, why: str, by: User | None = None) -> None:
    if by is not None:
        record_action(by, "billing.order_canceled", order, why=why)
    draft_order_canceled(order)
    request_closing_of_attempts([order], at)


def _close_order(order: Order, state: str, at: datetime, why: str, *, keep_payments: bool = False) -> None:
    """The caller may keep what was paid, for the attempt to reserve the lines again."""
    snapshots = dict(load_order_snapshots([order.pk], at, lock=True, locked=[order]))
    if keep_payments:
        snapshots[order.pk] = replace(snapshots[order.pk], payments=())
    # A replaced line becomes valid again, or is refunded by its terms if the exchange was already completed.
    terms_by_line = {
        line.pk: RefundTerms.from_step(terms.terms_sold(line, at).at(at)) if line.exchanged_from_id else RefundTerms()
        for line in snapshots[order.pk].live_lines
    }
    plan = plan_builder.plan_closing(snapshots, order, state, terms_by_line, at)
    for order_plan in plan.order_plans:
        if order_plan.blocked_reason and order_plan.order != order:
            raise OrderTransitionRefused(order_plan.blocked_reason)
    release_and_refund(plan, order, at, why=why)


def release_and_refund(
    plan: RefundPlan,
    order: Order,
    at: datetime,
    *,
    why: str,
    by: User | None = None,
    results: Mapping[int, dict[str, Any]] | None = None,
) -> None:
    """Apply the plan for lines of this order. Classes are locked before gift vouchers, to which refunds may return.

    `results` is what to store with each canceled line, by its id.
    """
    order_plan = plan.plan_of(order)
    becomes_paid, lines = order_plan.becomes_paid, order_plan.ended_lines
    changed = [each for each in plan.order_plans if each.ended_lines and not each.closes_as]
    outdated = [each.order for each in changed if not each.becomes_paid]
    if order_plan.closes_as:
        order.state, order.closed_at = order_plan.closes_as, at
    for line in lines:
        line.cancellation = (results or {}).get(line.pk, line.cancellation)
        product_kinds.kind_of_line(line).release(line, why)
    apply_refund_plan(plan, at=at, why=why, by=by)
    for each in changed:
        draft_lines_canceled(each.order, each.ended_lines)
    request_closing_of_attempts(outdated, at)
    if becomes_paid:
        mark_paid(order, at)


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
                draft_order_mail("hold_reminder", order, key=order.pk)
                sent += 1
    return sent
