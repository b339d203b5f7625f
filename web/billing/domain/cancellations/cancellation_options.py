"""The options for canceling order lines, and what each refunds: the agreed terms or the right of withdrawal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import TextChoices

from billing import kinds
from billing.domain.orders.transitions import CannotBe
from billing.domain.refunds import exchanges, terms
from billing.kinds import Gives, Step
from billing.models import Dispute, Order, OrderLine
from users.models import User

ALL_OF_IT = Step()
CLOSED = "This order is already closed."
LAPSED = "This order has expired, so there is nothing to cancel."
DISPUTED = "The payment is disputed at the bank. Nothing can be canceled until the bank has decided."
OVER = "{} is over, so it can’t be canceled."
NOT_SOLD = "This is no longer sold, so it can’t be canceled here."
OWED = "{} has started and isn’t paid yet, so it can’t be canceled here."


class By(TextChoices):
    TERMS = "terms", "canceled by the payer"
    WITHDRAWAL = "withdrawal", "withdrawn by the payer"
    ATTENDEE = "attendee", "canceled by the student"
    STAFF = "staff", "canceled by the school"


@dataclass(frozen=True)
class Way:
    by: str
    steps: Mapping[int, Step]
    """The refund step of each line, by the line's id."""
    staff: User | None = None

    @classmethod
    def of_staff(cls, line: OrderLine, step: Step, staff: User) -> "Way":
        # Staff may refund more or less than the terms.
        return cls(By.STAFF, {line.pk: step}, staff)

    @property
    def is_withdrawal(self) -> bool:
        return self.by == By.WITHDRAWAL


@contextmanager
def _of_what_is_sold() -> Iterator[None]:
    try:
        yield
    except (kinds.UnknownKind, kinds.Unavailable):
        raise CannotBe(NOT_SOLD) from None


def behind(order: Order) -> list[Order]:
    """Return the order and those that paid for the lines it replaced in exchanges."""
    lines = order.lines.filter(cancelled_at=None)
    return list(dict.fromkeys([order, *(earlier.order for line in lines for earlier in exchanges.chain(line))]))


def check(order: Order, at: datetime) -> None:
    if order.has_lapsed(at):
        raise CannotBe(LAPSED)
    if order.state not in (Order.State.PLACED, Order.State.PAID):
        raise CannotBe(CLOSED)
    if is_disputed(order):
        raise CannotBe(DISPUTED)


def is_disputed(order: Order) -> bool:
    return Dispute.objects.filter(payment__order__in=behind(order), state=Dispute.State.OPEN).exists()


@_of_what_is_sold()
def of(order: Order, lines: Sequence[OrderLine], at: datetime) -> list[Way]:
    """Return the best option for the payer, and a second one only if it refunds more as account credit."""
    check(order, at)
    if not lines:
        raise CannotBe(CLOSED)
    for line in lines:
        used = kinds.of(line).share_used(line, at)
        if used >= 1:
            raise CannotBe(OVER.format(line))
        if used and order.state == Order.State.PLACED:
            raise CannotBe(OWED.format(line))
    by_terms = {line.pk: promised(order, line, at) for line in lines}
    by_law = {line.pk: step for line in lines if (step := _by_law(order, line, at)) is not None}
    if not by_law:
        return [Way(By.TERMS, by_terms)]
    best = {}
    for pk, agreed in by_terms.items():
        legal = by_law.get(pk, agreed)
        terms_are_better = agreed.gives == Gives.REFUND and agreed.percent > legal.percent
        best[pk] = agreed if terms_are_better else legal
    options = [Way(By.WITHDRAWAL, best)]
    if any(step.percent > best[pk].percent for pk, step in by_terms.items()):
        options.append(Way(By.TERMS, by_terms))
    return options


@_of_what_is_sold()
def promised(order: Order, line: OrderLine, at: datetime) -> Step:
    # A line that is unpaid or unfulfilled is refunded in full.
    kind = kinds.of(line)
    is_exchanged = line.replaces is not None and line.replaces.replaced_at is not None
    if not is_exchanged and (order.state == Order.State.PLACED or not kind.fulfilled_lines([line])):
        return ALL_OF_IT
    return _at_most(kind.max_refund_percent(line), terms.sold(line, at).at(at))


def _by_law(order: Order, line: OrderLine, at: datetime) -> Step | None:
    agreed = terms.sold(line, at)
    if not terms.may_withdraw(order, agreed, at):
        return None
    kind = kinds.of(line)
    unused = (100 * (1 - kind.share_used(line, at))).quantize(Decimal("0.01"))
    return _at_most(kind.max_refund_percent(line), Step(unused if agreed.keeps_used else Decimal(100)))


def _at_most(percent: Decimal, step: Step) -> Step:
    return replace(step, percent=min(step.percent, percent))
