"""Joining a class that has begun: from which of its classes on, until when, and what it costs then.

Left are the classes that take place and have not started: one that has started counts as gone, as it does for paying in
advance. The price is the full one times what is left of what takes place; nobody joins for less than one class.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from billing.kinds import ZERO
from billing.models import OrderLine
from classwork.models import ClassOffer
from common.money import rounded

TOO_LATE = "It’s too late to join this class. New students could join until class {}."


@dataclass(frozen=True)
class Joining:
    """As it is for whoever joins now."""

    left: int
    of: int
    full: Decimal
    less: Decimal = ZERO
    said: str = ""

    @property
    def is_late(self) -> bool:
        return self.left < self.of

    @property
    def number(self) -> int:
        """The first class that they come to."""
        return self.of - self.left + 1

    @property
    def net_price(self) -> Decimal:
        return self.full - self.less

    @property
    def reason_text(self) -> str:
        """Why it costs less."""
        return self.said or (f"Joins from class {min(self.number, self.of)} of {self.of}" if self.is_late else "")


def of(offer: ClassOffer, at: datetime) -> Joining:
    starts = [meeting.starts_at for meeting in offer.meetings.all() if not meeting.is_cancelled]
    left = sum(start > at for start in starts)
    less = reduction(offer.full_price, left, len(starts), settings.CURRENCY) if is_pro_rata(offer) else ZERO
    return Joining(left, len(starts), offer.full_price, less)


def offered(offer: ClassOffer, at: datetime) -> Joining:
    """For a page: what nobody can join any more has its full price."""
    now = of(offer, at)
    if now.left and not too_late(offer, at):
        return now
    return Joining(now.of, now.of, offer.full_price)


def is_pro_rata(offer: ClassOffer) -> bool:
    return settings.LATE_JOINERS_PAY_PRO_RATA if offer.pro_rata is None else offer.pro_rata


def reduction(full: Decimal, left: int, of: int, currency: str) -> Decimal:
    """What is off the full price, rounded half-up as every discount is."""
    gone = of - max(left, 1)
    return rounded(full * gone / of, currency) if gone > 0 else ZERO


def last_to_join(offer: ClassOffer) -> int:
    """0: any of them."""
    return settings.LAST_JOINING if offer.last_joining is None else offer.last_joining


def too_late(offer: ClassOffer, at: datetime) -> str:
    """'' while one can join."""
    last = last_to_join(offer)
    return TOO_LATE.format(last) if last and of(offer, at).number > last else ""


def at_the_desk(line: OrderLine, offer: ClassOffer, at: datetime) -> str:
    """The desk asks nothing else; letting people join late is a right of its own."""
    return "" if line.details.get("late") else too_late(offer, at)
