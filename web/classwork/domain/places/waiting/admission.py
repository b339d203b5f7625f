"""May this line of an order have a place now? Those who were offered one may; others take what nobody waiting can use.

Asked for reading when a page is made, and under the lock of the offer when a place is taken.
"""

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
    """One more than there are, which only the desk may give."""


def why_not(line: OrderLine, offer: ClassOffer, at: datetime) -> str:
    """'' when the line can have its place as things stand."""
    entry = _entry_of(line)
    if entry is not None and _is_kept(entry, at):
        lines = len(together(line))
        return "" if lines >= entry.size else TOGETHER
    if line.details.get("over_capacity"):
        return ""
    return _refusal(offer, _party(line, offer, at))


def admit(line: OrderLine, offer: ClassOffer, at: datetime) -> Seat:
    """The lock of the offer is held. Raises Unavailable with the reason."""
    if offer.is_called_off:
        raise Unavailable(opening.CALLED_OFF)
    if not _company(line):  # else the walk would see half of those who come together
        queue.advance(offer, at)
    entry = _entry_of(line)
    if entry is not None and _is_kept(entry, at):
        return _kept_seat(entry, line, at)
    party = _party(line, offer, at)
    role = party.role
    if line.details.get("over_capacity"):
        here = room.of(offer, at, but=_own_tickets(line))
        return Seat(role, over=obstacle(here.rules, here.counts, [role]) is not None)
    if said := _refusal(offer, party):
        raise Unavailable(said)
    return Seat(role)


@dataclass(frozen=True)
class Party:
    """Those who come in together, all or none, and the class as it is without them."""

    rules: Rules
    counts: Counts
    wanted: tuple[str, ...]
    number: int
    """Which of them the line is: who has a place already comes first."""

    @property
    def role(self) -> str:
        return settle(self.rules, self.counts, self.wanted)[self.number]


def _party(line: OrderLine, offer: ClassOffer, at: datetime) -> Party:
    here, company = room.of(offer, at, but=_own_tickets(line)), _company(line)
    others = [one for one in together(line) if one != line and one.pk not in company]
    before = Counter(here.counts)
    before.subtract(company.values())
    wanted = (*company.values(), wish(line), *map(wish, others))
    return Party(here.rules, before, wanted, len(company))


def _refusal(offer: ClassOffer, party: Party) -> str:
    if party.rules.roles and any(one not in {*party.rules.names, EITHER} for one in party.wanted):
        return WHICH_ROLE
    taken = settle(party.rules, party.counts, party.wanted)
    if why := obstacle(party.rules, party.counts, taken):
        return reasons.refusal(party.rules, party.counts, taken, why)
    waiting = queue.as_waiting(list(queue.in_line(offer)))
    return reasons.QUEUE if waiting and not usable(party.rules, party.counts, waiting, party.wanted) else ""


def wish(line: OrderLine) -> str:
    return str(line.details.get("role", ""))


def together(line: OrderLine) -> list[OrderLine]:
    """The lines of an order that come into a class together; what was offered to an entry is apart from the rest."""
    lines = line.order.lines.filter(kind=line.kind, product_id=line.product_id, cancelled_at=None).order_by("pk")
    return [one for one in lines if one.details.get("entry") == line.details.get("entry")]


def _own_tickets(line: OrderLine) -> list[int]:
    """Whoever stays after trying an evening has a place on that day already."""
    return [one.details["ticket"] for one in together(line) if "ticket" in one.details]


def _company(line: OrderLine) -> dict[int, str]:
    """Those of them who have their place already, with its role."""
    others = [one.pk for one in together(line) if one != line]
    return dict(Registration.objects.live().filter(line__in=others).order_by("line").values_list("line", "role"))


def _entry_of(line: OrderLine) -> WaitingEntry | None:
    number = line.details.get("entry")
    return WaitingEntry.objects.filter(pk=number, offer=line.product_id).first() if number else None


def _is_kept(entry: WaitingEntry, at: datetime) -> bool:
    return entry.has_open_offer(at)


def _kept_seat(entry: WaitingEntry, line: OrderLine, at: datetime) -> Seat:
    """One seat for each of the entry's people, whoever they are called now; the offer stands until the last is in."""
    number = together(line).index(line)
    if number >= entry.size:
        raise Unavailable(reasons.FULL)
    if len(_company(line)) + 1 >= entry.size:
        queue.end(entry, State.TAKEN, at, order=line.order)
    return Seat(entry.roles[number])
