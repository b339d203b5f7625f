"""May this line of an order have a place now? Those who were offered one may; others take what nobody waiting can use.

Asked for reading when a page is made, and under the lock of the offer when a place is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.kinds import Unavailable
from billing.models import OrderLine
from classwork.domain.places import room
from classwork.domain.places.waiting import queue
from classwork.domain.places.waiting.balance import EITHER, Obstacle, obstacle, settle
from classwork.domain.places.waiting.walk import usable
from classwork.models import ClassOffer, Registration, WaitingEntry

State = WaitingEntry.State

FULL = "This class is full now."
SAID = {
    "full": FULL,
    "role_full": "There is no place as {role} left in this class.",
    "balance": "There are too many as {role} in this class for now.",
    "queue": "This class is full: those who wait for it come first.",
}
TOGETHER = "You were offered two places together. Please take both, or let us know."


@dataclass(frozen=True)
class Seat:
    role: str
    over: bool = False
    """One more than there are, which only the desk may give."""


def why_not(line: OrderLine, offer: ClassOffer, at: datetime) -> str:
    """'' when the line can have its place as things stand."""
    entry = _entry_of(line)
    if entry is not None and _is_kept(entry, line, at):
        lines = len(_together(line, entry))
        return "" if lines >= entry.size else TOGETHER
    if line.details.get("over_capacity"):
        return ""
    return _why_not(line, offer, at, [wish(one) for one in _companions(line)])


def admit(line: OrderLine, offer: ClassOffer, at: datetime) -> Seat:
    """The lock of the offer is held. Raises Unavailable with the reason."""
    queue.advance(offer, at)
    entry = _entry_of(line)
    if entry is not None and _is_kept(entry, line, at):
        return _kept_seat(entry, line, at)
    here = room.of(offer, at)
    role = settle(here.rules, here.counts, [wish(line)])[0]
    if line.details.get("over_capacity"):
        return Seat(role, over=obstacle(here.rules, here.counts, [role]) is not None)
    if said := _why_not(line, offer, at, [wish(one) for one in _companions(line)]):
        raise Unavailable(said)
    return Seat(role)


def _why_not(line: OrderLine, offer: ClassOffer, at: datetime, wanted: Sequence[str]) -> str:
    here = room.of(offer, at)
    if here.rules.roles and any(one not in {*here.rules.names, EITHER} for one in wanted):
        return "Please say in which role you attend."
    why = obstacle(here.rules, here.counts, settle(here.rules, here.counts, wanted))
    waiting = queue.as_waiting(list(queue.in_line(offer))) if why is None and here.waiting else []
    if why is None and not usable(here.rules, here.counts, waiting, tuple(wanted)):
        why = Obstacle("queue")
    return "" if why is None else SAID[why.rule].format(role=why.role)


def wish(line: OrderLine) -> str:
    return str(line.details.get("role", ""))


def _companions(line: OrderLine) -> list[OrderLine]:
    """The lines of one order that still need a place in the class come in together, this one first."""
    same = line.order.lines.filter(kind=line.kind, product_id=line.product_id, cancelled_at=None)
    others = same.exclude(pk=line.pk).exclude(registrations__state__in=Registration.LIVE)
    return [line, *others]


def _entry_of(line: OrderLine) -> WaitingEntry | None:
    number = line.details.get("entry")
    return WaitingEntry.objects.filter(pk=number, offer=line.product_id).first() if number else None


def _is_kept(entry: WaitingEntry, line: OrderLine, at: datetime) -> bool:
    """While the offer stands, and then for the other line of the order that takes it; once, not when it comes late."""
    if entry.state == State.OFFERED and entry.offered_until is not None:
        return entry.offered_until >= at
    is_new = not Registration.objects.filter(line=line).exists()
    return is_new and entry.state == State.TAKEN and entry.order_id == line.order_id


def _together(line: OrderLine, entry: WaitingEntry) -> list[OrderLine]:
    lines = line.order.lines.filter(kind=line.kind, product_id=line.product_id, cancelled_at=None)
    return [one for one in lines if one.details.get("entry") == entry.pk]


def _kept_seat(entry: WaitingEntry, line: OrderLine, at: datetime) -> Seat:
    """One seat for each of the entry's people, whoever they are called now; no line has more than one."""
    mine = _together(line, entry)
    number = [one.pk for one in mine].index(line.pk)
    if number >= entry.size:
        raise Unavailable(FULL)
    if entry.state == State.OFFERED:
        queue.end(entry, State.TAKEN, at, order=line.order)
    return Seat(entry.roles[number])
