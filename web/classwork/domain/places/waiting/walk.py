"""The walk along a waiting list: who is offered a place now, who is passed over and by which rule. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from classwork.domain.places.waiting.balance import Counts, Obstacle, Rules, obstacle, settle


@dataclass(frozen=True)
class Waiting:
    """An entry: one person, or two who come together or not at all."""

    entry: int
    wanted: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Offered:
    entry: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Passed:
    entry: int
    obstacle: Obstacle


Step = Offered | Passed


def walk(rules: Rules, counts: Counts, waiting: Sequence[Waiting]) -> list[Step]:
    """The earliest that fits is offered; then from the top again, for the one who came may have made room for others.

    Each round tells of all whom it passed over, so that the last word on an entry is why it still waits.
    """
    steps: list[Step] = []
    left, now = list(waiting), dict(counts)
    while (found := _first(rules, now, left, steps)) is not None:
        left = [each for each in left if each.entry != found.entry]
        for role in found.roles:
            now[role] = now.get(role, 0) + 1
        steps.append(found)
    return steps


def _first(rules: Rules, counts: Counts, waiting: Sequence[Waiting], steps: list[Step]) -> Offered | None:
    for each in waiting:
        roles = settle(rules, counts, each.wanted)
        why = obstacle(rules, counts, roles)
        if why is None:
            return Offered(each.entry, roles)
        steps.append(Passed(each.entry, why))
    return None


def usable(rules: Rules, counts: Counts, waiting: Sequence[Waiting], newcomer: tuple[str, ...]) -> bool:
    """May somebody new come in, past those who wait? Only where nobody of them could use a place now."""
    if any(isinstance(step, Offered) for step in walk(rules, counts, waiting)):
        return False
    return obstacle(rules, counts, settle(rules, counts, newcomer)) is None
