"""What the payer reads about a payment: what happened, the current state, and what to do next."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from payments import PaymentStatus

from billing.domain import status_text
from billing.domain.orders.payments_in_progress import has_payment_processing, payment_in_progress
from billing.domain.pricing import balances
from billing.models import Order, Payment, PaymentIssue
from common.formats import format_money

State, Due, Status = Order.State, Order.Due, PaymentStatus
REFUNDED = _("If you were charged, we’ll refund you.")
NOTHING = _("You haven’t been charged.")


@dataclass(frozen=True)
class PaymentStatusText:
    name: str
    heading: str
    text: str
    next_step: str = ""
    gateway_message: str = ""
    """This is the message of the gateway."""
    can_pay: bool = False
    tone: str = "warn"

    @property
    def is_paid(self) -> bool:
        return self.name == "paid"


def payment_text_of_order(order: Order, at: datetime) -> PaymentStatusText:
    if order.state == State.PAID:
        if order.payment_issues.filter(kind=PaymentIssue.Kind.NOT_CONFIRMED, closed_at=None).exists():
            text = gettext("We’ve received your payment, but part of your order is no longer available.")
            next_step = gettext("We’re looking into it and will email you. There’s nothing you need to do.")
            return PaymentStatusText("partly_fulfilled", gettext("Thank you"), text, next_step)
        text = gettext("We’ve received your payment.")
        if order.payer_email:
            receipt = gettext("We’ve emailed a receipt to %(email)s.") % {"email": order.payer_email}
            text = f"{text} {receipt}"
        return PaymentStatusText("paid", gettext("Thank you"), text, tone="good")
    if order.state == State.CANCELED:
        heading = gettext("Order %(order_number)s is canceled") % {"order_number": order.number}
        return PaymentStatusText("canceled", heading, f"{gettext('Nothing is due.')} {REFUNDED}")
    if has_payment_processing(order):
        return _text_for_processing(order, at)
    if order.has_expired(at):
        return _text_for_expired_order(order)
    return _text_for_open(order, at)


def adds_to_order_state(order: Order, outcome: PaymentStatusText) -> bool:
    # The page of an order shows the order's state anyway, so some texts about its payment would repeat it.
    is_paid_later = outcome.can_pay and order.due_kind != Due.NOW
    return outcome.name not in ("not_started", "in_progress", "canceled", "paid") and not is_paid_later


def last_attempt(order: Order) -> Payment | None:
    return next(iter(order.payments.all()), None)


def _text_for_processing(order: Order, at: datetime) -> PaymentStatusText:
    text = gettext(
        "Your payment is processing. Bank transfers usually take 3–5 days, and there’s nothing else you need to do."
    )
    next_step = _processing_spots_text(order, at)
    if order.payer_email:
        mail = gettext("We’ll email %(email)s when it arrives.") % {"email": order.payer_email}
        next_step = f"{next_step} {mail}"
    return PaymentStatusText("processing", gettext("Payment processing"), text, next_step, tone="")


def _processing_spots_text(order: Order, at: datetime) -> str:
    if order.has_expired(at):
        return gettext(
            "We couldn’t hold your spots that long. When your payment arrives, they’re yours if there is still room; "
            "if not, we’ll refund you."
        )
    return _reserved_until_text(order, at)


def _reserved_until_text(order: Order, at: datetime) -> str:
    if order.held_until is None:
        return gettext("Your spots are reserved.")
    return gettext("Your spots are reserved until %(time)s.") % {"time": status_text.moment_text(order.held_until, at)}


def _text_for_expired_order(order: Order) -> PaymentStatusText:
    attempt = last_attempt(order)
    expired = gettext("Order %(order_number)s has expired") % {"order_number": order.number}
    if order.due_kind == Due.DOOR and attempt is None:
        released = gettext("The link we emailed you wasn’t clicked in time, so the spot was released.")
        return PaymentStatusText("not_confirmed", expired, f"{released} {NOTHING}", gettext("You can order again."))
    heading = gettext("Your payment didn’t go through") if attempt else expired
    text = f"{gettext('Your hold expired and the spots were released.')} {REFUNDED}"
    return PaymentStatusText(
        "order_expired",
        heading,
        text,
        gettext("You can order again while there are spots left."),
        gateway_message=attempt.message if attempt else "",
    )


# -- an order that can be paid -------------------------------------------------------------------------------------


def _text_for_open(order: Order, at: datetime) -> PaymentStatusText:
    attempt = last_attempt(order)
    if attempt is None:
        if order.awaits_click:
            return text_for_unconfirmed_order(order, at)
        return PaymentStatusText("not_started", gettext("Not paid yet"), _reservation_text(order, at), can_pay=True)
    if attempt.status == Status.REJECTED:
        text = _unpaid_text(gettext("Your payment was declined."), order, at)
        next_step = gettext("Try another card or payment method, or ask your bank.")
        return PaymentStatusText(
            "declined", gettext("Your payment didn’t go through"), text, next_step, attempt.message, can_pay=True
        )
    if attempt.status == Status.CANCELLED:
        text = _unpaid_text(gettext("The payment was canceled or timed out."), order, at)
        next_step = gettext("Try again or pick another payment method.")
        return PaymentStatusText(
            "attempt_expired", gettext("Your payment didn’t go through"), text, next_step, can_pay=True
        )
    if attempt.status == Status.CONFIRMED:
        received = format_money(attempt.captured_amount, attempt.currency)
        owed = format_money(balances.open_balance(order, at), order.currency)
        still_due = gettext("We’ve received %(received)s; %(owed)s is still due.") % {
            "received": received,
            "owed": owed,
        }
        text = f"{still_due} {_reservation_text(order, at)}"
        return PaymentStatusText("partially_paid", gettext("Thank you"), text, can_pay=True, tone="")
    return (
        _text_for_failed(order, attempt, at)
        if attempt.status == Status.ERROR
        else _text_for_unfinished(order, attempt, at)
    )


def text_for_unconfirmed_order(order: Order, at: datetime) -> PaymentStatusText:
    text = gettext("The link went to %(email)s. If you pay online now, you don’t need it.")
    next_step = text % {"email": order.payer_email}
    return PaymentStatusText(
        "awaits_click", gettext("Check your email"), _reservation_text(order, at), next_step, can_pay=True
    )


def _unpaid_text(outcome_text: str, order: Order, at: datetime) -> str:
    return f"{outcome_text} {NOTHING} {_reservation_text(order, at)}"


def _reservation_text(order: Order, at: datetime) -> str:
    if order.awaits_click:
        text = gettext("We’ve emailed you a link. Click it by %(time)s to keep your spot.")
        return text % {"time": status_text.deadline_text(order.held_until)}
    return _reserved_until_text(order, at)


def _text_for_unfinished(order: Order, attempt: Payment, at: datetime) -> PaymentStatusText:
    owed = balances.open_balance(order, at)
    if attempt.message and not attempt.session:
        text = _unpaid_text(gettext("We couldn’t reach the payment service."), order, at)
        return PaymentStatusText(
            "unreachable",
            gettext("Payment isn’t working right now"),
            text,
            gettext("Try again in a minute or pick another payment method."),
            attempt.message,
            True,
        )
    if attempt.total != owed:
        before, now = format_money(attempt.total, attempt.currency), format_money(owed, order.currency)
        changed = gettext("The total was %(before)s when you started to pay; it is %(now)s now.")
        text = _unpaid_text(changed % {"before": before, "now": now}, order, at)
        return PaymentStatusText(
            "amount_changed", gettext("The amount has changed"), text, gettext("Please start again."), can_pay=True
        )
    if payment_in_progress(order, at):  # The page shows a sentence about it next to the buttons.
        return PaymentStatusText("in_progress", gettext("Not paid yet"), _reservation_text(order, at), can_pay=True)
    outcome_text = gettext("Your payment wasn’t completed. If you did pay, we’ll email you within a few minutes.")
    text = f"{outcome_text} {_reservation_text(order, at)}"
    return PaymentStatusText(
        "unfinished", gettext("Not paid yet"), text, gettext("Try again or pick another payment method."), can_pay=True
    )


def _text_for_failed(order: Order, attempt: Payment, at: datetime) -> PaymentStatusText:
    if attempt.payment_issues.filter(kind=PaymentIssue.Kind.WRONG_AMOUNT, closed_at=None).exists():
        text = gettext("The amount charged isn’t what we asked for. We’re looking into it and will email you.")
        return PaymentStatusText(
            "wrong_amount",
            gettext("Something’s wrong with this payment"),
            text,
            f"{gettext('Please don’t pay again.')} {_reservation_text(order, at)}",
        )
    text = f"{NOTHING} {_reservation_text(order, at)}"
    return PaymentStatusText(
        "failed",
        gettext("Your payment didn’t go through"),
        text,
        gettext("Please try another payment method."),
        attempt.message,
        True,
    )
