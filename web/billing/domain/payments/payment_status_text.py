"""What the payer reads about a payment: what happened, the current state, and what to do next."""

from dataclasses import dataclass
from datetime import datetime

from payments import PaymentStatus

from billing.domain import status_text
from billing.domain.orders.payments_in_progress import has_payment_processing, payment_in_progress
from billing.domain.pricing import balances
from billing.models import Order, Payment, PaymentIssue
from common.formats import format_money

State, Due, Status = Order.State, Order.Due, PaymentStatus
REFUNDED = "If you were charged, we’ll refund you."
NOTHING = "You haven’t been charged."


@dataclass(frozen=True)
class PaymentStatusText:
    name: str
    heading: str
    text: str
    todo: str = ""
    said: str = ""
    """This is the message of the gateway."""
    can_pay: bool = False
    tone: str = "warn"

    @property
    def is_paid(self) -> bool:
        return self.name == "paid"


def payment_text_of_order(order: Order, at: datetime) -> PaymentStatusText:
    if order.state == State.PAID:
        if order.cases.filter(kind=PaymentIssue.Kind.NOT_CONFIRMED, closed_at=None).exists():
            text = "We’ve received your payment, but part of your order is no longer available."
            todo = "We’re looking into it and will email you. There’s nothing you need to do."
            return PaymentStatusText("partly", "Thank you", text, todo)
        receipt = f" We’ve emailed a receipt to {order.payer_email}." if order.payer_email else ""
        return PaymentStatusText("paid", "Thank you", f"We’ve received your payment.{receipt}", tone="good")
    if order.state == State.CANCELED:
        return PaymentStatusText("cancelled", f"Order {order.number} is canceled", f"Nothing is due. {REFUNDED}")
    if has_payment_processing(order):
        text = (
            "Your payment is processing. Bank transfers usually take 3–5 days, and there’s nothing else you need to do."
        )
        if order.has_expired(at):
            spots = (
                "We couldn’t hold your spots that long. When your payment arrives, they’re yours if there is still "
                "room; if not, we’ll refund you."
            )
        elif order.held_until:
            spots = f"Your spots are reserved until {status_text.moment_text(order.held_until, at)}."
        else:
            spots = "Your spots are reserved."
        mail = f" We’ll email {order.payer_email} when it arrives." if order.payer_email else ""
        return PaymentStatusText("on_its_way", "Payment processing", text, f"{spots}{mail}", tone="")
    if order.has_expired(at):
        return _text_for_expired_order(order)
    return _text_for_open(order, at)


def adds_to_order_state(order: Order, outcome: PaymentStatusText) -> bool:
    # The page of an order shows the order's state anyway, so some texts about its payment would repeat it.
    is_paid_later = outcome.can_pay and order.due_kind != Due.NOW
    return outcome.name not in ("not_begun", "in_progress", "cancelled", "paid") and not is_paid_later


def _text_for_expired_order(order: Order) -> PaymentStatusText:
    attempt = order.payments.first()
    if order.due_kind == Due.DOOR and attempt is None:
        text = f"The link we emailed you wasn’t clicked in time, so the spot was released. {NOTHING}"
        return PaymentStatusText("not_confirmed", f"Order {order.number} has expired", text, "You can order again.")
    heading = "Your payment didn’t go through" if attempt else f"Order {order.number} has expired"
    text = f"Your hold expired and the spots were released. {REFUNDED}"
    return PaymentStatusText(
        "lapsed",
        heading,
        text,
        "You can order again while there are spots left.",
        said=attempt.message if attempt else "",
    )


# -- an order that can be paid -------------------------------------------------------------------------------------


def _text_for_open(order: Order, at: datetime) -> PaymentStatusText:
    attempt = order.payments.first()
    if attempt is None:
        if order.awaits_click:
            return text_for_unconfirmed_order(order, at)
        return PaymentStatusText("not_begun", "Not paid yet", _reservation_text(order, at), can_pay=True)
    if attempt.status == Status.REJECTED:
        text = f"Your payment was declined. {NOTHING} {_reservation_text(order, at)}"
        todo = "Try another card or payment method, or ask your bank."
        return PaymentStatusText(
            "declined", "Your payment didn’t go through", text, todo, attempt.message, can_pay=True
        )
    if attempt.status == Status.CANCELLED:
        text = f"The payment was canceled or timed out. {NOTHING} {_reservation_text(order, at)}"
        todo = "Try again or pick another payment method."
        return PaymentStatusText("expired", "Your payment didn’t go through", text, todo, can_pay=True)
    if attempt.status == Status.CONFIRMED:
        received = format_money(attempt.captured_amount, attempt.currency)
        owed = format_money(balances.open_balance(order, at), order.currency)
        text = f"We’ve received {received}; {owed} is still due. {_reservation_text(order, at)}"
        return PaymentStatusText("part", "Thank you", text, can_pay=True, tone="")
    return (
        _text_for_failed(order, attempt, at)
        if attempt.status == Status.ERROR
        else _text_for_unfinished(order, attempt, at)
    )


def text_for_unconfirmed_order(order: Order, at: datetime) -> PaymentStatusText:
    todo = f"The link went to {order.payer_email}. If you pay online now, you don’t need it."
    return PaymentStatusText("awaits_click", "Check your email", _reservation_text(order, at), todo, can_pay=True)


def _reservation_text(order: Order, at: datetime) -> str:
    if order.awaits_click:
        return f"We’ve emailed you a link. Click it by {status_text.deadline_text(order.held_until)} to keep your spot."
    if order.held_until:
        return f"Your spots are reserved until {status_text.moment_text(order.held_until, at)}."
    return "Your spots are reserved."


def _text_for_unfinished(order: Order, attempt: Payment, at: datetime) -> PaymentStatusText:
    owed = balances.open_balance(order, at)
    if attempt.message and not attempt.session:
        text = f"We couldn’t reach the payment service. {NOTHING} {_reservation_text(order, at)}"
        return PaymentStatusText(
            "unreachable",
            "Payment isn’t working right now",
            text,
            "Try again in a minute or pick another payment method.",
            attempt.message,
            True,
        )
    if attempt.total != owed:
        before, now = format_money(attempt.total, attempt.currency), format_money(owed, order.currency)
        text = (
            f"The total was {before} when you started to pay; it is {now} now. {NOTHING} {_reservation_text(order, at)}"
        )
        return PaymentStatusText("changed", "The amount has changed", text, "Please start again.", can_pay=True)
    if payment_in_progress(order, at):  # The page shows a sentence about it next to the buttons.
        return PaymentStatusText("in_progress", "Not paid yet", _reservation_text(order, at), can_pay=True)
    what_happened = "Your payment wasn’t completed. If you did pay, we’ll email you within a few minutes."
    text = f"{what_happened} {_reservation_text(order, at)}"
    return PaymentStatusText(
        "broken_off", "Not paid yet", text, "Try again or pick another payment method.", can_pay=True
    )


def _text_for_failed(order: Order, attempt: Payment, at: datetime) -> PaymentStatusText:
    if attempt.cases.filter(kind=PaymentIssue.Kind.WRONG_AMOUNT, closed_at=None).exists():
        text = "The amount charged isn’t what we asked for. We’re looking into it and will email you."
        return PaymentStatusText(
            "wrong_amount",
            "Something’s wrong with this payment",
            text,
            f"Please don’t pay again. {_reservation_text(order, at)}",
        )
    text = f"{NOTHING} {_reservation_text(order, at)}"
    return PaymentStatusText(
        "broken", "Your payment didn’t go through", text, "Please try another payment method.", attempt.message, True
    )
