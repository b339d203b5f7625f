"""The classes to which a spot can be transferred, with what each would cost or refund."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.domain.pricing import balances, quotes
from billing.domain.refunds import exchanges
from billing.domain.refunds.exchanges import Exchange
from billing.models import OrderLine
from classwork.domain.catalog.class_summary import ClassSummary
from classwork.models import ClassOffer
from common import dates
from common.money import ZERO, percent_of
from registrations.domain import capacity, late_joining, registration_window
from registrations.domain.capacity import Availability
from registrations.domain.transfers import to_class
from registrations.domain.waitlist import open_offers
from registrations.models import Registration
from users.models import User


@dataclass(frozen=True)
class TransferOption:
    """A class that the spot could be transferred to."""

    listed: ClassSummary
    availability: Availability
    to_pay: Decimal
    refund_amount: Decimal
    as_credit: bool
    is_offered: bool = False
    """True if the waitlist has offered this class to the student."""
    why_not: str = ""

    @property
    def is_full(self) -> bool:
        return self.availability.is_full and not self.is_offered

    @property
    def availability_text(self) -> str:
        return "" if self.is_full else self.availability.status_text

    @property
    def is_even(self) -> bool:
        return not self.to_pay and not self.refund_amount


def transfer_options(registration: Registration, viewer: User, at: datetime) -> list[TransferOption]:
    line = to_class.transferable_line(registration, at)
    to_class.check_deadline(registration, settings.TRANSFER_UNTIL_CLASS, at)
    live = Registration.objects.whole_class().live().filter(student=registration.student_id)
    attended = set(live.values_list("class_offer", flat=True))
    class_offers = [each for each in registration_window.open_classes(at) if each.pk not in attended]
    availability_by_class = capacity.availability_by_class(class_offers, at)
    price_of, surplus = _price_function(line, at), exchanges.surplus_refund_terms(line, at)
    offered_classes = {entry.class_offer_id for entry in open_offers.offers_to_student_alone(registration)}
    today = dates.to_local_time(at).date()
    choices = []
    for class_offer in class_offers:
        (to_pay, over), why_not = price_of(class_offer), ""
        refund = percent_of(over, surplus.percent, line.order.currency)
        if (to_pay or refund) and not line.order.belongs_to(viewer):
            to_pay, refund, why_not = ZERO, ZERO, to_class.OTHERS_MONEY  # Only the payer may see amounts.
        listed, availability = ClassSummary(class_offer, today), availability_by_class[class_offer.pk]
        is_offered = class_offer.pk in offered_classes
        choices.append(TransferOption(listed, availability, to_pay, refund, surplus.as_credit, is_offered, why_not))
    return choices


def _price_function(line: OrderLine, at: datetime) -> Callable[[ClassOffer], tuple[Decimal, Decimal]]:
    """Return a function that says what another class costs now, and how much more than that was paid."""
    exchange = Exchange.of(line, at) if line.order.is_paid else None
    before = balances.price_at(line.order, at).lines[line.pk]

    def price_of(class_offer: ClassOffer) -> tuple[Decimal, Decimal]:
        facts = registration_window.class_price_facts(class_offer, late_joining.joining_terms(class_offer, at))
        item = quotes.PriceLine(0, line.kind, class_offer.pk, exchange.facts(facts) if exchange else facts)
        lost = quotes.lines_past_early_price([item], at)
        price = quotes.compute_price(quotes.PriceRequest((item,), line.order.currency, lost=lost, ordered_at=at))
        if exchange is None:
            return max(price.total - before, ZERO), ZERO
        return price.total, exchange.worth.paid + price.by_step("exchange_credit")

    return price_of
