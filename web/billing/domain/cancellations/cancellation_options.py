"""In which ways something that was bought can be given up, and what comes back in each: by its terms, or by the law."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import TextChoices

from billing import kinds
from billing.domain.orders.transitions import CannotBe
from billing.domain.refunds import exchanges, terms
from billing.kinds import Gives, Step, Terms
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
    """For each line what comes back."""
    staff: User | None = None

    @classmethod
    def of_staff(cls, line: OrderLine, step: Step, staff: User) -> "Way":
        """The school may give more than it promised, or less."""
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
    """With those in which was paid for what its lines were exchanged for."""
    lines = order.lines.filter(cancelled_at=None)
    return list(dict.fromkeys([order, *(one.order for line in lines for one in exchanges.chain(line))]))


def check(order: Order, at: datetime) -> None:
    """What stops everybody, the school too. Raises CannotBe."""
    if order.has_lapsed(at):
        raise CannotBe(LAPSED)
    if order.state not in (Order.State.PLACED, Order.State.PAID):
        raise CannotBe(CLOSED)
    if is_disputed(order):
        raise CannotBe(DISPUTED)


def is_disputed(order: Order) -> bool:
    """Does a bank decide at the moment about what was paid for it?"""
    return Dispute.objects.filter(payment__order__in=behind(order), state=Dispute.State.OPEN).exists()


@_of_what_is_sold()
def of(order: Order, lines: Sequence[OrderLine], at: datetime) -> list[Way]:
    """The best for the payer first. A second one only where it has something for it: more, though as credit."""
    check(order, at)
    if not lines:
        raise CannotBe(CLOSED)
    for line in lines:
        _check_begun(order, line, at)
    by_terms = {line.pk: promised(order, line, at) for line in lines}
    by_law = {line.pk: step for line in lines if (step := _by_law(order, line, at)) is not None}
    if not by_law:
        return [Way(By.TERMS, by_terms)]
    best = {pk: _better(step, by_law.get(pk)) for pk, step in by_terms.items()}
    withdrawal = Way(By.WITHDRAWAL, best)
    return [withdrawal, Way(By.TERMS, by_terms)] if _gives_more(by_terms, best) else [withdrawal]


def _check_begun(order: Order, line: OrderLine, at: datetime) -> None:
    used = kinds.of(line).share_used(line, at)
    if used >= 1:
        raise CannotBe(OVER.format(line))
    if used and order.state == Order.State.PLACED:
        raise CannotBe(OWED.format(line))


@_of_what_is_sold()
def promised(order: Order, line: OrderLine, at: datetime) -> Step:
    """Nothing is kept of what was not paid yet, or was paid and never given."""
    kind = kinds.of(line)
    is_carried = line.replaces is not None and line.replaces.replaced_at is not None
    if not is_carried and (order.state == Order.State.PLACED or not kind.fulfilled_lines([line])):
        return ALL_OF_IT
    return _at_most(kind.max_refund_percent(line), terms.sold(line, at).at(at))


def _by_law(order: Order, line: OrderLine, at: datetime) -> Step | None:
    holds = terms.sold(line, at)
    if not terms.may_withdraw(order, holds, at):
        return None
    kind = kinds.of(line)
    return _at_most(kind.max_refund_percent(line), Step(_not_used(holds, kind.share_used(line, at))))


def _at_most(percent: Decimal, step: Step) -> Step:
    return replace(step, percent=min(step.percent, percent))


def _not_used(holds: Terms, used: Decimal) -> Decimal:
    return (100 * (1 - used)).quantize(Decimal("0.01")) if holds.keeps_used else Decimal(100)


def _better(step: Step, law: Step | None) -> Step:
    if law is None or (step.gives == Gives.REFUND and step.percent > law.percent):
        return step
    return law


def _gives_more(steps: Mapping[int, Step], than: Mapping[int, Step]) -> bool:
    return any(step.percent > than[pk].percent for pk, step in steps.items())
