"""What one student gets, and the sums of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing.domain.called_off.doing import Got
from billing.models import Order
from classwork.domain.places.arrows import Seat
from classwork.models import Policy, Ticket
from common.money import show

ZERO = Decimal(0)
NOTHING = Got()


def key_of(seat: Seat) -> str:
    return f"{'ticket' if isinstance(seat, Ticket) else 'place'}_{seat.pk}"


@dataclass(frozen=True)
class Gets:
    seat: Seat
    policy: str
    meetings: int
    of: int
    base: Decimal
    share: Decimal
    in_order: Order | None
    got: Got = NOTHING

    @property
    def key(self) -> str:
        return key_of(self.seat)

    @property
    def is_ticket(self) -> bool:
        return isinstance(self.seat, Ticket)

    @property
    def currency(self) -> str:
        return self.in_order.currency if self.in_order else ""

    @property
    def payer(self) -> str:
        return self.in_order.payer_email if self.in_order else ""

    @property
    def money(self) -> Decimal:
        return self.got.refund + self.got.new_credit + self.got.pending

    @property
    def note(self) -> str:
        """What the office has to know about it."""
        if self.in_order is None:
            return "Has no order here; what they paid elsewhere is settled there."
        if self.got.why_not:
            return self.got.why_not
        if self.got.by_hand:
            return "Was paid at the desk: to be handed back by a person."
        falls_back = self.policy == Policy.CREDIT and self.got.refund
        return "Has no account for credit, so the money goes back." if falls_back else ""

    @property
    def parts(self) -> list[str]:
        """The money of it in words."""
        named = [
            (self.got.refund, "{} back"),
            (self.got.new_credit, "{} as credit"),
            (self.got.old_credit, "{} of their credit back"),
            (self.got.waived, "{} less to pay"),
            (self.got.pending, "{} when it can go back"),
        ]
        return [text.format(show(amount, self.currency)) for amount, text in named if amount]

    @property
    def words(self) -> str:
        if self.parts:
            return ", ".join(self.parts)
        return "Nothing to give back" if self.policy in (Policy.REFUND, Policy.CREDIT) else Policy(self.policy).label

    @property
    def as_read(self) -> tuple[object, ...]:
        return (self.key, self.policy, self.meetings, *self.parts, self.note)


@dataclass(frozen=True)
class Totals:
    currency: str
    refund: Decimal = ZERO
    new_credit: Decimal = ZERO
    old_credit: Decimal = ZERO
    waived: Decimal = ZERO
    pending: Decimal = ZERO
    kept: Decimal = ZERO

    def __add__(self, one: Gets) -> "Totals":
        return Totals(
            self.currency,
            self.refund + one.got.refund,
            self.new_credit + one.got.new_credit,
            self.old_credit + one.got.old_credit,
            self.waived + one.got.waived,
            self.pending + one.got.pending,
            self.kept + one.got.kept,
        )

    @property
    def given(self) -> Decimal:
        return self.refund + self.new_credit + self.old_credit + self.pending

    @property
    def rows(self) -> list[tuple[str, str]]:
        named = [
            ("Money that goes back the way it came", self.refund),
            ("Money that becomes credit", self.new_credit),
            ("Spent credit that comes back", self.old_credit),
            ("Cannot go back now: for the office", self.pending),
            ("Need not be paid any more", self.waived),
            ("Stays with the school", self.kept),
        ]
        return [(name, show(amount, self.currency)) for name, amount in named if amount]

    def __str__(self) -> str:
        return show(self.given, self.currency)


def add_up(gets: Iterable[Gets]) -> list[Totals]:
    found: dict[str, Totals] = {}
    for one in gets:
        if one.currency:
            found[one.currency] = found.get(one.currency, Totals(one.currency)) + one
    return [found[currency] for currency in sorted(found)]
