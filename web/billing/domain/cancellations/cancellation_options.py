"""The options for canceling order lines, and what each refunds: the agreed terms or the right of withdrawal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import TextChoices

from billing.domain import product_kinds
from billing.domain.refunds import exchanges, terms
from billing.errors import OrderTransitionRefused, ProductUnavailable
from billing.models import Dispute, Order, OrderLine
from billing.rules.terms import RefundMethod, TermsStep
from users.models import User

ALL_OF_IT = TermsStep()
CLOSED = "This order is already closed."
EXPIRED = "This order has expired, so there is nothing to cancel."
DISPUTED = "The payment is disputed at the bank. Nothing can be canceled until the bank has decided."
OVER = "{} is over, so it can’t be canceled."
NOT_SOLD = "This is no longer sold, so it can’t be canceled here."
OWED = "{} has started and isn’t paid yet, so it can’t be canceled here."


class CanceledBy(TextChoices):
    TERMS = "terms", "canceled by the payer"
    WITHDRAWAL = "withdrawal", "withdrawn by the payer"
    ATTENDEE = "attendee", "canceled by the student"
    STAFF = "staff", "canceled by the school"


@dataclass(frozen=True)
class CancellationOption:
    by: str
    steps: Mapping[int, TermsStep]
    """The refund step of each line, by the line's id."""
    staff: User | None = None

    @classmethod
    def of_staff(cls, line: OrderLine, step: TermsStep, staff: User) -> "CancellationOption":
        # Staff may refund more or less than the terms.
        return cls(CanceledBy.STAFF, {line.pk: step}, staff)

    @property
    def is_withdrawal(self) -> bool:
        return self.by == CanceledBy.WITHDRAWAL


@contextmanager
def _refuse_unknown_products() -> Iterator[None]:
    try:
        yield
    except (product_kinds.UnknownProductKind, ProductUnavailable):
        raise OrderTransitionRefused(NOT_SOLD) from None


def orders_behind(order: Order) -> list[Order]:
    """Return the order and those that paid for the lines it replaced in exchanges."""
    lines = order.lines.filter(canceled_at=None)
    return list(
        dict.fromkeys([order, *(earlier.order for line in lines for earlier in exchanges.exchange_chain(line))])
    )


def check_can_be_canceled(order: Order, at: datetime) -> None:
    if order.has_expired(at):
        raise OrderTransitionRefused(EXPIRED)
    if order.state not in (Order.State.PLACED, Order.State.PAID):
        raise OrderTransitionRefused(CLOSED)
    if is_disputed(order):
        raise OrderTransitionRefused(DISPUTED)


def is_disputed(order: Order) -> bool:
    return Dispute.objects.filter(payment__order__in=orders_behind(order), state=Dispute.State.OPEN).exists()


@_refuse_unknown_products()
def options_for_lines(order: Order, lines: Sequence[OrderLine], at: datetime) -> list[CancellationOption]:
    """Return the best option for the payer, and a second one only if it refunds more as account credit."""
    check_can_be_canceled(order, at)
    if not lines:
        raise OrderTransitionRefused(CLOSED)
    for line in lines:
        used = product_kinds.kind_of_line(line).share_used(line, at)
        if used >= 1:
            raise OrderTransitionRefused(OVER.format(line))
        if used and order.state == Order.State.PLACED:
            raise OrderTransitionRefused(OWED.format(line))
    by_terms = {line.pk: terms_step_for(order, line, at) for line in lines}
    by_law = {line.pk: step for line in lines if (step := _withdrawal_step(order, line, at)) is not None}
    if not by_law:
        return [CancellationOption(CanceledBy.TERMS, by_terms)]
    best = {}
    for pk, agreed in by_terms.items():
        legal = by_law.get(pk, agreed)
        terms_are_better = agreed.gives == RefundMethod.REFUND and agreed.percent > legal.percent
        best[pk] = agreed if terms_are_better else legal
    options = [CancellationOption(CanceledBy.WITHDRAWAL, best)]
    if any(step.percent > best[pk].percent for pk, step in by_terms.items()):
        options.append(CancellationOption(CanceledBy.TERMS, by_terms))
    return options


@_refuse_unknown_products()
def terms_step_for(order: Order, line: OrderLine, at: datetime) -> TermsStep:
    # A line that is unpaid or unfulfilled is refunded in full.
    kind = product_kinds.kind_of_line(line)
    is_exchanged = line.exchanged_from is not None and line.exchanged_from.exchanged_at is not None
    if not is_exchanged and (order.state == Order.State.PLACED or not kind.fulfilled_lines([line])):
        return ALL_OF_IT
    return _limit_percent(kind.max_refund_percent(line), terms.terms_sold(line, at).at(at))


def _withdrawal_step(order: Order, line: OrderLine, at: datetime) -> TermsStep | None:
    agreed = terms.terms_sold(line, at)
    if not terms.can_withdraw(order, agreed, at):
        return None
    kind = product_kinds.kind_of_line(line)
    unused = (100 * (1 - kind.share_used(line, at))).quantize(Decimal("0.01"))
    return _limit_percent(kind.max_refund_percent(line), TermsStep(unused if agreed.keeps_used else Decimal(100)))


def _limit_percent(percent: Decimal, step: TermsStep) -> TermsStep:
    return replace(step, percent=min(step.percent, percent))
