"""The walk along a waitlist, which decides who is offered a spot now and who is skipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from classwork.domain.places.waiting.balance import Counts, Obstacle, Rules, obstacle, settle


@dataclass(frozen=True)
class Waiting:
    """An entry of the waitlist, for one person or for two who are admitted together."""

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


WalkStep = Offered | Passed


def walk(rules: Rules, counts: Counts, waiting: Sequence[Waiting]) -> list[WalkStep]:
    """Starts again at the top after each offer, because that person may have made room for others. The last record of
    an entry says why it still waits."""
    steps: list[WalkStep] = []
    remaining, taken = list(waiting), dict(counts)
    while (offered := _first(rules, taken, remaining, steps)) is not None:
        remaining = [party for party in remaining if party.entry != offered.entry]
        for role in offered.roles:
            taken[role] = taken.get(role, 0) + 1
        steps.append(offered)
    return steps


def _first(rules: Rules, counts: Counts, waiting: Sequence[Waiting], steps: list[WalkStep]) -> Offered | None:
    for party in waiting:
        roles = settle(rules, counts, party.wanted)
        reason = obstacle(rules, counts, roles)
        if reason is None:
            return Offered(party.entry, roles)
        steps.append(Passed(party.entry, reason))
    return None


def usable(rules: Rules, counts: Counts, waiting: Sequence[Waiting], newcomer: tuple[str, ...]) -> bool:
    """A newcomer may pass the waitlist only if nobody on it could take a spot now."""
    if any(isinstance(step, Offered) for step in walk(rules, counts, waiting)):
        return False
    return obstacle(rules, counts, settle(rules, counts, newcomer)) is None
