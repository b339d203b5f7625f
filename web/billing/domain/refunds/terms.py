"""Cancellation terms: those offered with a line, those it was sold with, and their text."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from billing.domain import product_kinds
from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine
from billing.rules.price_facts import PriceFacts
from billing.rules.terms import RefundMethod, Terms, TermsStep
from common.formats import format_date, format_moment, format_percent

EXCEPT_USED = ", except for what you’ve already used"
FREE = "This is free, so there’s nothing to refund."


def terms_offered(line: OrderLine, at: datetime) -> Terms:
    return add_withdrawal_right(product_kinds.kind_of_line(line).terms(line, at))


def add_withdrawal_right(terms: Terms) -> Terms:
    return replace(terms, withdrawal_days=settings.WITHDRAWAL_DAYS, keeps_used=settings.WITHDRAWAL_KEEPS_USED)


def terms_sold(line: OrderLine, at: datetime) -> Terms:
    """Return the terms at purchase. A deadline follows a class that moves, but it only ever becomes later."""
    try:
        kind = product_kinds.kind_of_line(line)
        agreed = Terms.from_json(line.sold_terms) if line.sold_terms else terms_offered(line, at)
        rules = [step.rule for step in agreed.steps if step.rule]
        deadlines, steps = kind.step_deadlines(line, rules) if rules else {}, []
        for step in agreed.steps:
            deadline = deadlines.get(step.rule)
            is_later = deadline is not None and (step.until is None or deadline > step.until)
            steps.append(replace(step, until=deadline) if is_later else step)
        return replace(agreed, steps=tuple(steps))
    except (product_kinds.UnknownProductKind, ProductUnavailable):
        return Terms.from_json(line.sold_terms) if line.sold_terms else Terms(())


# -- withdrawal --------------------------------------------------------------------------------------------------


def last_day_to_withdraw(order: Order, terms: Terms) -> date | None:
    """Return the last day, which counts in full, or None without a right of withdrawal."""
    if not terms.withdrawal_days or order.placed_at is None:
        return None
    return timezone.localdate(order.placed_at) + timedelta(days=terms.withdrawal_days)


def can_withdraw(order: Order, terms: Terms, at: datetime) -> bool:
    last = last_day_to_withdraw(order, terms)
    return last is not None and timezone.localdate(at) <= last


# -- text --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TermsSentence:
    text: str
    is_over: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class LineTerms:
    line: OrderLine
    sentences: list[TermsSentence]
    withdrawal: str
    may_withdraw: bool


def terms_of_lines(order: Order, at: datetime) -> list[LineTerms]:
    if order.state not in (Order.State.PLACED, Order.State.PAID) or order.has_expired(at):
        return []
    line_terms = []
    for line in order.lines.all():
        if line.canceled_at or line.kind not in settings.PRODUCT_KINDS or line.given_away(at):
            continue
        terms = terms_sold(line, at)
        by_law = can_withdraw(line.order, terms, at)
        if line.price_facts and PriceFacts.from_json(line.price_facts).is_free:
            line_terms.append(LineTerms(line, [TermsSentence(FREE)], "", by_law))
        else:
            right = withdrawal_text(terms, line.order) if by_law else ""
            line_terms.append(LineTerms(line, terms_sentences(terms, at), right, by_law))
    return line_terms


def withdrawal_text(terms: Terms, order: Order | None = None) -> str:
    # Before an order is placed, the text names the number of days, afterwards the last day.
    if not terms.withdrawal_days:
        return ""
    last = last_day_to_withdraw(order, terms) if order else None
    days = "one day" if terms.withdrawal_days == 1 else f"{terms.withdrawal_days} days"
    until = f"Until the end of {format_date(last)}" if last else f"Within {days} after ordering"
    right = "you can withdraw for any reason and get a full refund to your original payment method"
    return f"{until} {right}{EXCEPT_USED if terms.keeps_used else ''}."


def terms_sentences(terms: Terms, at: datetime | None = None) -> list[TermsSentence]:
    """Write the terms as sentences. With `at`, steps that have passed are marked as over."""
    texts = []
    for step in terms.steps:
        refund = refund_text(step)
        if step.until is not None:
            label = f" ({step.label})" if step.label else ""
            text = f"Until {format_moment(step.until)}{label}, {refund}."
        else:
            text = f"Until {step.label}, {refund}." if step.rule else f"{refund[0].upper()}{refund[1:]}."
        texts.append(TermsSentence(text, bool(at and step.until and step.until < at)))
    note = [TermsSentence(terms.note)] if terms.note else []
    endless = any(step.until is None and not step.rule for step in terms.steps)
    last = "No refunds after that." if terms.steps else "No refunds."
    return [*texts, *note] if endless else [*texts, TermsSentence(last), *note]


def refund_text(step: TermsStep) -> str:
    if not step.percent:
        return "there is no refund"
    as_credit = " as account credit" if step.gives == RefundMethod.CREDIT else ""
    if step.percent == 100 and not as_credit:
        return "you get a full refund"
    share = "everything" if step.percent == 100 else format_percent(step.percent)
    return f"you get {share} back{as_credit}"
