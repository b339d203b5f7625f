"""Pure rules that decide who may still join a class, by its capacity and its roles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

# Someone who asks for either role takes the one with fewer people, or the first one if they are equal.
EITHER = "either"
Counts = Mapping[str, int]


@dataclass(frozen=True)
class RoleCapacity:
    name: str
    capacity: int | None = None


@dataclass(frozen=True)
class CapacityRules:
    """A class without roles has one role with an empty name."""

    capacity: int | None = None
    roles: tuple[RoleCapacity, ...] = ()
    most_apart: int | None = None
    """How many more people one role may have than another."""
    ratio: Decimal | None = None
    """How many times as many people one role may have as another. A ratio needs `active_from`."""
    active_from: int = 0
    """The number of people, newcomers included, from which the balance is enforced."""

    def __post_init__(self) -> None:
        if self.ratio is not None and not (self.active_from and self.ratio >= 1):
            raise ValueError("A ratio must be at least 1 and needs the number of people from which it applies.")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(role.name for role in self.roles) or ("",)


@dataclass(frozen=True)
class Obstacle:
    """The rule that refuses someone for now (full, needs_two, role_full or balance), and the role concerned. The rule
    `needs_two` means that some spots are left, but fewer than the people need."""

    rule: str
    role: str = ""


def assign_roles(rules: CapacityRules, counts: Counts, requests: Sequence[str]) -> tuple[str, ...]:
    """People who named a role are counted first, so that `either` evens out."""
    after = _add_roles(counts, [role for role in requests if role != EITHER])
    taken: list[str] = []
    for request in requests:
        taken.append(_scarcest_role(rules, after) if request == EITHER else request)
        if request == EITHER:
            after = _add_roles(after, taken[-1:])
    return tuple(taken)


def find_obstacle(rules: CapacityRules, counts: Counts, taken: Sequence[str]) -> Obstacle | None:
    """Returns None if these people, who join all together or not at all, can join."""
    after = _add_roles(counts, taken)
    if rules.capacity is not None and sum(after.values()) > rules.capacity:
        return Obstacle("needs_two" if sum(counts.values()) < rules.capacity else "full")
    for role in rules.roles:
        if role.name in taken and role.capacity is not None and after.get(role.name, 0) > role.capacity:
            return Obstacle("needs_two" if counts.get(role.name, 0) < role.capacity else "role_full", role.name)
    if _is_balanced(rules, counts, after):
        return None
    return Obstacle("balance", max(rules.names, key=lambda name: after.get(name, 0)))


def _is_balanced(rules: CapacityRules, before: Counts, after: Counts) -> bool:
    """A class that is already unbalanced admits people who reduce the difference."""
    if len(rules.roles) < 2 or sum(after.values()) < rules.active_from:
        return True
    return _is_within_limits(rules, after) or (
        not _is_within_limits(rules, before) and _role_difference(rules, after) < _role_difference(rules, before)
    )


def _is_within_limits(rules: CapacityRules, counts: Counts) -> bool:
    least, most = _role_extremes(rules, counts)
    near = rules.most_apart is None or most - least <= rules.most_apart
    return near and (rules.ratio is None or most <= rules.ratio * least)


def _role_difference(rules: CapacityRules, counts: Counts) -> int:
    least, most = _role_extremes(rules, counts)
    return most - least


def _role_extremes(rules: CapacityRules, counts: Counts) -> tuple[int, int]:
    sizes = [counts.get(name, 0) for name in rules.names]
    return min(sizes), max(sizes)


def _scarcest_role(rules: CapacityRules, counts: Counts) -> str:
    open_roles = [role for role in rules.roles if role.capacity is None or counts.get(role.name, 0) < role.capacity]
    names = [role.name for role in open_roles] or list(rules.names)
    return min(names, key=lambda name: counts.get(name, 0))


def _add_roles(counts: Counts, taken: Sequence[str]) -> dict[str, int]:
    after = dict(counts)
    for role in taken:
        after[role] = after.get(role, 0) + 1
    return after
