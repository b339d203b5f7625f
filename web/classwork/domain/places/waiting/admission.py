"""Whether an order line may take a spot now, with the waitlist taken into account."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from billing.kinds import Unavailable
from billing.models import OrderLine
from classwork.domain.places import opening, room
from classwork.domain.places.waiting import queue, reasons
from classwork.domain.places.waiting.balance import EITHER, Counts, Rules, obstacle, settle
from classwork.domain.places.waiting.walk import usable
from classwork.models import ClassOffer, Registration, WaitingEntry

State = WaitingEntry.State

WHICH_ROLE = "Please choose a role."
TOGETHER = "You were offered two spots together. Please take both, or let us know."


@dataclass(frozen=True)
class Seat:
    role: str
    over: bool = False
    """True if the desk gave a spot beyond the capacity."""


def why_not(line: OrderLine, offer: ClassOffer, at: datetime) -> str:
    entry = _entry_of(line)
    if entry is not None and entry.has_open_offer(at):
        lines = len(together(line))
        return "" if lines >= entry.size else TOGETHER
    if line.details.get("over_capacity"):
        return ""
    return _refusal(offer, _party(line, offer, at))


def admit(line: OrderLine, offer: ClassOffer, at: datetime) -> Seat:
    """The caller holds the lock of the class. Raises Unavailable with the reason."""
    if offer.is_called_off:
        raise Unavailable(opening.CALLED_OFF)
    # The walk must not run while only some people of a group have their spots.
    if not _company(line):
        queue.advance(offer, at)
    entry = _entry_of(line)
    if entry is not None and entry.has_open_offer(at):
        return _kept_seat(entry, line, at)
    party = _party(line, offer, at)
    role = party.role
    if line.details.get("over_capacity"):
        here = room.of(offer, at, but=_own_tickets(line))
        return Seat(role, over=obstacle(here.rules, here.counts, [role]) is not None)
    if reason := _refusal(offer, party):
        raise Unavailable(reason)
    return Seat(role)


@dataclass(frozen=True)
class Party:
    """People who are admitted together or not at all, and the class without them."""

    rules: Rules
    counts: Counts
    roles: tuple[str, ...]
    """The role that each person asked for."""
    number: int
    """The index of the line among them. People who already have a spot come first."""

    @property
    def role(self) -> str:
        return settle(self.rules, self.counts, self.roles)[self.number]


def _party(line: OrderLine, offer: ClassOffer, at: datetime) -> Party:
    here, company = room.of(offer, at, but=_own_tickets(line)), _company(line)
    others = [other for other in together(line) if other != line and other.pk not in company]
    before = Counter(here.counts)
    before.subtract(company.values())
    roles = (*company.values(), wish(line), *map(wish, others))
    return Party(here.rules, before, roles, len(company))


def _refusal(offer: ClassOffer, party: Party) -> str:
    if party.rules.roles and any(role not in {*party.rules.names, EITHER} for role in party.roles):
        return WHICH_ROLE
    taken = settle(party.rules, party.counts, party.roles)
    if why := obstacle(party.rules, party.counts, taken):
        return reasons.refusal(party.rules, party.counts, taken, why)
    waiting = queue.as_waiting(list(queue.in_line(offer)))
    return reasons.QUEUE if waiting and not usable(party.rules, party.counts, waiting, party.roles) else ""


def wish(line: OrderLine) -> str:
    return str(line.details.get("role", ""))


def together(line: OrderLine) -> list[OrderLine]:
    lines = line.order.lines.filter(kind=line.kind, product_id=line.product_id, cancelled_at=None).order_by("pk")
    return [other for other in lines if other.details.get("entry") == line.details.get("entry")]


def _own_tickets(line: OrderLine) -> list[int]:
    return [each_line.details["ticket"] for each_line in together(line) if "ticket" in each_line.details]


def _company(line: OrderLine) -> dict[int, str]:
    others = [other.pk for other in together(line) if other != line]
    return dict(Registration.objects.live().filter(line__in=others).order_by("line").values_list("line", "role"))


def _entry_of(line: OrderLine) -> WaitingEntry | None:
    number = line.details.get("entry")
    return WaitingEntry.objects.filter(pk=number, offer=line.product_id).first() if number else None


def _kept_seat(entry: WaitingEntry, line: OrderLine, at: datetime) -> Seat:
    """Gives one of the entry's spots, whatever name was typed. The offer stays open until its last spot is taken."""
    number = together(line).index(line)
    if number >= entry.size:
        raise Unavailable(reasons.FULL)
    if len(_company(line)) + 1 >= entry.size:
        queue.end(entry, State.TAKEN, at, order=line.order)
    return Seat(entry.roles[number])
