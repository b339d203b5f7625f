"""Other classes for somebody who has a place: what more each costs, or what comes back."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.domain.pricing import balances, quotes
from billing.domain.refunds import exchanges
from billing.domain.refunds.exchanges import Exchange, Worth
from billing.kinds import ZERO
from billing.models import Order, OrderLine
from classwork.domain.catalog.class_summary import Listed
from classwork.domain.places import joining, moving, opening, room
from classwork.domain.places.room import Room
from classwork.domain.places.waiting import offered
from classwork.models import ClassOffer, Registration
from common import dates
from common.money import percentage
from users.models import User


@dataclass(frozen=True)
class Option:
    """A class that could be chosen: what more it costs, or what comes back."""

    listed: Listed
    room: Room
    to_pay: Decimal
    back: Decimal
    as_credit: bool
    is_kept: bool = False
    """Offered to them from the waiting list."""
    why_not: str = ""

    @property
    def is_full(self) -> bool:
        return self.room.is_full and not self.is_kept

    @property
    def is_even(self) -> bool:
        return not self.to_pay and not self.back


def options(registration: Registration, viewer: User, at: datetime) -> list[Option]:
    """In the order of the week, without those in which the student is already; as many queries for thirty as for one.
    Raises CannotBe."""
    line = moving.line_of(registration, at)
    moving.check_time(registration, at)
    student = registration.student_id
    mine = set(Registration.objects.live().filter(student=student).values_list("offer", flat=True))
    offers = [offer for offer in opening.open_offers(at) if offer.pk not in mine]
    rooms, prices = room.among(offers, at), Prices(line, at, is_theirs=moving.pays(viewer, line))
    kept = {entry.offer_id for entry in offered.to_alone(registration)}
    return [_option(offer, rooms[offer.pk], prices, offer.pk in kept) for offer in offers]


def _option(offer: ClassOffer, here: Room, prices: "Prices", is_kept: bool) -> Option:
    """Whoever has not paid reads no sums."""
    to_pay, back, as_credit = prices.of(offer)
    listed = Listed(offer, dates.local(prices.at).date())
    if (to_pay or back) and not prices.is_theirs:
        return Option(listed, here, ZERO, ZERO, False, is_kept, moving.OTHERS_MONEY)
    return Option(listed, here, to_pay, back, as_credit, is_kept)


class Prices:
    """What other classes cost whoever has this place."""

    def __init__(self, line: OrderLine, at: datetime, *, is_theirs: bool) -> None:
        self.line, self.at, self.is_theirs = line, at, is_theirs
        self.is_paid = line.order.state == Order.State.PAID
        self.worth = exchanges.worth(line) if self.is_paid else Worth(ZERO, ZERO, ZERO)
        self.exchange, self.surplus = Exchange.of(line, at), exchanges.surplus(line, at)
        self.before = balances.price_at(line.order, at).lines[line.pk]

    def of(self, offer: ClassOffer) -> tuple[Decimal, Decimal, bool]:
        """What is to be paid, what goes back, and whether as credit."""
        facts = opening.facts(offer, joining.of(offer, self.at))
        facts = self.exchange.facts(facts) if self.is_paid else facts
        item = quotes.Item(0, self.line.kind, offer.pk, facts)
        lost = quotes.lost_by([item], self.at)
        price = quotes.price(quotes.Ask((item,), self.line.order.currency, lost=lost))
        if not self.is_paid:
            return max(price.total - self.before, ZERO), ZERO, False
        over = self.worth.paid + price.by_step("carried")
        return price.total, percentage(over, self.surplus.share, price.currency), self.surplus.as_credit
