"""The refusals of this app, each with the problems that caused it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import Refusal


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with the value of a field. `proposal` maps field names to values that solve the problem."""

    field: str
    sentence: str
    proposal: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ChangeRefused(Refusal):
    """Nothing was saved."""

    code = "change_refused"

    def __init__(self, *problems: FieldProblem | str) -> None:
        """A sentence is a problem of no single field."""
        self.problems = tuple(FieldProblem("", each) if isinstance(each, str) else each for each in problems)
        super().__init__(" ".join(problem.sentence for problem in self.problems))


class PreviewOutdated(ChangeRefused):
    """The data changed after the preview was shown, so it must be shown again."""

    code = "preview_outdated"

    def __init__(self) -> None:
        super().__init__("Something changed since you opened this preview. Please check it again.")
