"""The life of a placed order, → paid | lapsed | cancelled: one function an arrow, each under the order's lock."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing import events, kinds
from billing.domain import cases, credit, ledger, locks, money_back
from billing.kinds import ZERO
from billing.models import Case, Order, OrderLine, Payment
from history.domain import record
from outbox.domain import emit
from users.models import User

State, Due = Order.State, Order.Due
TOO_LATE = "The time for paying was over."


class CannotBe(Exception):
    """The order is not in a state from which this can be done; the text says so."""


def hold(order: Order, lines: list[OrderLine]) -> None:
    """Raises Unavailable, naming the line, when one cannot be had."""
    for line in lines:
        try:
            kinds.of(line).hold(line, order.held_until)
            if order.due != Due.NOW:
                kinds.of(line).confirm(line)
        except kinds.Unavailable as gone:
            raise kinds.Unavailable(f"{line.title}: {gone}") from gone


# -- placed → paid -----------------------------------------------------------------------------------------------


def pay_off(order: Order, at: datetime) -> None:
    """Everything that it costs at this moment is there. Money that moved is never vetoed: what fails becomes a case."""
    price = ledger.price_at(order, at)
    order.state, order.paid_at, order.closed_at, order.charged = State.PAID, at, None, price.total
    order.save(update_fields=["state", "paid_at", "closed_at", "charged"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                kinds.of(line).confirm(line)
        except (kinds.Unavailable, kinds.UnknownKind) as gone:
            cases.open_case(Case.Kind.NOT_CONFIRMED, order, f"{line.title}: {gone}")
    emit(events.ORDER_PAID, key=f"{order.pk}", order_id=order.pk)


def money_came(order: Order, payment: Payment, at: datetime) -> None:
    """A payment was confirmed; the order and the payment are locked."""
    if order.has_lapsed(at):
        honour_late(order, payment, at)
    elif order.state == State.PLACED and ledger.received(order) >= ledger.price_at(order, at).total:
        pay_off(order, at)
    elif order.state == State.CANCELLED:
        money_back.late(order, ledger.surplus(order))
    if order.state != State.PLACED and ledger.surplus(order) > 0:
        cases.open_case(Case.Kind.OVERPAID, order, f"{ledger.surplus(order)} more than the order costs.", payment)


def honour_late(order: Order, payment: Payment, at: datetime) -> None:
    """Paid after the hold: what is still to be had is theirs, the rest of the money goes back by LATE_PAYMENT."""
    if order.state == State.PLACED:
        _close(order, State.LAPSED, at, TOO_LATE)
        emit(events.ORDER_LAPSED, key=f"{order.pk}", order_id=order.pk)
    kept = _take_again(order, at)
    enough = kept and ledger.received(order) >= ledger.price_at(order, at).total
    if enough:
        pay_off(order, at)
    else:
        _let_go(order, "The payment came too late.")
        credit.give_back(order)
    money_back.late(order, ledger.surplus(order))
    emit(events.PAYMENT_LATE, key=f"{payment.pk}", order_id=order.pk, payment_id=payment.pk, honoured=bool(enough))


def _take_again(order: Order, at: datetime) -> bool:
    """Hold every line anew; those that are gone are cancelled. False when nothing is left or the credit is not."""
    lines = locks.live_lines(order)
    gone = []
    for line in lines:
        try:
            with transaction.atomic():
                kinds.of(line).hold(line, None)
        except (kinds.Unavailable, kinds.UnknownKind):
            gone.append(line.pk)
    if len(gone) == len(lines):
        return False
    try:
        credit.spend(order, ledger.quoted_credit(order))
    except credit.NotEnough:
        return False
    OrderLine.objects.filter(pk__in=gone).update(cancelled_at=at)
    over = credit.spent_on(order) - ledger.price_at(order, at).credit
    credit.give_back(order, max(over, ZERO))
    return True


# -- placed → lapsed, placed → cancelled -------------------------------------------------------------------------


@transaction.atomic
def lapse(order: Order, at: datetime) -> bool:
    order = locks.order(order.pk)
    if order.state != State.PLACED or not order.has_lapsed(at):
        return False
    _close(order, State.LAPSED, at, TOO_LATE)
    money_back.late(order, ledger.surplus(order))
    emit(events.ORDER_LAPSED, key=f"{order.pk}", order_id=order.pk)
    return True


@transaction.atomic
def cancel(order: Order, *, at: datetime, why: str = "", by: User | None = None) -> None:
    """The whole order before it is paid; lines of a paid one are cancelled one by one."""
    order = locks.order(order.pk)
    if order.state == State.CANCELLED:
        return
    if order.state != State.PLACED:
        raise CannotBe("Only an order that is not paid yet can be cancelled as a whole.")
    _close(order, State.CANCELLED, at, why or "The order was cancelled.")
    money_back.late(order, ledger.surplus(order))
    if by is not None:
        record(by, "billing.order_cancelled", order, why=why)
    emit(events.ORDER_CANCELLED, key=f"{order.pk}", order_id=order.pk)


def _close(order: Order, state: str, at: datetime, why: str) -> None:
    order.state, order.closed_at = state, at
    order.save(update_fields=["state", "closed_at"])
    _let_go(order, why)
    credit.give_back(order)


def _let_go(order: Order, why: str) -> None:
    for line in locks.live_lines(order):
        kinds.of(line).release(line, why)


# -- staying placed ----------------------------------------------------------------------------------------------


@transaction.atomic
def pay_at_the_door(order: Order, at: datetime) -> None:
    """“Keep my place, I'll pay at the door”, where everything in the order allows it."""
    order = locks.order(order.pk)
    if order.due == Due.DOOR and order.state == State.PLACED:
        return
    if not order.can_be_paid(at) or not allows_the_door(order):
        raise CannotBe("This order cannot be paid at the door.")
    order.due, order.held_until = Due.DOOR, None
    order.save(update_fields=["due", "held_until"])
    hold(order, locks.live_lines(order))
    emit(events.ORDER_KEPT, key=f"{order.pk}", order_id=order.pk)


def wait(order: Order, at: datetime, how_long: timedelta) -> bool:
    """The places are kept until then, longer or shorter than before; not what has lapsed. The order is locked."""
    if order.due != Due.NOW or not order.can_be_paid(at):
        return False
    order.held_until = at + how_long
    order.save(update_fields=["held_until"])
    for line in locks.live_lines(order):
        try:
            with transaction.atomic():
                kinds.of(line).hold(line, order.held_until)
        except (kinds.Unavailable, kinds.UnknownKind) as gone:
            cases.open_case(Case.Kind.OTHER, order, f"{line.title} could not be kept: {gone}")
    return True


def allows_the_door(order: Order) -> bool:
    return all((line.facts or {}).get("at_the_door") for line in order.lines.all() if line.cancelled_at is None)


def lapse_due(at: datetime | None = None) -> int:
    """The job: write down what lapsed, so that its people are told and its credit is back."""
    at = at or timezone.now()
    late = Order.objects.filter(state=State.PLACED, due=Due.NOW, held_until__lt=at).order_by("held_until")
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
