"""The terms for joining a class late: what is left of it, what it costs, and until when people can join."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.models import OrderLine
from classwork.models import ClassOffer
from common.money import ZERO, round_amount

TOO_LATE = "It’s too late to join this class. New students could join until class {}."


@dataclass(frozen=True)
class JoiningTerms:
    """The terms for a person who joins now. A meeting that has started no longer counts as left."""

    meetings_left: int
    meeting_count: int
    list_price: Decimal
    reduction: Decimal = ZERO
    reduction_reason: str = ""
    early_discount: Decimal = ZERO
    multi_discount: Decimal = ZERO

    @property
    def is_late(self) -> bool:
        return self.meetings_left < self.meeting_count

    @property
    def number(self) -> int:
        return self.meeting_count - self.meetings_left + 1

    @property
    def net_price(self) -> Decimal:
        return self.list_price - self.reduction

    @property
    def reason_text(self) -> str:
        return self.reduction_reason or (
            f"Joins from class {min(self.number, self.meeting_count)} of {self.meeting_count}" if self.is_late else ""
        )


def joining_terms(class_offer: ClassOffer, at: datetime) -> JoiningTerms:
    starts = [meeting.starts_at for meeting in class_offer.uncanceled_meetings]
    left = sum(start > at for start in starts)
    discount = (
        late_joiner_reduction(class_offer.full_price, left, len(starts), settings.CURRENCY)
        if is_pro_rata(class_offer)
        else ZERO
    )
    terms = JoiningTerms(left, len(starts), class_offer.full_price, discount)
    return terms if terms.is_late else _add_discounts(terms, class_offer)


def joining_terms_for_page(class_offer: ClassOffer, at: datetime) -> JoiningTerms:
    terms = joining_terms(class_offer, at)
    if terms.meetings_left and not too_late_message(class_offer, at):
        return terms
    return _add_discounts(JoiningTerms(terms.meeting_count, terms.meeting_count, class_offer.full_price), class_offer)


def _add_discounts(terms: JoiningTerms, class_offer: ClassOffer) -> JoiningTerms:
    """Only people who join before the class begins get these discounts."""
    return replace(terms, early_discount=class_offer.pre_pay_discount, multi_discount=class_offer.multi_discount)


def is_pro_rata(class_offer: ClassOffer) -> bool:
    return settings.LATE_JOINERS_PAY_PRO_RATA if class_offer.pro_rata is None else class_offer.pro_rata


def late_joiner_reduction(full: Decimal, left: int, of: int, currency: str) -> Decimal:
    """Charges for at least one meeting. The result is rounded half up, like every discount."""
    missed = of - max(left, 1)
    return round_amount(full * missed / of, currency) if missed > 0 else ZERO


def last_joinable_class_number(class_offer: ClassOffer) -> int:
    """Returns 0 if people can join until the last meeting."""
    return settings.LAST_JOINABLE_CLASS if class_offer.last_joinable_class is None else class_offer.last_joinable_class


def too_late_message(class_offer: ClassOffer, at: datetime) -> str:
    last = last_joinable_class_number(class_offer)
    return TOO_LATE.format(last) if last and joining_terms(class_offer, at).number > last else ""


def too_late_message_at_desk(line: OrderLine, class_offer: ClassOffer, at: datetime) -> str:
    return "" if line.may_join_late else too_late_message(class_offer, at)
