"""Matching of our entries with a gateway's statement lines. Nothing here reads the database or asks a gateway.

Both sides are matched by the gateway's reference. A payment without one is matched by the token or the session of its
attempt, and a refund without one by its payment and its amount.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Generic, TypeVar

from billing.gateways.facts import GatewayLine

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


class Certainty(StrEnum):
    """How sure we are that an entry of ours happened."""

    FIRM = "firm"
    """It happened. If the gateway does not have it, something is wrong."""
    AWAITED = "awaited"
    """It is in progress. The gateway may or may not have it yet."""
    OPEN = "open"
    """As far as we know it did not happen. If the gateway has it, we missed something."""


@dataclass(frozen=True)
class OurEntry:
    """A payment, refund or dispute in our records. Amounts that left the school are negative."""

    kind: str
    pk: int
    order: int
    amount: Decimal
    currency: str
    at: datetime
    certainty: Certainty = Certainty.FIRM
    reference: str = ""
    token: str = ""
    session: str = ""
    parent_reference: str = ""
    """For a refund, this is the gateway's reference of its payment."""


@dataclass(frozen=True)
class Window:
    """The time that a run reports on. The counterpart of an entry in the window may lie outside of it."""

    since: datetime
    until: datetime
    certain_until: datetime | None = None
    """Gateways list payments late, so entries of ours after this moment may still be missing there."""

    def contains(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    def is_certain(self, moment: datetime) -> bool:
        return self.contains(moment) and (self.certain_until is None or moment < self.certain_until)


@dataclass(frozen=True)
class JudgedPair:
    verdict: Verdict
    ours: OurEntry | None = None
    theirs: GatewayLine | None = None


class UnmatchedEntries(Generic[T]):
    """Entries that wait for their counterpart. Only these are held in memory, never a whole stream."""

    def __init__(self, key_of: Callable[[T], Key | None], entries: Iterable[T] = ()) -> None:
        self.key_of = key_of
        self.without_key: list[T] = []
        self.by_key: dict[Key, list[T]] = {}
        for entry in entries:
            self.put(entry)

    def put(self, entry: T) -> None:
        key = self.key_of(entry)
        if key is None:
            self.without_key.append(entry)
        else:
            self.by_key.setdefault(key, []).append(entry)

    def take(self, key: Key | None) -> T | None:
        waiting = self.by_key.get(key) if key is not None else None
        if not waiting:
            return None
        entry = waiting.pop(0)
        if not waiting:
            del self.by_key[key]  # type: ignore[arg-type]
        return entry

    def rest(self) -> list[T]:
        return [*self.without_key, *(entry for waiting in self.by_key.values() for entry in waiting)]


def match_entries(ours: Iterable[OurEntry], theirs: Iterable[GatewayLine], window: Window) -> Iterator[JudgedPair]:
    our_rest, their_rest = UnmatchedEntries(_ours_by_reference), UnmatchedEntries(_theirs_by_reference)
    compared = (line for line in theirs if line.kind in COMPARED)
    for entry, line in zip_longest(ours, compared):
        if entry is not None:
            their_match = their_rest.take(_ours_by_reference(entry))
            if their_match is None:
                our_rest.put(entry)
            else:
                yield from _pair_in_window(entry, their_match, window)
        if line is not None:
            our_match = our_rest.take(_theirs_by_reference(line))
            if our_match is None:
                their_rest.put(line)
            else:
                yield from _pair_in_window(our_match, line, window)
    yield from _match_leftovers(our_rest.rest(), their_rest.rest(), window)


def _match_leftovers(ours: list[OurEntry], theirs: list[GatewayLine], window: Window) -> Iterator[JudgedPair]:
    ours.sort(key=lambda entry: (entry.at, entry.pk))
    theirs.sort(key=_line_sort_key)
    for our_key, their_key in FALLBACK_KEYS:
        waiting, unmatched = UnmatchedEntries(our_key, ours), []
        for line in theirs:
            entry = waiting.take(their_key(line))
            if entry is None:
                unmatched.append(line)
            else:
                yield from _pair_in_window(entry, line, window)
        ours, theirs = waiting.rest(), unmatched
    for entry in ours:
        if entry.certainty is Certainty.FIRM and window.is_certain(entry.at):
            yield JudgedPair(Verdict.ONLY_OURS, ours=entry)
    for line in _without_reversed_lines(theirs):
        if window.contains(line.at):
            yield JudgedPair(Verdict.ONLY_THEIRS, theirs=line)


def _pair_in_window(ours: OurEntry, theirs: GatewayLine, window: Window) -> Iterator[JudgedPair]:
    if not window.contains(theirs.at):
        return
    if ours.currency != theirs.currency:
        verdict = Verdict.CURRENCY
    elif ours.amount != theirs.amount:
        verdict = Verdict.AMOUNT
    else:
        verdict = Verdict.ONLY_THEIRS if ours.certainty is Certainty.OPEN else Verdict.MATCHED
    yield JudgedPair(verdict, ours, theirs)


def _without_reversed_lines(theirs: list[GatewayLine]) -> list[GatewayLine]:
    # A failed refund appears twice, once in each direction. Both lines together change nothing.
    waiting: UnmatchedEntries[GatewayLine] = UnmatchedEntries(
        lambda line: (line.kind, line.reference, line.currency, line.amount)
    )
    for line in theirs:
        opposite = (line.kind, line.reference, line.currency, -line.amount)
        if line.kind == PAYMENT or waiting.take(opposite) is None:
            waiting.put(line)
    return sorted(waiting.rest(), key=_line_sort_key)


def _line_sort_key(line: GatewayLine) -> tuple[datetime, str, Decimal]:
    return line.at, line.reference, line.amount


# -- keys, the strongest first -------------------------------------------------------------------------------------


def _ours_by_reference(entry: OurEntry) -> Key | None:
    return (entry.kind, entry.reference, entry.amount < 0) if entry.reference else None


def _theirs_by_reference(line: GatewayLine) -> Key | None:
    return (line.kind, line.reference, line.amount < 0) if line.reference else None


def _key_of_payment(line: GatewayLine, value: str, *more: object) -> Key | None:
    return (PAYMENT, value, *more) if value and line.kind == PAYMENT else None


def _theirs_by_payment(line: GatewayLine) -> Key | None:
    if line.kind == PAYMENT or not line.about.reference:
        return None
    return (line.kind, line.about.reference, line.amount, line.currency)


FALLBACK_KEYS: list[tuple[Callable[[OurEntry], Key | None], Callable[[GatewayLine], Key | None]]] = [
    # Some gateways list a payment under a reference of their own, with the payment's reference beside it.
    (_ours_by_reference, lambda line: _key_of_payment(line, line.about.reference, line.amount < 0)),
    (
        lambda entry: (entry.kind, entry.token) if entry.token else None,
        lambda line: _key_of_payment(line, line.about.token),
    ),
    (
        lambda entry: (entry.kind, entry.session) if entry.session else None,
        lambda line: _key_of_payment(line, line.about.session),
    ),
    (
        lambda entry: (
            (entry.kind, entry.parent_reference, entry.amount, entry.currency)
            if entry.parent_reference and not entry.reference
            else None
        ),
        _theirs_by_payment,
    ),
]
