"""A walk along the waitlist as JSON, so that it can be stored and replayed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from registrations.rules.role_balance import CapacityRules, Counts, Obstacle, RoleCapacity
from registrations.rules.waitlist_walk import EntrySkipped, SpotOffered, WaitingParty, WalkStep, walk_waitlist


def walk_input_as_json(rules: CapacityRules, counts: Counts, waiting: Sequence[WaitingParty]) -> dict[str, Any]:
    return {
        "capacity": rules.capacity,
        "roles": [[role.name, role.capacity] for role in rules.roles],
        "most_apart": rules.most_apart,
        "ratio": None if rules.ratio is None else str(rules.ratio),
        "active_from": rules.active_from,
        "counts": dict(counts),
        "waiting": [[party.entry, list(party.requested_roles)] for party in waiting],
    }


def walk_steps_as_json(walked: Sequence[WalkStep]) -> list[list[Any]]:
    return [
        ["offered", step.entry, list(step.roles)]
        if isinstance(step, SpotOffered)
        else ["passed", step.entry, step.obstacle.rule, step.obstacle.role]
        for step in walked
    ]


def read_walk_input(stored: Mapping[str, Any]) -> tuple[CapacityRules, Counts, list[WaitingParty]]:
    rules = CapacityRules(
        capacity=stored["capacity"],
        roles=tuple(RoleCapacity(name, capacity) for name, capacity in stored["roles"]),
        most_apart=stored["most_apart"],
        ratio=None if stored["ratio"] is None else Decimal(stored["ratio"]),
        active_from=stored["active_from"],
    )
    return rules, stored["counts"], [WaitingParty(entry, tuple(requests)) for entry, requests in stored["waiting"]]


def read_walk_steps(stored: Sequence[Sequence[Any]]) -> list[WalkStep]:
    return [
        SpotOffered(step[1], tuple(step[2]))
        if step[0] == "offered"
        else EntrySkipped(step[1], Obstacle(step[2], step[3]))
        for step in stored
    ]


def replay_matches(stored: Mapping[str, Any], walked: Sequence[Sequence[Any]]) -> bool:
    return walk_steps_as_json(walk_waitlist(*read_walk_input(stored))) == [list(step) for step in walked]
