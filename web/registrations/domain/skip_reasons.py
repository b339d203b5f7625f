"""Sentences that explain why someone cannot have a spot now."""

from collections.abc import Sequence

from registrations.rules.role_balance import CapacityRules, Counts, Obstacle

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FULL = "This class is full now."
QUEUE = "This spot is for the people on the waitlist."


def skip_reason(obstacle: Obstacle) -> str:
    return {
        "full": "the class is full",
        "needs_two": f"they need two {_role_prefix(obstacle)}spots and one is left",
        "role_full": f"there is no {obstacle.role} spot left",
        "balance": f"the class has too many people in the {obstacle.role} role for now",
        "": "no spot has opened up yet",
    }[obstacle.rule]


def wait_reason(obstacle: Obstacle) -> str:
    return f"{skip_reason(obstacle)[:1].upper()}{skip_reason(obstacle)[1:]}.".replace("They need", "You need")


def obstacle_refusal(
    rules: CapacityRules, counts: Counts, taken: Sequence[str], obstacle: Obstacle, where: str = "in this class"
) -> str:
    if obstacle.rule != "needs_two":
        return {
            "full": FULL if where == "in this class" else f"There is no spot left {where}.",
            "role_full": f"There is no {obstacle.role} spot left {where}.",
            "balance": f"This class has too many people in the {obstacle.role} role for now.",
        }[obstacle.rule]
    if obstacle.role:
        limit = next(role.capacity for role in rules.roles if role.name == obstacle.role) or 0
        needed, left = taken.count(obstacle.role), limit - counts.get(obstacle.role, 0)
    else:
        needed, left = len(taken), (rules.capacity or 0) - sum(counts.values())
    return f"You need {number_in_words(needed)} {_role_prefix(obstacle)}spots {where} and {remaining_text(left)}."


def remaining_text(count: int) -> str:
    return f"{number_in_words(count)} {'is' if count == 1 else 'are'} left"


def number_in_words(count: int) -> str:
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else str(count)


def _role_prefix(obstacle: Obstacle) -> str:
    return f"{obstacle.role} " if obstacle.role else ""
