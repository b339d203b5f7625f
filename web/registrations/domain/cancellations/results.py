"""The outcome of a cancellation for each student, from the refunds and credit that it booked."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum

from billing import gateways
from billing.domain.refunds.plan import RefundOutcome
from billing.models import Order, Refund
from billing.models.fields import exact_sum
from common.formats import format_money
from registrations.domain.cancellations.compensation import CompensationTotals
from registrations.models import ClassCancellation, CompensationPolicy, StudentCompensation

OPEN = (Refund.State.RESERVED, Refund.State.SENT)
CASH = "cash"
ORDER = "registration__line__order"


def attach_refunds(outcomes: Mapping[StudentCompensation, RefundOutcome], refunds: Iterable[Refund]) -> None:
    by_payment: dict[int, Refund] = {}
    for refund in refunds:
        by_payment.setdefault(refund.payment_id, refund)
    through = StudentCompensation.refunds.through
    links = []
    for outcome, refund_outcome in outcomes.items():
        own_refunds = (by_payment[payment.pk] for payment, _ in refund_outcome.parts)
        links += [through(studentcompensation_id=outcome.pk, refund_id=refund.pk) for refund in own_refunds]
        outcome.by_hand, outcome.onto_vouchers = refund_outcome.by_hand, refund_outcome.onto_vouchers
    through.objects.bulk_create(links)
    StudentCompensation.objects.bulk_update(outcomes, ["by_hand", "onto_vouchers"], batch_size=200)


# -- display ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompensationResult:
    outcome: StudentCompensation

    @property
    def order(self) -> Order | None:
        line = self.outcome.registration.line
        return line.order if line else None

    @property
    def by_hand(self) -> list[Refund]:
        hands = dict(gateways.desk_methods())
        return [refund for refund in self.outcome.refunds.all() if refund.payment.variant in hands]

    @property
    def to_hand_over(self) -> list[int]:
        return sorted({refund.payment.order_id for refund in self.by_hand if refund.state in OPEN})

    @property
    def parts(self) -> list[str]:
        outcome = self.outcome
        labels = dict(gateways.desk_methods())
        variants = {refund.payment.variant for refund in self.by_hand}
        how = (
            "in cash" if variants <= {CASH} else "by " + " and ".join(sorted(labels[name].lower() for name in variants))
        )
        named = [
            (outcome.refunded - outcome.by_hand - outcome.onto_vouchers, "{} refunded"),
            (outcome.by_hand, f"{{}} to hand over {how}" if self.to_hand_over else f"{{}} handed over {how}"),
            (outcome.onto_vouchers, "{} back on the gift voucher"),
            (outcome.credited, "{} credited"),
            (outcome.credit_returned, "{} of credit returned"),
            (outcome.no_longer_due, "{} no longer due"),
            (outcome.on_hold, "{} on hold"),
        ]
        currency = self.order.currency if self.order else ""
        return [text.format(format_money(amount, currency)) for amount, text in named if amount]

    def __str__(self) -> str:
        policy = CompensationPolicy(self.outcome.policy)
        moved = [str(policy.label)] if policy in (CompensationPolicy.MAKE_UP, CompensationPolicy.EXTENSION) else []
        nothing = (
            "Nothing to refund"
            if policy in (CompensationPolicy.REFUND, CompensationPolicy.CREDIT)
            else str(policy.label)
        )
        return "; ".join(moved + self.parts) or nothing


def outcome_totals(cancellation: ClassCancellation) -> list[CompensationTotals]:
    ordered = cancellation.compensations.filter(**{f"{ORDER}__isnull": False})
    by_currency = ordered.order_by(f"{ORDER}__currency").values(currency=F(f"{ORDER}__currency"))
    names = ("amount", "credited", "on_hold", "credit_returned", "no_longer_due", "by_hand")
    totals = []
    row: dict[str, Any]
    for row in by_currency.annotate(**{f"sum_{name}": Sum(name) for name in names}):  # type: ignore[assignment]
        sums = {name: exact_sum(row[f"sum_{name}"]) for name in names}
        totals.append(
            CompensationTotals(
                row["currency"],
                refund=sums["amount"] - sums["credited"] - sums["on_hold"],
                by_hand=sums["by_hand"],
                new_credit=sums["credited"],
                old_credit=sums["credit_returned"],
                waived=sums["no_longer_due"],
                pending=sums["on_hold"],
            )
        )
    return totals
