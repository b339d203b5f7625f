"""The classes to which a spot can be transferred, with what each would cost or refund."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.domain.pricing import balances, quotes
from billing.domain.refunds import exchanges
from billing.domain.refunds.exchanges import Exchange, LineWorth
from billing.models import Order, OrderLine
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
    class_offers = [
        class_offer for class_offer in registration_window.open_classes(at) if class_offer.pk not in attended
    ]
    availability_by_class = capacity.availability_by_class(class_offers, at)
    prices = TransferPrices(line, at, is_payer=line.order.belongs_to(viewer))
    offered_classes = {entry.class_offer_id for entry in open_offers.offers_to_student_alone(registration)}
    today = dates.to_local_time(at).date()
    choices = []
    for class_offer in class_offers:
        listed, availability = ClassSummary(class_offer, today), availability_by_class[class_offer.pk]
        is_offered = class_offer.pk in offered_classes
        to_pay, refund, as_credit = prices.of(class_offer)
        if (to_pay or refund) and not prices.is_payer:
            # Only the payer may see amounts.
            choices.append(TransferOption(listed, availability, ZERO, ZERO, False, is_offered, to_class.OTHERS_MONEY))
        else:
            choices.append(TransferOption(listed, availability, to_pay, refund, as_credit, is_offered))
    return choices


class TransferPrices:
    """Prices other classes for the person who has the spot."""

    def __init__(self, line: OrderLine, at: datetime, *, is_payer: bool) -> None:
        self.line, self.at, self.is_payer = line, at, is_payer
        self.is_paid = line.order.state == Order.State.PAID
        self.worth = exchanges.line_worth(line) if self.is_paid else LineWorth(ZERO, ZERO, ZERO)
        self.exchange, self.surplus = Exchange.of(line, at), exchanges.surplus_refund_terms(line, at)
        self.before = balances.price_at(line.order, at).lines[line.pk]

    def of(self, class_offer: ClassOffer) -> tuple[Decimal, Decimal, bool]:
        facts = registration_window.class_price_facts(class_offer, late_joining.joining_terms(class_offer, self.at))
        facts = self.exchange.facts(facts) if self.is_paid else facts
        item = quotes.PriceLine(0, self.line.kind, class_offer.pk, facts)
        lost = quotes.lines_past_early_price([item], self.at)
        request = quotes.PriceRequest((item,), self.line.order.currency, lost=lost, ordered_at=self.at)
        price = quotes.compute_price(request)
        if not self.is_paid:
            return max(price.total - self.before, ZERO), ZERO, False
        over = self.worth.paid + price.by_step("exchange_credit")
        return price.total, percent_of(over, self.surplus.percent, price.currency), self.surplus.as_credit
