"""Cancellations that are quoted first and carried out only as quoted.

The quote is the plan of the refund. Under the locks it is planned once more, and carried out if both are the same.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare

from billing.domain.cancellations import cancellation_options, cancellation_quote, line_cancellation
from billing.domain.cancellations.cancellation_options import CancellationOption
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.domain.refunds.order_snapshot import OrderSnapshots, load_order_snapshots
from billing.domain.refunds.plan import RefundTerms
from billing.errors import CancellationChanged
from billing.models import CanceledBy, Order, OrderLine
from history.domain import record_action
from users.models import User

CHANGED = "Something changed since you opened this page. Please check it again; nothing has been canceled yet."


def quotes_for_payer(order: Order, lines: Sequence[OrderLine], at: datetime) -> list[CancellationQuote]:
    """Raises OrderTransitionRefused if the lines cannot be canceled."""
    snapshots = load_order_snapshots([order.pk], at)
    options = cancellation_options.options_for_lines(order, lines, at, snapshots)
    return [quote_cancellation(order, option, at, snapshots) for option in options]


def quote_cancellation(
    order: Order, option: CancellationOption, at: datetime, snapshots: OrderSnapshots | None = None
) -> CancellationQuote:
    """`snapshots` holds the orders if they are loaded already. Raises OrderTransitionRefused."""
    snapshots = snapshots or load_order_snapshots([order.pk], at)
    cancellation_options.check_can_be_canceled(order, at, snapshots)
    by_staff = option.staff is not None
    refund_terms = {line: RefundTerms.from_step(step, override_terms=by_staff) for line, step in option.steps.items()}
    plan = line_cancellation.plan_cancellation(snapshots, order, refund_terms, at)
    return cancellation_quote.build_quote(snapshots[order.pk], option, plan)


@transaction.atomic
def cancel_for_payer(
    order: Order, lines: Sequence[OrderLine], canceled_by: str, at: datetime, *, seen: str, by: User | None = None
) -> CancellationQuote:
    """Cancel by the option of this name. Raises CancellationChanged, also if it is no longer offered."""
    snapshots = load_order_snapshots([order.pk], at, lock=True)
    options = cancellation_options.options_for_lines(order, lines, at, snapshots)
    if canceled_by == CanceledBy.ATTENDEE:  # The attendee does not choose: the best option for the payer counts.
        options = [replace(options[0], by=CanceledBy.ATTENDEE)]
    chosen = next((option for option in options if option.by == canceled_by), None)
    if chosen is None:
        raise CancellationChanged(CHANGED)
    return _cancel_as_quoted(snapshots, order, chosen, at, seen=seen, by=by)


@transaction.atomic
def cancel_as_quoted(
    order: Order, option: CancellationOption, at: datetime, *, seen: str, why: str = "", by: User | None = None
) -> CancellationQuote:
    """Raises CancellationChanged if the result is not the one that was `seen`, and OrderTransitionRefused."""
    snapshots = load_order_snapshots([order.pk], at, lock=True)
    return _cancel_as_quoted(snapshots, order, option, at, seen=seen, why=why, by=by)


def _cancel_as_quoted(
    snapshots: OrderSnapshots,
    order: Order,
    option: CancellationOption,
    at: datetime,
    *,
    seen: str,
    why: str = "",
    by: User | None = None,
) -> CancellationQuote:
    line_cancellation.lock_refundable(snapshots, order, option.steps)
    quote = quote_cancellation(order, option, at, snapshots)
    if not constant_time_compare(quote.fingerprint, seen):
        raise CancellationChanged(CHANGED)
    why = why or f"{CanceledBy(option.by).label.capitalize()}."
    line_cancellation.apply_cancellation(quote.plan, order, at, why=why, by=option.staff, results=quote.results(at))
    if option.staff is None:
        sums = {"back": str(quote.refunded), "credit": str(quote.credit), "kept": str(quote.kept)}
        lines = list(option.steps)
        record_action(by, f"billing.canceled_by_{option.by}", order, lines=lines, currency=order.currency, **sums)
    return quote
