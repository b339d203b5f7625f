"""The walk along a waitlist, which decides who is offered a spot now and who is skipped."""

from collections.abc import Sequence
from dataclasses import dataclass

from registrations.rules.role_balance import CapacityRules, Counts, Obstacle, assign_roles, find_obstacle


@dataclass(frozen=True)
class WaitingParty:
    """An entry of the waitlist, for one person or for two who are admitted together."""

    entry: int
    requested_roles: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class SpotOffered:
    entry: int
    roles: tuple[str, ...]


@dataclass(frozen=True)
class EntrySkipped:
    entry: int
    obstacle: Obstacle


WalkStep = SpotOffered | EntrySkipped


def walk_waitlist(rules: CapacityRules, counts: Counts, waiting: Sequence[WaitingParty]) -> list[WalkStep]:
    """Starts again at the top after each offer, because that person may have made room for others. The last record of
    an entry says why it still waits."""
    steps: list[WalkStep] = []
    remaining, taken = list(waiting), dict(counts)
    while (offered := _first_fitting_entry(rules, taken, remaining, steps)) is not None:
        remaining = [party for party in remaining if party.entry != offered.entry]
        for role in offered.roles:
            taken[role] = taken.get(role, 0) + 1
        steps.append(offered)
    return steps


def _first_fitting_entry(
    rules: CapacityRules, counts: Counts, waiting: Sequence[WaitingParty], steps: list[WalkStep]
) -> SpotOffered | None:
    for party in waiting:
        roles = assign_roles(rules, counts, party.requested_roles)
        reason = find_obstacle(rules, counts, roles)
        if reason is None:
            return SpotOffered(party.entry, roles)
        steps.append(EntrySkipped(party.entry, reason))
    return None


def is_spot_wanted(rules: CapacityRules, counts: Counts, waiting: Sequence[WaitingParty]) -> bool:
    """A newcomer may pass the waitlist only if nobody on it could take a spot now."""
    return any(isinstance(step, SpotOffered) for step in walk_waitlist(rules, counts, waiting))
