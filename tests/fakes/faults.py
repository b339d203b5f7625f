"""Failures between two machines, as a test requests them."""

import time
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

KINDS = ("before", "after", "drop", "slow")


@dataclass
class Fault:
    """What happens to matching requests, such as `POST /v1/refunds`: they fail before or after they take effect, get no
    answer, or are slow."""

    match: str
    kind: str
    times: int = 1
    status: int = 503
    seconds: float = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")


class Faults:
    def __init__(self) -> None:
        self.ordered: list[Fault] = []

    def order(self, match: str, kind: str, **more: Any) -> None:
        self.ordered.append(Fault(match, kind, **more))

    def take(self, where: str) -> Fault | None:
        for fault in self.ordered:
            if fault.times and fnmatch(where, fault.match):
                fault.times -= 1
                if fault.kind == "slow":
                    time.sleep(fault.seconds)
                return fault
        return None

    def clear(self) -> None:
        self.ordered.clear()
