"""The compensation of one student, and its totals."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal

from billing.domain.refunds.plan import RefundOutcome
from billing.models import Order
from common.formats import format_money
from registrations.models import CompensationPolicy, Registration

ZERO = Decimal(0)
NOTHING = RefundOutcome()


def spot_key(spot: Registration) -> str:
    return f"registration_{spot.pk}"


@dataclass(frozen=True)
class Compensation:
    spot: Registration
    policy: str
    meetings: int
    purchased_meetings: int
    total_cost: Decimal
    share: Decimal
    in_order: Order | None
    refund_outcome: RefundOutcome = NOTHING

    @property
    def key(self) -> str:
        return spot_key(self.spot)

    @property
    def is_ticket(self) -> bool:
        return self.spot.is_for_single_meeting

    @property
    def currency(self) -> str:
        return self.in_order.currency if self.in_order else ""

    @property
    def payer(self) -> str:
        return self.in_order.payer_email if self.in_order else ""

    @property
    def money(self) -> Decimal:
        return self.refund_outcome.refund + self.refund_outcome.new_credit + self.refund_outcome.pending

    @property
    def note(self) -> str:
        if self.in_order is None:
            return "No order on this site. Refund it where it was paid."
        if self.refund_outcome.blocked_reason:
            return self.refund_outcome.blocked_reason
        if self.refund_outcome.by_hand:
            return "Paid at the desk: the refund is handed over by a person."
        falls_back = self.policy == CompensationPolicy.CREDIT and self.refund_outcome.refund
        return "No account for credit: refunded instead." if falls_back else ""

    @property
    def parts(self) -> list[str]:
        named = [
            (self.refund_outcome.refund, "{} refunded"),
            (self.refund_outcome.new_credit, "{} as credit"),
            (self.refund_outcome.old_credit, "{} of credit returned"),
            (self.refund_outcome.waived, "{} no longer due"),
            (self.refund_outcome.pending, "{} on hold"),
        ]
        return [text.format(format_money(amount, self.currency)) for amount, text in named if amount]

    @property
    def summary_text(self) -> str:
        if self.parts:
            return ", ".join(self.parts)
        return (
            "Nothing to refund"
            if self.policy in (CompensationPolicy.REFUND, CompensationPolicy.CREDIT)
            else str(CompensationPolicy(self.policy).label)
        )

    @property
    def scope_text(self) -> str:
        days = "one day" if self.is_ticket else f"{self.meetings} of {self.purchased_meetings} class days"
        return f"{days}, order {self.in_order.number}" if self.in_order else days

    @property
    def as_read(self) -> tuple[object, ...]:
        return (self.key, self.policy, self.meetings, *self.parts, self.note)


@dataclass(frozen=True)
class CompensationTotals:
    currency: str
    refund: Decimal = ZERO
    by_hand: Decimal = ZERO
    new_credit: Decimal = ZERO
    old_credit: Decimal = ZERO
    waived: Decimal = ZERO
    pending: Decimal = ZERO
    kept: Decimal = ZERO

    def plus(self, **amounts: Decimal) -> "CompensationTotals":
        return replace(self, **{name: getattr(self, name) + amount for name, amount in amounts.items()})

    def __add__(self, compensation: Compensation) -> "CompensationTotals":
        return self.plus(**{field.name: getattr(compensation.refund_outcome, field.name) for field in fields(self)[1:]})

    @property
    def credited(self) -> Decimal:
        return self.new_credit + self.old_credit

    @property
    def total(self) -> Decimal:
        return self.refund + self.credited + self.pending

    @property
    def sentence(self) -> str:
        named = [
            (self.refund, "{} refunded"),
            (self.credited, "{} credited"),
            (self.pending, "{} on hold"),
            (self.waived, "{} no longer due"),
        ]
        texts = [text.format(format_money(amount, self.currency)) for amount, text in named if amount]
        return "Total: " + (", ".join(texts) or "no refund and no credit")

    @property
    def rows(self) -> list[tuple[str, str]]:
        named = [
            ("Refunded to the original payment method", self.refund - self.by_hand),
            ("Refunded by hand: cash, checks and transfers", self.by_hand),
            ("Account credit instead of a refund", self.new_credit),
            ("Spent credit returned", self.old_credit),
            ("On hold: needs a decision by the office", self.pending),
            ("No longer due", self.waived),
            ("Kept by the school", self.kept),
        ]
        return [(name, format_money(amount, self.currency)) for name, amount in named if amount]

    def __str__(self) -> str:
        return format_money(self.total, self.currency)


def total_by_currency(compensations: Iterable[Compensation]) -> list[CompensationTotals]:
    by_currency: dict[str, CompensationTotals] = {}
    for each in compensations:
        if each.currency:
            by_currency[each.currency] = by_currency.get(each.currency, CompensationTotals(each.currency)) + each
    return [by_currency[currency] for currency in sorted(by_currency)]
