"""The refunds of a cancellation, an exchange or an overpayment, as a value; see plan_builder.py and apply.py."""

from dataclasses import dataclass, fields
from decimal import Decimal

from billing import gateways
from billing.domain.refunds.order_snapshot import OrderSnapshot, in_spot_sequence
from billing.domain.refunds.refund_shares import AnyRefundRequest, PricedOrder, RefundShare
from billing.models import Order, OrderLine, Payment
from billing.rules.terms import RefundMethod, TermsStep
from common.money import ZERO

State = Order.State
Parts = list[tuple[Payment, Decimal]]
NO_LINE = 0
"""The line of a request that refunds what was paid too much for a whole order."""


@dataclass(frozen=True)
class RefundTerms:
    """The percentage of the surplus that is returned, and how it is returned."""

    percent: Decimal = Decimal(100)
    as_credit: bool = False
    override_terms: bool = False
    """The school decided the percentage, so it also applies to the lines that were replaced."""

    @classmethod
    def from_step(cls, step: TermsStep, *, override_terms: bool = False) -> "RefundTerms":
        return cls(step.percent, step.gives == RefundMethod.CREDIT, override_terms)


@dataclass(frozen=True)
class OrderRefundPlan:
    """The refunds of one order."""

    snapshot: OrderSnapshot
    requests: tuple[AnyRefundRequest, ...]
    shares: tuple[RefundShare, ...]
    stages: tuple[PricedOrder, ...]
    """The order as it is now and after each request."""
    blocked_reason: str = ""
    """This says why nothing can be refunded now. It was checked before anything was changed."""
    closes_as: str = ""
    """The unpaid order as a whole ends in this state."""

    @property
    def order(self) -> Order:
        return self.snapshot.order

    @property
    def priced_order(self) -> PricedOrder:
        return self.stages[-1]

    @property
    def money(self) -> Decimal:
        return sum((share.money for share in self.shares), ZERO)

    @property
    def charge_reduction(self) -> Decimal:
        """The amount by which the paid order costs less, apart from what the school keeps."""
        kept = sum(self.priced_order.kept.values(), ZERO)
        return self.snapshot.priced_order.amount_charged - self.priced_order.amount_charged - kept

    @property
    def splits(self) -> list[tuple[Decimal, Decimal]]:
        """For each request, the amount refunded to the original method and the amount that becomes credit. Payments by
        gift voucher never become credit, and neither does anything without an account."""
        voucher_amount, found = self.snapshot.voucher_amount, []
        for request, share in zip(self.requests, self.shares, strict=True):
            to_credit = share.money if request.as_credit and self.order.payer_id is not None else ZERO
            onto_vouchers = min(to_credit, voucher_amount)
            voucher_amount -= onto_vouchers
            found.append((share.money - to_credit + onto_vouchers, to_credit - onto_vouchers))
        return found

    @property
    def as_credit(self) -> Decimal:
        return sum((credit for _, credit in self.splits), ZERO)

    @property
    def refunded(self) -> Decimal:
        return self.money - self.as_credit

    @property
    def parts(self) -> Parts:
        pairs = zip(self.requests, self.shares, strict=True)
        as_credit_requested = sum((share.money for request, share in pairs if request.as_credit), ZERO)
        onto_vouchers = as_credit_requested - self.as_credit if self.order.payer_id is not None else ZERO
        return self.snapshot.divide_refund(self.refunded, onto_vouchers, self.priced_order)

    @property
    def ended(self) -> frozenset[int]:
        return frozenset(request.line for request in self.requests if request.ends_line) - {NO_LINE}

    @property
    def ended_lines(self) -> list[OrderLine]:
        return in_spot_sequence(line for line in self.snapshot.lines if line.pk in self.ended)

    @property
    def open_balance(self) -> Decimal:
        return ZERO if self.closes_as else self.snapshot.open_balance(self.priced_order, self.money)

    @property
    def becomes_paid(self) -> bool:
        """Less is due now, so that the unpaid order is paid by what was received for it."""
        is_open = self.order.state == State.PLACED and bool(self.priced_order.price_request.lines)
        return is_open and self.priced_order.price.total <= self.snapshot.available_amount - self.money


@dataclass(frozen=True)
class RefundOutcome:
    """The result of one request, in its order and in the earlier orders of exchanged lines."""

    refund: Decimal = ZERO
    new_credit: Decimal = ZERO
    old_credit: Decimal = ZERO
    waived: Decimal = ZERO
    kept: Decimal = ZERO
    pending: Decimal = ZERO
    blocked_reason: str = ""
    parts: tuple[tuple[Payment, Decimal], ...] = ()
    """The part of the refund that each payment receives."""

    @property
    def by_hand(self) -> Decimal:
        hands = dict(gateways.desk_methods())
        return sum((part for payment, part in self.parts if payment.variant in hands), ZERO)

    @property
    def onto_vouchers(self) -> Decimal:
        return sum((part for payment, part in self.parts if gateways.keeps_our_own_money(payment)), ZERO)

    def __add__(self, other: "RefundOutcome") -> "RefundOutcome":
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return RefundOutcome(**sums | {"blocked_reason": self.blocked_reason or other.blocked_reason})


@dataclass(frozen=True)
class LineChange:
    """One request in its order, before and after."""

    snapshot: OrderSnapshot
    before: PricedOrder
    after: PricedOrder


@dataclass(frozen=True)
class RefundPlan:
    """The refunds of all orders, with the outcome of each line by its id and what it changes in each order."""

    order_plans: tuple[OrderRefundPlan, ...]
    by_line: dict[int, RefundOutcome]
    changes: dict[int, tuple[LineChange, ...]]
    exchange_conflicts: tuple[tuple[Order, str], ...] = ()
    """Orders with a line that is being exchanged at this moment, and the sentence that says so."""

    @property
    def money(self) -> Decimal:
        return sum((order_plan.money for order_plan in self.order_plans), ZERO)

    @property
    def outcome(self) -> RefundOutcome:
        return sum(self.by_line.values(), RefundOutcome())

    @property
    def blocked_reason(self) -> str:
        return next((order_plan.blocked_reason for order_plan in self.order_plans if order_plan.blocked_reason), "")

    def plan_of(self, order: Order) -> OrderRefundPlan:
        return next(order_plan for order_plan in self.order_plans if order_plan.order.pk == order.pk)
