"""What a cancellation refunds, as the payer and the desk see it: the plan of the refund in rows and sums."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.utils.crypto import salted_hmac

from billing import gateways
from billing.domain.cancellations.cancellation_options import CancellationOption
from billing.domain.pricing import quotes
from billing.domain.refunds import handovers, terms
from billing.domain.refunds.order_snapshot import OrderSnapshot
from billing.domain.refunds.plan import LineChange, RefundOutcome, RefundPlan
from billing.models import OrderLine
from common.money import ZERO, round_amount

ALREADY_REFUNDED = "Already refunded"


@dataclass(frozen=True)
class QuoteRow:
    """One step of the calculation."""

    text: str
    amount: Decimal
    picked_up: bool = False
    """The payer picks the amount up at the desk."""


@dataclass(frozen=True)
class LineCancellationQuote:
    """The result for one line, or for an unpaid order that is canceled as a whole."""

    lines: tuple[OrderLine, ...]
    title: str
    terms_text: str
    rows: tuple[QuoteRow, ...]
    money: tuple[QuoteRow, ...]
    """The refund of each payment."""
    credit: Decimal
    """The part that becomes account credit instead of a refund."""
    returned: Decimal
    """The spent credit that is returned."""
    kept: Decimal

    @property
    def refunded(self) -> Decimal:
        return sum((row.amount for row in self.money), ZERO)

    @property
    def picked_up(self) -> Decimal:
        return sum((row.amount for row in self.money if row.picked_up), ZERO)

    @property
    def kept_as_deduction(self) -> Decimal:
        return -self.kept

    @property
    def has_price(self) -> bool:
        return bool(self.rows or self.kept)

    @property
    def has_amounts(self) -> bool:
        return bool(self.has_price or self.money or self.credit or self.returned)

    @property
    def worth(self) -> Decimal:
        return sum((row.amount for row in self.rows), ZERO)


@dataclass(frozen=True)
class CancellationQuote:
    option: CancellationOption
    currency: str
    parts: tuple[LineCancellationQuote, ...]
    due_before: Decimal
    due: Decimal
    plan: RefundPlan = field(compare=False)
    """The quote tells what is in this plan."""

    @property
    def money(self) -> list[QuoteRow]:
        return [row for part in self.parts for row in part.money]

    @property
    def refunded(self) -> Decimal:
        return sum((part.refunded for part in self.parts), ZERO)

    @property
    def picked_up(self) -> Decimal:
        return sum((part.picked_up for part in self.parts), ZERO)

    @property
    def refunded_to_payment(self) -> Decimal:
        return self.refunded - self.picked_up

    @property
    def credit(self) -> Decimal:
        return sum((part.credit + part.returned for part in self.parts), ZERO)

    @property
    def has_refund(self) -> bool:
        return bool(self.refunded or self.credit)

    @property
    def kept(self) -> Decimal:
        return sum((part.kept for part in self.parts), ZERO)

    @property
    def fingerprint(self) -> str:
        """A signature of the quote for the confirmation form. Participants see it, but must not see the amounts."""
        sums = [(part.title, part.money, part.credit, part.returned, part.kept) for part in self.parts]
        terms_text = repr((str(self.option.by), sums, self.due))
        return salted_hmac("billing.quoting", terms_text).hexdigest()[:32]

    def results(self, at: datetime) -> dict[int, dict[str, str]]:
        """Return what is stored with each line. An order that ends as a whole has one part for all its lines."""
        found: dict[int, dict[str, str]] = {}
        for part in self.parts:
            sums = {name: str(getattr(part, name)) for name in ("picked_up", "credit", "returned", "kept")}
            sums["back"] = str(part.refunded)
            for number, line in enumerate(part.lines):
                ended = {"by": str(self.option.by), "at": at.isoformat(), "title": str(line), "said": part.terms_text}
                found[line.pk] = ended | (sums if number == 0 else dict.fromkeys(sums, "0"))
        return found


# -- the quote of a plan -----------------------------------------------------------------------------------------


def build_quote(snapshot: OrderSnapshot, option: CancellationOption, plan: RefundPlan) -> CancellationQuote:
    order_plan, currency = plan.plan_of(snapshot.order), snapshot.order.currency
    lines = order_plan.ended_lines
    groups = [lines] if order_plan.closes_as else [[line] for line in lines]
    return CancellationQuote(
        option,
        currency,
        tuple(_quote_lines(group, option, plan, currency) for group in groups),
        round_amount(snapshot.open_balance(snapshot.priced_order), currency),
        round_amount(order_plan.open_balance, currency),
        plan,
    )


def _quote_lines(
    lines: Sequence[OrderLine], option: CancellationOption, plan: RefundPlan, currency: str
) -> LineCancellationQuote:
    outcome = sum((plan.by_line[line.pk] for line in lines), RefundOutcome())
    paid = [change for line in lines for change in plan.changes[line.pk] if change.before.is_paid]
    step = option.steps[lines[0].pk]
    part = LineCancellationQuote(
        lines=tuple(lines),
        title=", ".join(map(str, lines)),
        terms_text=terms.refund_text(step) if paid and step.percent else "",
        rows=tuple(row for change in paid for row in _rows_of_change(change, currency)),
        money=tuple(
            QuoteRow(
                gateways.method_of(payment), round_amount(amount, currency), handovers.is_refund_picked_up(payment)
            )
            for payment, amount in outcome.parts
        ),
        credit=round_amount(outcome.new_credit, currency),
        returned=round_amount(outcome.old_credit, currency),
        kept=round_amount(outcome.kept, currency),
    )
    missing = part.worth - part.refunded - part.credit - part.returned - part.kept
    return replace(part, rows=(*part.rows, QuoteRow(ALREADY_REFUNDED, -missing))) if missing > 0 else part


def _rows_of_change(change: LineChange, currency: str) -> Iterator[QuoteRow]:
    """The price of the canceled line, and the discounts of other lines that depended on it."""
    names = {line.pk: str(line) for line in change.snapshot.lines}
    then, now = _costs_by_label(change.before.price), _costs_by_label(change.after.price)
    left = change.after.price.lines
    for key, steps in then.items():
        if key not in left:
            yield QuoteRow(f"Price of {names[key]}", round_amount(sum(steps.values(), ZERO), currency))
    for key in left:
        steps, new_steps = then.get(key, {}), now.get(key, {})
        for label in steps | new_steps:
            if less := steps.get(label, ZERO) - new_steps.get(label, ZERO):
                text = f"on {names[key]} changes" if new_steps.get(label) else "no longer applies"
                yield QuoteRow(f"{label} {text}", round_amount(less, currency))


def _costs_by_label(price: quotes.Price) -> dict[int, dict[str, Decimal]]:
    # Credit is a payment, so it does not lower the cost.
    costs: dict[int, dict[str, Decimal]] = {}
    for part in price.adjustments:
        if part.step != "credit":
            line = costs.setdefault(part.key, {})
            line[part.label] = line.get(part.label, ZERO) + part.amount
    return costs
