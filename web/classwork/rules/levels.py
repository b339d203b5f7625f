"""How far a person has come: which versions complete a level, what a level is worth, and what to take next. Pure
functions.

A rule such as `A|C, B|D` has goals between commas and, for each goal, the versions that meet it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

NOT_APPLICABLE = "N"
VERSION = re.compile(r"[A-Z0-9]{1,4}")
NOTHING = Decimal(0)

Goal = frozenset[str]
Rule = tuple[Goal, ...]


class LevelRuleInvalid(ValueError):
    """The rule is invalid. The message says where and how to correct it."""


@dataclass(frozen=True)
class LevelRule:
    """A level and the numbers it is worth once started, completed and completed twice. None means that it is worth
    nothing."""

    code: str
    rank: Decimal
    rule: Rule
    started: Decimal | None = None
    done: Decimal | None = None
    done_twice: Decimal | None = None


@dataclass(frozen=True)
class TakenClass:
    """One class that counts."""

    level: str
    version: str


@dataclass(frozen=True)
class NextStep:
    level: LevelRule
    missing: Rule


def parse_rule(text: str) -> Rule:
    """An empty rule means that nothing completes the level."""
    if not text.strip():
        return ()
    return tuple(_parse_goal(part, number) for number, part in enumerate(text.split(","), start=1))


def _parse_goal(text: str, number: int) -> Goal:
    versions = [word.strip().upper() for word in text.split("|")]
    if not any(versions):
        raise LevelRuleInvalid(
            f"Goal {number} has no version: write one such as A between the commas, or take one comma out."
        )
    if not all(versions):
        raise LevelRuleInvalid(f"In “{text.strip()}” a version is missing beside the |.")
    for version in versions:
        _check_version(version)
        if version in (NOT_APPLICABLE, "NA"):
            raise LevelRuleInvalid("Version NA never completes a level, so the rule cannot contain it.")
    if len(set(versions)) < len(versions):
        raise LevelRuleInvalid(f"“{text.strip()}” names a version twice.")
    return frozenset(versions)


def parse_versions(text: str) -> frozenset[str]:
    versions = text.upper().replace(",", " ").split()
    for version in versions:
        _check_version(version)
    return frozenset(versions)


def _check_version(version: str) -> None:
    if not VERSION.fullmatch(version):
        raise LevelRuleInvalid(f"“{version}” isn’t a version: use one to four letters or digits, such as A or B2.")


def unknown_versions(rule: Rule, known: Iterable[str]) -> list[str]:
    return sorted(frozenset().union(*rule) - {version.upper() for version in known})


def format_rule(rule: Rule) -> str:
    return ", ".join("|".join(sorted(goal)) for goal in rule)


def rule_text(rule: Rule) -> str:
    goals = [" or ".join(sorted(goal)) for goal in rule]
    joint = ", and " if any(len(goal) > 1 for goal in rule) else " and "
    return joint.join([", ".join(goals[:-1]), goals[-1]]) if len(goals) > 1 else "".join(goals)


def missing_goals(rule: Rule, versions: Sequence[str], times: int = 1) -> Rule:
    """The goals still open when each class meets one goal, and each goal needs `times` classes.

    Goals may share versions, so classes are reassigned where that lets one more goal be met (augmenting paths).
    """
    goals = rule * times
    goal_of_class: dict[int, int] = {}

    def assign_goal(goal: int, tried: set[int]) -> bool:
        for class_index, version in enumerate(versions):
            if version.upper() not in goals[goal] or class_index in tried:
                continue
            tried.add(class_index)
            if class_index not in goal_of_class or assign_goal(goal_of_class[class_index], tried):
                goal_of_class[class_index] = goal
                return True
        return False

    return tuple(goals[goal] for goal in range(len(goals)) if not assign_goal(goal, set()))


def is_done(rule: Rule, versions: Sequence[str], times: int = 1) -> bool:
    return bool(rule) and not missing_goals(rule, versions, times)


def level_reached(levels: Iterable[LevelRule], taken: Iterable[TakenClass]) -> Decimal:
    """The highest number counts, even if lower levels were skipped."""
    by_level = versions_by_level(taken)
    highest = NOTHING
    for level in levels:
        versions = by_level.get(level.code, [])
        worth = [
            (level.started, bool(versions)),
            (level.done, is_done(level.rule, versions)),
            (level.done_twice, is_done(level.rule, versions, 2)),
        ]
        highest = max([highest, *(value for value, reached in worth if reached and value is not None)])
    return highest


def effective_level(computed: Decimal, override: Decimal | None) -> Decimal:
    """A level that a person set counts even if it is 0."""
    return computed if override is None else override


def format_level(number: Decimal) -> str:
    return f"{number.normalize():f}"


def next_step(
    levels: Iterable[LevelRule], taken: Iterable[TakenClass], override: Decimal | None = None
) -> NextStep | None:
    """The lowest level above the highest completed one, with its open goals, or None for the highest level.

    If a person set the level, that number decides what is completed. After a lower number was set, all goals of the
    level are open again.
    """
    by_level = versions_by_level(taken)
    ladder = sorted((level for level in levels if level.rule), key=lambda level: level.rank)
    if override is None:
        done = [level.rank for level in ladder if is_done(level.rule, by_level.get(level.code, []))]
    else:
        done = [level.rank for level in ladder if level.done is not None and level.done <= override]
    above = (level for level in ladder if not done or level.rank > max(done))
    for level in above:
        return NextStep(level, missing_goals(level.rule, by_level.get(level.code, [])) or level.rule)
    return None


def versions_by_level(taken: Iterable[TakenClass]) -> Mapping[str, list[str]]:
    by_level: dict[str, list[str]] = defaultdict(list)
    for each in taken:
        by_level[each.level].append(each.version)
    return by_level
