"""One refund on its way: ours after it was reserved, one that the gateway tells of, the loss of a dispute.

Every row that is not FAILED is counted in the payment's refunded_amount, so the books are whole at each moment. The
order and the payment are locked by the caller.
"""

from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from payments import PaymentStatus

from billing import events, gateways
from billing.domain import payment_issues
from billing.domain.pricing import balances
from billing.gateways.facts import Answer, GivenBack
from billing.kinds import ZERO
from billing.models import Case, Order, Payment, Refund
from common.formats import format_money
from outbox.domain import emit

State, Origin = Refund.State, Refund.Origin
FORWARD = {
    State.RESERVED: {State.SENT, State.DONE, State.FAILED},
    State.SENT: {State.DONE, State.FAILED},
    State.DONE: {State.FAILED},
    State.FAILED: set(),
}
ELSEWHERE = "Refunded in the gateway’s dashboard."


class NotYet(Exception):
    """It is about something that our books do not have yet; the gateway shall tell it again."""


# -- the sums ----------------------------------------------------------------------------------------------------


def count(payment: Payment, amount: Decimal) -> None:
    """Added here and not in the database, which in SQLite's case would add floats; so it is compared as well."""
    payment.refresh_from_db(fields=["refunded_amount"])
    as_read = Payment.objects.filter(pk=payment.pk, refunded_amount=payment.refunded_amount)
    payment.refunded_amount += amount
    if not as_read.update(refunded_amount=payment.refunded_amount):
        raise IntegrityError("A refund of this payment was counted without its lock.")


def lower(order: Order, amount: Decimal) -> Decimal:
    """What the order costs goes down, or up again; never below nothing."""
    by = min(amount, order.charged) if amount > 0 else min(amount, ZERO)
    order.charged -= by
    order.save(update_fields=["charged"])
    return by


def add(order: Order, payment: Payment, wanted: Decimal, origin: str, **fields: object) -> Refund | None:
    """Money that left without our asking: what of it our books have. The rest, if any, is a case."""
    part = min(wanted, payment.refundable_amount)
    if part < wanted:
        text = (
            f"{format_money(wanted, order.currency)} left the school ({fields['transaction_id']}), more than was here."
        )
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
    if part <= 0:
        return None
    over = max(balances.surplus(order), ZERO)
    count(payment, part)
    lowered = lower(order, max(part - over, ZERO)) if order.state != Order.State.PLACED else ZERO
    return Refund.objects.create(payment=payment, origin=origin, amount=part, lowered=lowered, **fields)


# -- each step ---------------------------------------------------------------------------------------------------


def move(order: Order, payment: Payment, refund: Refund, answer: Answer, *, sure: bool = False) -> bool:
    """`sure` is what the gateway says now, asked by us: it may take up what had failed. Old news never does."""
    if answer.state == refund.state:
        return False
    if refund.state == State.FAILED and answer.state != State.FAILED:
        return _revive(order, payment, refund, answer) if sure else look(payment, f"{refund.pk} {answer.state}")
    if answer.state not in FORWARD[State(refund.state)]:
        return False
    _write(refund, answer)
    _after(order, payment, refund, answer)
    return True


def _write(refund: Refund, answer: Answer) -> None:
    refund.state, refund.message = answer.state, answer.message
    refund.transaction_id = answer.reference or refund.transaction_id
    refund.settled_at = timezone.now() if answer.state != State.SENT else None
    refund.save(update_fields=["state", "message", "transaction_id", "settled_at"])


def _after(order: Order, payment: Payment, refund: Refund, answer: Answer) -> None:
    if refund.state == State.SENT:
        _sent(order, payment, refund)
    elif refund.state == State.FAILED:
        _failed(order, payment, refund, answer)
    elif refund.state == State.DONE:
        done(order, payment, refund)


def _sent(order: Order, payment: Payment, refund: Refund) -> None:
    if gateways.of(payment).by_hand:
        text = f"{format_money(refund.amount, order.currency)} to be handed over (refund {refund.pk})."
        payment_issues.open_case(Case.Kind.HAND_BACK, order, text, payment)
    else:
        Payment.objects.filter(pk=payment.pk, ask_at=None).update(ask_at=timezone.now() + timedelta(days=1))


def handover_cases(refund: Refund) -> QuerySet[Case]:
    """The payment issue that says that somebody has to hand it over."""
    mine = Case.objects.filter(kind=Case.Kind.HAND_BACK, payment=refund.payment_id, closed_at=None)
    return mine.filter(text__endswith=f"(refund {refund.pk}).")


def _failed(order: Order, payment: Payment, refund: Refund, answer: Answer) -> None:
    count(payment, -refund.amount)
    lower(order, -refund.lowered)
    # No change_status: nothing came in anew, so nothing follows from it.
    Payment.objects.filter(pk=payment.pk, status=PaymentStatus.REFUNDED).update(status=PaymentStatus.CONFIRMED)
    payment.cases.filter(text=_places(order, refund), closed_at=None).update(
        closed_at=timezone.now(), answer="The refund did not go through."
    )
    _call_for_help(order, payment, refund, already=answer.already)
    if answer.already:
        look(payment, f"{refund.pk} already")


def _call_for_help(order: Order, payment: Payment, refund: Refund, *, already: bool = False) -> None:
    what = "was already refunded, according to the gateway" if already else "could not be refunded"
    text = f"{format_money(refund.amount, order.currency)} {what} (refund {refund.pk})."
    payment_issues.open_case(Case.Kind.REFUND_FAILED, order, text, payment)


def _places(order: Order, refund: Refund) -> str:
    amount = format_money(refund.amount, order.currency)
    return f"{amount} was refunded in the gateway’s dashboard. Should the spots stay? (refund {refund.pk})"


def done(order: Order, payment: Payment, refund: Refund) -> None:
    handover_cases(refund).update(closed_at=timezone.now(), closed_by=refund.by, answer="Handed over.")
    if refund.origin != Origin.DISPUTE:
        emit(events.REFUND_MADE, key=f"{refund.pk}", order_id=order.pk, refund_id=refund.pk)
    if not payment.refundable_amount and not payment.refunds.exclude(state__in=[State.DONE, State.FAILED]).exists():
        payment.change_status(PaymentStatus.REFUNDED)


def _revive(order: Order, payment: Payment, refund: Refund, answer: Answer) -> bool:
    """We took it for failed, and the gateway did it."""
    if refund.amount > payment.refundable_amount:
        amount = format_money(refund.amount, order.currency)
        text = f"Refund {refund.pk} of {amount} went through after all, more than was here."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
        return False
    over = max(balances.surplus(order), ZERO)
    count(payment, refund.amount)
    refund.lowered = lower(order, max(refund.amount - over, ZERO))
    refund.save(update_fields=["lowered"])
    _write(refund, answer)
    payment_issues.settled(Case.Kind.REFUND_FAILED, payment, "It went through after all.")
    _after(order, payment, refund, answer)
    return True


def look(payment: Payment, key: str) -> bool:
    """What we heard does not fit what we know: how it is now, only asking tells."""
    emit(events.GATEWAY_TO_BE_ASKED, key=f"{payment.pk} refund {key}", order_id=payment.order_id, payment_id=payment.pk)
    return False


# -- what the gateway tells --------------------------------------------------------------------------------------


def told(order: Order, payment: Payment, fact: GivenBack, *, sure: bool = False) -> bool:
    """Ours by its key or its name, else one that somebody made in the gateway's own pages."""
    if payment.captured_at is None:
        if payment.status == PaymentStatus.ERROR:
            return False
        raise NotYet
    refund = _ours(payment, fact)
    if refund is None:
        return _theirs(order, payment, fact)
    if (fact.amount, fact.currency) != (refund.amount, payment.currency) and refund.origin == Origin.OURS:
        said = format_money(fact.amount, fact.currency)
        payment_issues.open_once(Case.Kind.MISFIT, order, f"Refund {refund.pk} was made as {said}.", payment)
        return False
    return move(order, payment, refund, Answer(fact.state, fact.reference, fact.message), sure=sure)


def _ours(payment: Payment, fact: GivenBack) -> Refund | None:
    refunds = Refund.objects.select_for_update().filter(payment=payment)
    by_key = refunds.filter(token=fact.key).first() if fact.key else None
    return by_key or refunds.filter(transaction_id=fact.reference).first()


def _theirs(order: Order, payment: Payment, fact: GivenBack) -> bool:
    if payment.refunds.filter(origin=Origin.OURS, state=State.RESERVED).exists():
        raise NotYet  # it may be the one that we are asking for at this moment
    if fact.currency != payment.currency:
        text = f"{format_money(fact.amount, fact.currency)} was refunded in another currency ({fact.reference})."
        payment_issues.open_once(Case.Kind.MISFIT, order, text, payment)
        return False
    if fact.state == State.FAILED:
        fields = {"state": State.FAILED, "transaction_id": fact.reference, "message": fact.message, "why": ELSEWHERE}
        failed = Refund.objects.create(payment=payment, origin=Origin.THEIRS, amount=fact.amount, **fields)
        _call_for_help(order, payment, failed)
        return True
    refund = add(
        order, payment, fact.amount, Origin.THEIRS, state=State.SENT, transaction_id=fact.reference, why=ELSEWHERE
    )
    if refund is None:
        return False
    _tell_of_theirs(order, payment, refund)
    if fact.state == State.DONE:
        move(order, payment, refund, Answer(State.DONE, fact.reference, fact.message))
    else:
        _sent(order, payment, refund)
    return True


def _tell_of_theirs(order: Order, payment: Payment, refund: Refund) -> None:
    """What becomes of the places is for a person to say, unless it only was what we owed anyway."""
    if balances.surplus(order) <= 0:
        payment_issues.settled(Case.Kind.REFUND_FAILED, payment, ELSEWHERE)
    if refund.lowered:
        payment_issues.open_once(Case.Kind.OTHER, order, _places(order, refund), payment)
