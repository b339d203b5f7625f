"""A walk along the waitlist as JSON, so that it can be stored and replayed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from classwork.domain.places.waiting.balance import Counts, Obstacle, Role, Rules
from classwork.domain.places.waiting.walk import Offered, Passed, Waiting, WalkStep, walk


def given(rules: Rules, counts: Counts, waiting: Sequence[Waiting]) -> dict[str, Any]:
    return {
        "capacity": rules.capacity,
        "roles": [[role.name, role.capacity] for role in rules.roles],
        "most_apart": rules.most_apart,
        "ratio": None if rules.ratio is None else str(rules.ratio),
        "active_from": rules.active_from,
        "counts": dict(counts),
        "waiting": [[party.entry, list(party.wanted)] for party in waiting],
    }


def steps(walked: Sequence[WalkStep]) -> list[list[Any]]:
    return [
        ["offered", step.entry, list(step.roles)]
        if isinstance(step, Offered)
        else ["passed", step.entry, step.obstacle.rule, step.obstacle.role]
        for step in walked
    ]


def read(stored: Mapping[str, Any]) -> tuple[Rules, Counts, list[Waiting]]:
    rules = Rules(
        capacity=stored["capacity"],
        roles=tuple(Role(name, capacity) for name, capacity in stored["roles"]),
        most_apart=stored["most_apart"],
        ratio=None if stored["ratio"] is None else Decimal(stored["ratio"]),
        active_from=stored["active_from"],
    )
    return rules, stored["counts"], [Waiting(entry, tuple(requests)) for entry, requests in stored["waiting"]]


def read_steps(stored: Sequence[Sequence[Any]]) -> list[WalkStep]:
    return [
        Offered(step[1], tuple(step[2])) if step[0] == "offered" else Passed(step[1], Obstacle(step[2], step[3]))
        for step in stored
    ]


def same_again(stored: Mapping[str, Any], walked: Sequence[Sequence[Any]]) -> bool:
    return steps(walk(*read(stored))) == [list(step) for step in walked]
