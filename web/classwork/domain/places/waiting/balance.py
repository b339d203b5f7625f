"""Who may still come into a class, by its places and its roles. Pure: counts in, a rule or nothing out.

A class without roles has one nameless role. `either` is settled when a place is taken: the scarcer role, the one named
first when they are equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

EITHER = "either"
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Role:
    name: str
    capacity: int | None = None


@dataclass(frozen=True)
class Rules:
    capacity: int | None = None
    roles: tuple[Role, ...] = ()
    most_apart: int | None = None
    """How many more of one role than of another there may be."""
    ratio: Decimal | None = None
    """How many times as many of one role as of another there may be; needs `active_from`."""
    active_from: int = 0
    """Balance is asked for once so many have places, newcomers included."""

    def __post_init__(self) -> None:
        if self.ratio is not None and not (self.active_from and self.ratio >= 1):
            raise ValueError("A ratio is at least one and says from how many people on it holds.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(role.name for role in self.roles) or ("",)


@dataclass(frozen=True)
class Obstacle:
    """The rule that keeps somebody out for now (full, needs_two, role_full, balance), and the role it speaks of.

    `needs_two` is for people who come together while spots are left, but fewer than they need.
    """

    rule: str
    role: str = ""


def settle(rules: Rules, counts: Counts, wanted: Sequence[str]) -> tuple[str, ...]:
    """The roles that these people would take; those who named one come first, so that `either` evens out."""
    now = _add(counts, [role for role in wanted if role != EITHER])
    taken: list[str] = []
    for wish in wanted:
        taken.append(_scarcest(rules, now) if wish == EITHER else wish)
        if wish == EITHER:
            now = _add(now, taken[-1:])
    return tuple(taken)


def obstacle(rules: Rules, counts: Counts, taken: Sequence[str]) -> Obstacle | None:
    """Why these people, all or none, cannot have places in these roles now; None when they can."""
    after = _add(counts, taken)
    if rules.capacity is not None and sum(after.values()) > rules.capacity:
        return Obstacle("needs_two" if sum(counts.values()) < rules.capacity else "full")
    for role in rules.roles:
        if role.name in taken and role.capacity is not None and after.get(role.name, 0) > role.capacity:
            return Obstacle("needs_two" if counts.get(role.name, 0) < role.capacity else "role_full", role.name)
    return None if _balanced(rules, counts, after) else Obstacle("balance", _largest(rules, after))


def _balanced(rules: Rules, before: Counts, after: Counts) -> bool:
    """Out of balance already, whoever brings it closer may come."""
    if len(rules.roles) < 2 or sum(after.values()) < rules.active_from:
        return True
    return _within(rules, after) or (not _within(rules, before) and _apart(rules, after) < _apart(rules, before))


def _within(rules: Rules, counts: Counts) -> bool:
    least, most = _ends(rules, counts)
    near = rules.most_apart is None or most - least <= rules.most_apart
    return near and (rules.ratio is None or most <= rules.ratio * least)


def _apart(rules: Rules, counts: Counts) -> int:
    least, most = _ends(rules, counts)
    return most - least


def _ends(rules: Rules, counts: Counts) -> tuple[int, int]:
    sizes = [counts.get(name, 0) for name in rules.names]
    return min(sizes), max(sizes)


def _scarcest(rules: Rules, counts: Counts) -> str:
    """By places left where the roles' capacities differ, by heads where there are none; a full role is no choice."""
    open_ones = [each for each in rules.roles if each.capacity is None or counts.get(each.name, 0) < each.capacity]
    names = [role.name for role in open_ones] or list(rules.names)
    return min(names, key=lambda name: counts.get(name, 0))


def _largest(rules: Rules, counts: Counts) -> str:
    return max(rules.names, key=lambda name: counts.get(name, 0))


def _add(counts: Counts, taken: Sequence[str]) -> dict[str, int]:
    after = dict(counts)
    for role in taken:
        after[role] = after.get(role, 0) + 1
    return after
