"""Two streams of bookings, ours and theirs, brought together. Pure: it knows no row and asks no gateway.

A booking is told by the gateway's name for the money. Where ours has none yet, it is told by the token or by their name
of the attempt; a refund by the payment it belongs to and its amount.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Generic, TypeVar

from billing.gateways.facts import Movement

PAYMENT, REFUND, DISPUTE = "payment", "refund", "dispute"
COMPARED = (PAYMENT, REFUND, DISPUTE)
Key = tuple[object, ...]
T = TypeVar("T")


class Verdict(StrEnum):
    MATCHED = "matched"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    AMOUNT = "amount"
    CURRENCY = "currency"


class Standing(StrEnum):
    """How sure we are of a booking of ours."""

    FIRM = "firm"
    """It happened: when they do not have it, something is wrong."""
    AWAITED = "awaited"
    """It is under way: they may have it already, or not yet."""
    OPEN = "open"
    """For all we know it did not happen: when they have it, we missed something."""


@dataclass(frozen=True)
class Ours:
    """A booking of ours; below zero for what left the school."""

    kind: str
    pk: int
    order: int
    amount: Decimal
    currency: str
    at: datetime
    standing: Standing = Standing.FIRM
    reference: str = ""
    token: str = ""
    session: str = ""
    of: str = ""
    """For a refund, their name of the payment it belongs to."""


@dataclass(frozen=True)
class Window:
    """A booking is told of by the run in whose window it lies; what it pairs with may lie outside."""

    since: datetime
    until: datetime
    sure: datetime | None = None
    """Gateways list money late: what we booked after this, they need not have yet."""

    def has(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def should_be_there(self, moment: datetime) -> bool:
        return self.has(moment) and (self.sure is None or moment < self.sure)


@dataclass(frozen=True)
class Pair:
    verdict: Verdict
    ours: Ours | None = None
    theirs: Movement | None = None


class Shelf(Generic[T]):
    """What waits for its counterpart. Only this is kept in memory, never a whole stream."""

    def __init__(self, name: Callable[[T], Key | None], things: Iterable[T] = ()) -> None:
        self.name = name
        self.nameless: list[T] = []
        self.named: dict[Key, list[T]] = {}
        for thing in things:
            self.put(thing)

    def put(self, thing: T) -> None:
        name = self.name(thing)
        if name is None:
            self.nameless.append(thing)
        else:
            self.named.setdefault(name, []).append(thing)

    def take(self, name: Key | None) -> T | None:
        waiting = self.named.get(name) if name is not None else None
        if not waiting:
            return None
        thing = waiting.pop(0)
        if not waiting:
            del self.named[name]  # type: ignore[arg-type]
        return thing

    def rest(self) -> list[T]:
        return [*self.nameless, *(thing for waiting in self.named.values() for thing in waiting)]


def match(ours: Iterable[Ours], theirs: Iterable[Movement], window: Window) -> Iterator[Pair]:
    """Everything that lies in the window, each thing once, with its verdict."""
    mine, other = Shelf(_ours_by_reference), Shelf(_theirs_by_reference)
    for one, two in zip_longest(ours, (movement for movement in theirs if movement.kind in COMPARED)):
        if one is not None:
            found = other.take(_ours_by_reference(one))
            if found is None:
                mine.put(one)
            else:
                yield from _together(one, found, window)
        if two is not None:
            known = mine.take(_theirs_by_reference(two))
            if known is None:
                other.put(two)
            else:
                yield from _together(known, two, window)
    yield from _leftovers(mine.rest(), other.rest(), window)


def _leftovers(ours: list[Ours], theirs: list[Movement], window: Window) -> Iterator[Pair]:
    """Weaker names, one after the other; then what found nothing stands alone."""
    ours.sort(key=lambda one: (one.at, one.pk))
    theirs.sort(key=_in_order)
    for my_name, their_name in WEAKER:
        waiting, alone = Shelf(my_name, ours), []
        for two in theirs:
            one = waiting.take(their_name(two))
            if one is None:
                alone.append(two)
            else:
                yield from _together(one, two, window)
        ours, theirs = waiting.rest(), alone
    for one in ours:
        if one.standing is Standing.FIRM and window.should_be_there(one.at):
            yield Pair(Verdict.ONLY_OURS, ours=one)
    for two in _without_undone(theirs):
        if window.has(two.at):
            yield Pair(Verdict.ONLY_THEIRS, theirs=two)


def _together(one: Ours, two: Movement, window: Window) -> Iterator[Pair]:
    if window.has(two.at):
        yield Pair(_judge(one, two), one, two)


def _judge(one: Ours, two: Movement) -> Verdict:
    if one.currency != two.currency:
        return Verdict.CURRENCY
    if one.amount != two.amount:
        return Verdict.AMOUNT
    return Verdict.ONLY_THEIRS if one.standing is Standing.OPEN else Verdict.MATCHED


def _without_undone(theirs: list[Movement]) -> list[Movement]:
    """A refund that failed is booked out and in again: together they are nothing."""
    waiting: Shelf[Movement] = Shelf(lambda two: (two.kind, two.reference, two.currency, two.amount))
    for two in theirs:
        if two.kind == PAYMENT or waiting.take((two.kind, two.reference, two.currency, -two.amount)) is None:
            waiting.put(two)
    return sorted(waiting.rest(), key=_in_order)


def _in_order(movement: Movement) -> tuple[datetime, str, Decimal]:
    return movement.at, movement.reference, movement.amount


# -- names, the strongest first ------------------------------------------------------------------------------------


def _ours_by_reference(one: Ours) -> Key | None:
    return (one.kind, one.reference, one.amount < 0) if one.reference else None


def _theirs_by_reference(two: Movement) -> Key | None:
    return (two.kind, two.reference, two.amount < 0) if two.reference else None


def _theirs_by_money(two: Movement) -> Key | None:
    """Some book a payment under a name of the booking and tell the money's beside it."""
    return (two.kind, two.about.reference, two.amount < 0) if two.about.reference and two.kind == PAYMENT else None


def _ours_by_token(one: Ours) -> Key | None:
    return (one.kind, one.token) if one.token else None


def _theirs_by_token(two: Movement) -> Key | None:
    return (two.kind, two.about.token) if two.about.token and two.kind == PAYMENT else None


def _ours_by_session(one: Ours) -> Key | None:
    return (one.kind, one.session) if one.session else None


def _theirs_by_session(two: Movement) -> Key | None:
    return (two.kind, two.about.session) if two.about.session and two.kind == PAYMENT else None


def _ours_by_payment(one: Ours) -> Key | None:
    return (one.kind, one.of, one.amount, one.currency) if one.of and not one.reference else None


def _theirs_by_payment(two: Movement) -> Key | None:
    if two.kind == PAYMENT or not two.about.reference:
        return None
    return (two.kind, two.about.reference, two.amount, two.currency)


WEAKER: list[tuple[Callable[[Ours], Key | None], Callable[[Movement], Key | None]]] = [
    (_ours_by_reference, _theirs_by_money),
    (_ours_by_token, _theirs_by_token),
    (_ours_by_session, _theirs_by_session),
    (_ours_by_payment, _theirs_by_payment),
]
