"""The options for canceling order lines, and what each refunds: the agreed terms or the right of withdrawal."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from billing.domain import product_kinds
from billing.domain.refunds import terms
from billing.domain.refunds.order_snapshot import OrderSnapshots, chain_of_exchanged_lines, load_order_snapshots
from billing.errors import OrderTransitionRefused, ProductUnavailable
from billing.models import CanceledBy, Order, OrderLine
from billing.rules.terms import RefundMethod, TermsStep
from users.models import User

ALL_OF_IT = TermsStep()
CLOSED = "This order is already closed."
EXPIRED = "This order has expired, so there is nothing to cancel."
DISPUTED = "The payment is disputed at the bank. Nothing can be canceled until the bank has decided."
OVER = "{} is over, so it can’t be canceled."
NOT_SOLD = "This is no longer sold, so it can’t be canceled here."
OWED = "{} has started and isn’t paid yet, so it can’t be canceled here."


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


def check_can_be_canceled(order: Order, at: datetime, snapshots: OrderSnapshots | None = None) -> None:
    """`snapshots` holds the orders if they are loaded already. Raises OrderTransitionRefused."""
    snapshots = snapshots or load_order_snapshots([order.pk], at)
    if snapshots[order.pk].order.has_expired(at):
        raise OrderTransitionRefused(EXPIRED)
    if not snapshots[order.pk].is_open:
        raise OrderTransitionRefused(CLOSED)
    if any(snapshot.disputed for snapshot in snapshots.values()):
        raise OrderTransitionRefused(DISPUTED)


@_refuse_unknown_products()
def options_for_lines(
    order: Order, lines: Sequence[OrderLine], at: datetime, snapshots: OrderSnapshots | None = None
) -> list[CancellationOption]:
    """Return the best option for the payer, and a second one only if it refunds more as account credit."""
    snapshots = snapshots or load_order_snapshots([order.pk], at)
    check_can_be_canceled(order, at, snapshots)
    order = snapshots[order.pk].order
    if not lines:
        raise OrderTransitionRefused(CLOSED)
    by_terms, by_law = {}, {}
    for line in lines:
        used, agreed = _share_used(order, line, at), terms.terms_sold(line, at)
        by_terms[line.pk] = _agreed_step(snapshots, line, agreed.at(at))
        if terms.can_withdraw(order, agreed, at):
            unused = (100 * (1 - used)).quantize(Decimal("0.01"))
            by_law[line.pk] = _limit_percent(line, TermsStep(unused if agreed.keeps_used else Decimal(100)))
    if not by_law:
        return [CancellationOption(CanceledBy.TERMS, by_terms)]
    best = {}
    for pk, step in by_terms.items():
        legal = by_law.get(pk, step)
        terms_are_better = step.gives == RefundMethod.REFUND and step.percent > legal.percent
        best[pk] = step if terms_are_better else legal
    options = [CancellationOption(CanceledBy.WITHDRAWAL, best)]
    if any(step.percent > best[pk].percent for pk, step in by_terms.items()):
        options.append(CancellationOption(CanceledBy.TERMS, by_terms))
    return options


def _share_used(order: Order, line: OrderLine, at: datetime) -> Decimal:
    used = product_kinds.kind_of_line(line).share_used(line, at)
    if used >= 1:
        raise OrderTransitionRefused(OVER.format(line))
    if used and order.state == Order.State.PLACED:
        raise OrderTransitionRefused(OWED.format(line))
    return used


@_refuse_unknown_products()
def step_for_staff(line: OrderLine, at: datetime) -> TermsStep:
    """Return what the terms give, from which staff start. Raises OrderTransitionRefused."""
    snapshots = load_order_snapshots([line.order_id], at)
    check_can_be_canceled(line.order, at, snapshots)
    return _agreed_step(snapshots, line, terms.terms_sold(line, at).at(at))


def _agreed_step(snapshots: OrderSnapshots, line: OrderLine, step: TermsStep) -> TermsStep:
    # A line that is unpaid or unfulfilled is refunded in full.
    snapshot, kind = snapshots[line.order_id], product_kinds.kind_of_line(line)
    was_exchanged = len(chain_of_exchanged_lines(snapshots, line)) > 1
    if not was_exchanged and (snapshot.order.state == Order.State.PLACED or not kind.fulfilled_lines([line])):
        return ALL_OF_IT
    return _limit_percent(line, step)


def _limit_percent(line: OrderLine, step: TermsStep) -> TermsStep:
    most = product_kinds.kind_of_line(line).max_refund_percent(line)
    return replace(step, percent=min(step.percent, most))
