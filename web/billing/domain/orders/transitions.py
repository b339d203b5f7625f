"""The life of a placed order, → paid | lapsed | cancelled: one function an arrow, each under the order's lock."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import events, kinds
from billing.domain import locks, payment_issues
from billing.domain.pricing import balances, credit, discount_codes, quotes
from billing.domain.refunds import exchanges, price_reductions, reservations, terms
from billing.domain.vouchers import redemption as vouchers
from billing.kinds import ZERO
from billing.models import Case, Order, OrderLine, Payment
from common.formats import format_money
from history.domain import record
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
TOO_LATE = "The time for paying was over."


class CannotBe(Exception):
    """The order is not in a state from which this can be done; the text says so."""


def hold(order: Order, lines: list[OrderLine], at: datetime) -> None:
    """Raises Unavailable, naming the line, when one cannot be had."""
    for line in lines:
        try:
            exchanges.keep(line, at)
            kinds.of(line).hold(line, order.held_until)
            if order.held_until is None:
                kinds.of(line).confirm(line)
                exchanges.complete(line, at)
        except kinds.Unavailable as gone:
            raise kinds.Unavailable(f"{line.title}: {gone}") from gone


# -- placed → paid -----------------------------------------------------------------------------------------------


def pay_off(order: Order, at: datetime) -> None:
    """Everything that it costs at this moment is there. Money that moved is never vetoed: what fails becomes a case."""
    price = balances.price_at(order, at)
    order.state, order.paid_at, order.closed_at, order.charged = State.PAID, at, None, price.total
    order.save(update_fields=["state", "paid_at", "closed_at", "charged"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                kinds.of(line).confirm(line)
                exchanges.complete(line, at)
        except (kinds.Unavailable, kinds.UnknownKind) as gone:
            payment_issues.open_case(Case.Kind.NOT_CONFIRMED, order, f"{line.title}: {gone}")
    emit(events.ORDER_PAID, key=f"{order.pk}", order_id=order.pk)


def money_came(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    """Money was confirmed; the order and the payment are locked. `paid_at`, when the payer paid, is for the price."""
    if order.has_lapsed(at):
        honour_late(order, payment, paid_at, at)
    elif order.state == State.PLACED and balances.in_hand(order) >= balances.price_at(order, paid_at).total:
        pay_off(order, paid_at)
    elif order.state == State.CANCELLED:
        reservations.late(order, balances.surplus(order))
    if order.state != State.PLACED and balances.surplus(order) > 0:
        surplus = format_money(balances.surplus(order), order.currency)
        payment_issues.open_case(Case.Kind.OVERPAID, order, f"{surplus} more than the order costs.", payment)


def honour_late(order: Order, payment: Payment, paid_at: datetime, at: datetime) -> None:
    """Paid after the hold: what is still to be had is theirs, the rest of the money goes back by LATE_PAYMENT."""
    if order.state == State.PLACED:
        _close(order, State.LAPSED, at, TOO_LATE)
        emit(events.ORDER_LAPSED, key=f"{order.pk}", order_id=order.pk)
    honoured = True
    try:
        with transaction.atomic():
            _take_again(order, at)
            vouchers.pay(order, at, paid_at=paid_at, strict=False)
            if balances.in_hand(order) < balances.price_at(order, paid_at).total:
                raise CannotBe("The money received doesn’t cover the rest of the order.")
            pay_off(order, paid_at)
    except CannotBe:
        order.refresh_from_db()
        honoured = False
    reservations.late(order, balances.surplus(order))
    emit(events.PAYMENT_LATE, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk, honoured=honoured)


# -- lapsed → placed ---------------------------------------------------------------------------------------------


@transaction.atomic
def take_up(order: Order, at: datetime, *, even_so: bool = False) -> Order:
    """At the desk: the places are kept again, without a time limit. Raises CannotBe, saying why, or what has changed.

    `even_so` takes up what is left of it, at the price that it has now.
    """
    order = locks.order(order.pk)
    if order.state == State.PLACED and order.has_lapsed(at):
        _close(order, State.LAPSED, at, TOO_LATE)
        emit(events.ORDER_LAPSED, key=f"{order.pk}", order_id=order.pk)
    if order.state != State.LAPSED:
        raise CannotBe("Only an expired order can be restored.")
    changed = _take_again(order, at)
    if changed and not even_so:
        price = format_money(balances.price_at(order, at).total, order.currency)
        raise CannotBe(f"{' '.join(changed)} What is left of the order costs {price} now.")
    order.state, order.closed_at, order.due, order.held_until = State.PLACED, None, Due.DOOR, None
    order.save(update_fields=["state", "closed_at", "due", "held_until"])
    hold(order, locks.live_lines(order), at)
    emit(events.ORDER_KEPT, key=f"{order.pk} again {at.isoformat()}", order_id=order.pk)
    if not balances.owed(order, at):
        pay_off(order, at)
    return order


def _take_again(order: Order, at: datetime) -> list[str]:
    """Code, credit and places anew, locked in the same sequence as when an order is placed.

    Returns what is not as it was; raises CannotBe when no place is left. Whoever calls it undoes all by raising.
    """
    exchanges.lock(order)
    changed = _count_code_again(order, at)
    if order.payer is not None:
        locks.account(order.payer)
    changed += _hold_again(order, at)
    wanted = balances.quoted_credit(order)
    if credit.spend_what_is_left(order, wanted) < wanted:
        changed.append("The account credit for it has been used elsewhere.")
    over = credit.spent_on(order) - balances.price_at(order, at).credit
    credit.give_back(order, max(over, ZERO))
    if changed:
        quote_again(order)
    return changed


def _count_code_again(order: Order, at: datetime) -> list[str]:
    """Its use was free meanwhile. When somebody else has it, the price is as it is without the code."""
    if discount_codes.take_again(order, at):
        return []
    order.code, order.discount = None, None
    order.save(update_fields=["code", "discount"])
    return ["The discount code has since been used up."]


def _hold_again(order: Order, at: datetime) -> list[str]:
    lines = locks.live_lines(order)
    gone = {}
    for line in lines:
        try:
            with transaction.atomic():
                exchanges.keep(line, at)
                kinds.of(line).hold(line, None)
        except (kinds.Unavailable, kinds.UnknownKind) as why:
            gone[line.pk] = f"{line.title}: {why}"
    if len(gone) == len(lines):
        raise CannotBe(" ".join(gone.values()) or "Nothing is left in this order.")
    OrderLine.objects.filter(pk__in=gone).update(cancelled_at=at, keeps_replaced=False)
    return list(gone.values())


def quote_again(order: Order) -> None:
    """Both totals for the lines that are left, by the rules and prices of the purchase."""
    quote = quotes.quote(balances.ask_for(order, order.placed_at or order.created_at))
    order.now_total, order.door_total = quote.now.total, quote.door.total
    order.save(update_fields=["now_total", "door_total"])


# -- placed → lapsed, placed → cancelled -------------------------------------------------------------------------


@transaction.atomic
def lapse(order: Order, at: datetime) -> bool:
    order = locks.order(order.pk)
    if order.state != State.PLACED or not order.has_lapsed(at):
        return False
    _close(order, State.LAPSED, at, TOO_LATE)
    reservations.late(order, balances.surplus(order))
    emit(events.ORDER_LAPSED, key=f"{order.pk}", order_id=order.pk)
    return True


@transaction.atomic
def cancel(order: Order, *, at: datetime, why: str = "", by: User | None = None) -> None:
    """The whole order before it is paid; lines of a paid one are cancelled one by one."""
    order = locks.order(order.pk)
    if order.state == State.CANCELLED:
        return
    if order.state != State.PLACED:
        raise CannotBe("Only an unpaid order can be canceled as a whole.")
    _close(order, State.CANCELLED, at, why or "The order was canceled.")
    reservations.late(order, balances.surplus(order))
    if by is not None:
        record(by, "billing.order_cancelled", order, why=why)
    emit(events.ORDER_CANCELLED, key=f"{order.pk}", order_id=order.pk)


def _close(order: Order, state: str, at: datetime, why: str) -> None:
    order.state, order.closed_at = state, at
    order.save(update_fields=["state", "closed_at"])
    _let_go(order, at, why)
    credit.give_back(order)


def _let_go(order: Order, at: datetime, why: str) -> None:
    for line in locks.live_lines(order):
        kinds.of(line).release(line, why)
        if line.replaces is not None:
            _give_back(line, why, at)


def _give_back(line: OrderLine, why: str, at: datetime) -> None:
    """What it was exchanged for is free again, or goes back by the terms once that has happened."""
    step = terms.sold(line, at).at(at)
    try:
        exchanges.undo(line, at, price_reductions.Back(step.percent, why, as_credit=step.gives == kinds.Gives.CREDIT))
    except reservations.Refused as refused:
        raise CannotBe(str(refused)) from refused


# -- staying placed ----------------------------------------------------------------------------------------------


def wait(order: Order, at: datetime, how_long: timedelta) -> bool:
    """The places are kept until then, longer or shorter than before; not what has lapsed. The order is locked."""
    if order.held_until is None or not order.can_be_paid(at):
        return False
    order.held_until = at + how_long
    order.save(update_fields=["held_until"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                kinds.of(line).hold(line, order.held_until)
        except (kinds.Unavailable, kinds.UnknownKind) as gone:
            payment_issues.open_case(Case.Kind.OTHER, order, f"{line.title} could not be kept: {gone}")
    return True


def allows_the_door(order: Order) -> bool:
    return all((line.facts or {}).get("at_the_door") for line in order.lines.all() if line.cancelled_at is None)


def lapse_due(at: datetime | None = None) -> int:
    """The job: write down what lapsed, so that its people are told and its credit is back."""
    at = at or timezone.now()
    late = Order.objects.filter(state=State.PLACED, held_until__lte=at).order_by("held_until")
    return sum(lapse(order, at) for order in late[:500])


def remind_due(at: datetime | None = None) -> int:
    """Tell once, when a third of the time is left."""
    at = at or timezone.now()
    soon = at + timedelta(minutes=settings.HOLD_MINUTES) / 3
    waiting = Order.objects.filter(
        state=State.PLACED, due=Due.NOW, reminded_at=None, held_until__range=(at, soon), placed_at__lt=F("held_until")
    )
    return sum(_remind(order, at) for order in waiting[:500])


def _remind(order: Order, at: datetime) -> bool:
    with transaction.atomic():
        first = Order.objects.filter(pk=order.pk, reminded_at=None).update(reminded_at=at)
        if first:
            emit(events.HOLD_ENDING, key=f"{order.pk}", order_id=order.pk)
    return bool(first)
