"""Is a payment for this order in progress? Everything that can pay an order asks here, under the order's lock."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from payments import PaymentStatus

from billing import gateways
from billing.domain.orders.transitions import CannotBe
from billing.models import Order, Payment
from common.formats import format_date, format_money

UNDECIDED = (PaymentStatus.WAITING, PaymentStatus.INPUT)
GRACE = timedelta(hours=1)
"""How long after its time an attempt still counts when the gateway has not said that it is over."""
PROMISED = (
    "A payment of {} is on its way from the bank and can’t be stopped. Method: {}. "
    "We’ll know by {} whether it went through."
)
STARTED = "A payment of {} has been started. Method: {}. Finish it, or cancel it to pay another way."


class PaymentInProgress(CannotBe):
    """Nothing else may pay the balance that this payment pays."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(progress_text(payment))
        self.payment = payment


def payment_in_progress(order: Order, at: datetime) -> Payment | None:
    """The payment that may still bring money without anybody here agreeing to it again."""
    return order.payments.filter(_can_still_pay(at)).first()


def _can_still_pay(at: datetime) -> Q:
    at_the_gateway = ~Q(session="") & (Q(session_until=None) | Q(session_until__gt=at - GRACE))
    just_begun = Q(session="", message="", created__gt=at - GRACE)
    return Q(status=PaymentStatus.PREAUTH) | Q(status__in=UNDECIDED) & (at_the_gateway | just_begun)


def refuse_payment_in_progress(order: Order, at: datetime) -> None:
    """Raises PaymentInProgress. Attempts that never reached a gateway end here, and nobody is sent there any more.

    The order is locked, and whoever calls it takes money in the same transaction.
    """
    if payment := payment_in_progress(order, at):
        raise PaymentInProgress(payment)
    drop_unbegun_attempts(order)


def drop_unbegun_attempts(order: Order, but: Payment | None = None) -> None:
    unbegun = order.payments.filter(status__in=UNDECIDED, session="")
    for payment in unbegun.exclude(pk=but.pk if but else None):
        payment.change_status(PaymentStatus.CANCELLED)


def is_promised(order: Order) -> bool:
    """The payer has done everything, and a bank takes its time."""
    return order.payments.filter(status=PaymentStatus.PREAUTH).exists()


def progress_text(payment: Payment) -> str:
    amount, method = format_money(payment.total, payment.currency), gateways.label_of(payment)
    if payment.is_on_its_way:
        return PROMISED.format(amount, method, format_date(known_by(payment)))
    return STARTED.format(amount, method)


def known_by(payment: Payment) -> datetime:
    """A bank has answered by then, one way or the other."""
    promised = payment.promised_at or payment.created
    return promised + timedelta(days=settings.BANK_DAYS)
