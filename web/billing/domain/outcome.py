"""What became of paying, for the payer: what happened, what is so now, and what to do. Said the same on every page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from payments import PaymentStatus

from billing.domain import ledger, words
from billing.domain.payments_in_progress import is_promised
from billing.models import Case, Order, Payment
from common.formats import format_money

State, Due, Status = Order.State, Order.Due, PaymentStatus
COMES_BACK = "If money was taken all the same, it comes back to you."
NOTHING = "Nothing was charged."


@dataclass(frozen=True)
class Outcome:
    name: str
    heading: str
    text: str
    todo: str = ""
    said: str = ""
    """The gateway's own sentence."""
    can_pay: bool = False
    tone: str = "warn"


def of(order: Order, at: datetime) -> Outcome:
    if order.state == State.PAID:
        return _paid(order)
    if order.state == State.CANCELLED:
        return Outcome("cancelled", f"Order {order.number} is cancelled", f"Nothing is to be paid. {COMES_BACK}")
    if is_promised(order):
        return _on_its_way(order, at)
    if order.has_lapsed(at):
        return _lapsed(order)
    return _open(order, at)


def is_news(order: Order, told: Outcome) -> bool:
    """Whether the page of the order, which tells its state, has to tell this as well."""
    decided_otherwise = told.can_pay and order.due != Due.NOW
    return told.name not in ("not_begun", "cancelled") and not decided_otherwise


def _paid(order: Order) -> Outcome:
    receipt = f" A receipt is on its way to {order.payer_email}." if order.payer_email else ""
    if order.cases.filter(kind=Case.Kind.NOT_CONFIRMED, closed_at=None).exists():
        text = "Your payment has arrived, and something in your order could not be given any more."
        return Outcome("partly", "Thank you", text, "We look into it and write to you; you need not do anything.")
    return Outcome("paid", "Thank you", f"Your payment has arrived.{receipt}", tone="good")


def _on_its_way(order: Order, at: datetime) -> Outcome:
    """Days may pass, so whether the place is kept is said each time."""
    text = "There is nothing left for you to do. Your bank needs some days to carry the payment out."
    if order.has_lapsed(at):
        kept = (
            "Your places could not be kept for so long. When the money arrives they are yours if there is still room; "
            "else it comes back to you."
        )
    elif order.held_until:
        kept = f"Your places are kept until {words.moment(order.held_until, at)}."
    else:
        kept = "Your places are kept."
    mail = f" We write to {order.payer_email} when the money has arrived." if order.payer_email else ""
    return Outcome("on_its_way", "Your bank is working on it", text, f"{kept}{mail}", tone="")


def _lapsed(order: Order) -> Outcome:
    last = order.payments.first()
    if order.due == Due.DOOR and last is None:
        text = f"The link we emailed you was not clicked in time, so the spot went back. {NOTHING}"
        return Outcome("not_confirmed", f"Order {order.number} has expired", text, "You can order again.")
    heading = "Your payment did not go through" if last else f"Order {order.number} was not paid in time"
    text = f"The time for paying is over, and the places went back. {COMES_BACK}"
    return Outcome("lapsed", heading, text, "You are welcome to order again.", said=last.message if last else "")


# -- an order that can be paid -------------------------------------------------------------------------------------


def _open(order: Order, at: datetime) -> Outcome:
    last = order.payments.first()
    if last is None and order.awaits_click:
        return awaiting_click(order, at)
    if last is None:
        return Outcome("not_begun", "Not paid yet", _kept(order, at), can_pay=True)
    return TOLD.get(last.status, _undecided)(order, last, at)


def awaiting_click(order: Order, at: datetime) -> Outcome:
    todo = f"The link went to {order.payer_email}. If you pay online now, you don’t need it."
    return Outcome("awaits_click", "Check your email", _kept(order, at), todo, can_pay=True)


def _kept(order: Order, at: datetime) -> str:
    if order.awaits_click:
        return f"We’ve emailed you a link. Click it by {words.deadline(order.held_until)} to keep your spot."
    if order.held_until:
        return f"Your places are kept until {words.moment(order.held_until, at)}."
    return "Your places are kept."


def _undecided(order: Order, last: Payment, at: datetime) -> Outcome:
    owed = ledger.owed(order, at)
    if last.message and not last.session:
        text = f"The payment service could not be reached. {NOTHING} {_kept(order, at)}"
        return Outcome(
            "unreachable", "Paying did not work", text, "Try again in a minute, or in another way.", last.message, True
        )
    if last.total != owed:
        before, now = format_money(last.total, last.currency), format_money(owed, order.currency)
        text = f"When you began to pay it was {before}; now {now} is to be paid. {NOTHING} {_kept(order, at)}"
        return Outcome("changed", "The amount has changed", text, "Please begin anew.", can_pay=True)
    text = (
        "You came back before the payment was finished. If you paid all the same, we hear of it within minutes and "
        f"write to you. {_kept(order, at)}"
    )
    return Outcome("broken_off", "Not paid yet", text, "Go on where you were, or choose another way.", can_pay=True)


def _declined(order: Order, last: Payment, at: datetime) -> Outcome:
    text = f"The bank did not take the payment. {NOTHING} {_kept(order, at)}"
    todo = "Try again, perhaps with another card or in another way. Why it said no, only your bank can tell you."
    return Outcome("declined", "Your payment did not go through", text, todo, last.message, can_pay=True)


def _expired(order: Order, last: Payment, at: datetime) -> Outcome:
    text = f"The payment was broken off, or took too long. {NOTHING} {_kept(order, at)}"
    return Outcome("expired", "Your payment did not go through", text, "Try again, or in another way.", can_pay=True)


def _broken(order: Order, last: Payment, at: datetime) -> Outcome:
    if last.cases.filter(kind=Case.Kind.WRONG_AMOUNT, closed_at=None).exists():
        text = "The bank took another amount than we asked for. A person looks into it and writes to you."
        return Outcome("wrong_amount", "Something does not fit", text, f"Please do not pay again. {_kept(order, at)}")
    text = f"{NOTHING} {_kept(order, at)}"
    return Outcome("broken", "Your payment did not go through", text, "Please try another way.", last.message, True)


def _part(order: Order, last: Payment, at: datetime) -> Outcome:
    got, owed = format_money(last.captured_amount, last.currency), format_money(ledger.owed(order, at), order.currency)
    text = f"{got} has arrived; {owed} is still to be paid. {_kept(order, at)}"
    return Outcome("part", "Thank you", text, can_pay=True, tone="")


Teller = Callable[[Order, Payment, datetime], Outcome]
TOLD: dict[str, Teller] = {
    Status.REJECTED: _declined,
    Status.CANCELLED: _expired,
    Status.ERROR: _broken,
    Status.CONFIRMED: _part,
}
