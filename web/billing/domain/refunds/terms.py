"""Terms of cancelling: what is promised to whoever buys, and what holds for whoever has bought."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from billing import kinds
from billing.kinds import Facts, Gives, Step, Terms
from billing.models import Order, OrderLine
from common.formats import format_date, format_moment, format_percent

EXCEPT_USED = ", except for what you’ve already used"
FREE = "This is free, so there’s nothing to refund."


def offered(line: OrderLine, at: datetime) -> Terms:
    """What buying it now promises: the kind's own terms, and the law's."""
    return with_the_law(kinds.of(line).terms(line, at))


def with_the_law(terms: Terms) -> Terms:
    return replace(terms, withdrawal_days=settings.WITHDRAWAL_DAYS, keeps_used=settings.WITHDRAWAL_KEEPS_USED)


def sold(line: OrderLine, at: datetime) -> Terms:
    """What was promised when it was bought. A class that moves takes its dates along, though only to the buyer's good:
    a moment that was named still holds, and where the rule has a later one by now, that one does."""
    try:
        kind = kinds.of(line)
        promised = Terms.from_json(line.terms) if line.terms else offered(line, at)
        return replace(promised, steps=tuple(_as_it_stands(kind, line, step) for step in promised.steps))
    except (kinds.UnknownKind, kinds.Unavailable):
        return Terms.from_json(line.terms) if line.terms else Terms(())


def _as_it_stands(kind: kinds.ProductKind, line: OrderLine, step: Step) -> Step:
    now = kind.step_deadline(line, step.rule) if step.rule else None
    if now is None or (step.until is not None and now <= step.until):
        return step
    return replace(step, until=now)


# -- withdrawing -------------------------------------------------------------------------------------------------


def last_day_to_withdraw(order: Order, terms: Terms) -> date | None:
    """The whole day counts; None where there is no right to it."""
    if not terms.withdrawal_days or order.placed_at is None:
        return None
    return timezone.localdate(order.placed_at) + timedelta(days=terms.withdrawal_days)


def may_withdraw(order: Order, terms: Terms, at: datetime) -> bool:
    last = last_day_to_withdraw(order, terms)
    return last is not None and timezone.localdate(at) <= last


# -- in words ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    text: str
    is_over: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Promise:
    """What is promised about one line."""

    line: OrderLine
    sentences: list[Sentence]
    withdrawal: str
    may_withdraw: bool


def promises(order: Order, at: datetime) -> list[Promise]:
    """What holds for each line of an order that stands; of one that is closed there is nothing to say."""
    if order.state not in (Order.State.PLACED, Order.State.PAID) or order.has_lapsed(at):
        return []
    live = order.lines.filter(cancelled_at=None, kind__in=settings.PRODUCT_KINDS)
    return [_promise(line, at) for line in live if not line.given_away(at)]


def _promise(line: OrderLine, at: datetime) -> Promise:
    holds = sold(line, at)
    by_law = may_withdraw(line.order, holds, at)
    if line.facts and Facts.from_json(line.facts).is_free:
        return Promise(line, [Sentence(FREE)], "", by_law)
    return Promise(line, sentences(holds, at), withdrawal(holds, line.order) if by_law else "", by_law)


def withdrawal(terms: Terms, order: Order | None = None) -> str:
    """The right that the law gives; before an order is placed its days are counted, afterwards the last is named."""
    if not terms.withdrawal_days:
        return ""
    last = last_day_to_withdraw(order, terms) if order else None
    days = "one day" if terms.withdrawal_days == 1 else f"{terms.withdrawal_days} days"
    until = f"Until the end of {format_date(last)}" if last else f"Within {days} after ordering"
    right = "you can withdraw for any reason and get a full refund to your original payment method"
    return f"{until} {right}{EXCEPT_USED if terms.keeps_used else ''}."


def sentences(terms: Terms, at: datetime | None = None) -> list[Sentence]:
    """With `at`, those whose time is over are marked."""
    said = [Sentence(_sentence(step), bool(at and step.until and step.until < at)) for step in terms.steps]
    note = [Sentence(terms.note)] if terms.note else []
    endless = any(step.until is None and not step.rule for step in terms.steps)
    last = "No refunds after that." if terms.steps else "No refunds."
    return [*said, *note] if endless else [*said, Sentence(last), *note]


def _sentence(step: Step) -> str:
    back = what(step)
    if step.until is not None:
        about = f" ({step.label})" if step.label else ""
        return f"Until {format_moment(step.until)}{about}, {back}."
    return f"Until {step.label}, {back}." if step.rule else f"{back[0].upper()}{back[1:]}."


def what(step: Step) -> str:
    if not step.percent:
        return "there is no refund"
    as_credit = " as account credit" if step.gives == Gives.CREDIT else ""
    if step.percent == 100 and not as_credit:
        return "you get a full refund"
    share = "everything" if step.percent == 100 else format_percent(step.percent)
    return f"you get {share} back{as_credit}"
