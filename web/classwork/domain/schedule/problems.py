"""Problems of a change: a sentence for a field, and values that would solve it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model


@dataclass(frozen=True)
class FieldProblem:
    """`proposal` maps field names to values that solve the problem."""

    field: str
    sentence: str
    proposal: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class ChangeRefused(Exception):
    """The change was refused and nothing was saved."""

    def __init__(self, *faults: FieldProblem) -> None:
        super().__init__(" ".join(fault.sentence for fault in faults))
        self.faults = faults


def model_problems(thing: Model, found: Iterable[FieldProblem] = (), exclude: Iterable[str] = ()) -> list[FieldProblem]:
    """The given problems and those of the model's own validation.

    A problem found by a rule explains more than a database constraint does, so constraints are checked only if there is
    no other problem.
    """
    faults, skip = list(found), set(exclude)
    try:
        thing.clean_fields(exclude=skip | {fault.field for fault in faults})
    except ValidationError as error:
        faults += _validation_problems(error)
    if not faults:
        try:
            thing.clean()
            thing.validate_unique(exclude=skip)
            thing.validate_constraints(exclude=skip)
        except ValidationError as error:
            faults += _validation_problems(error)
    return faults


def _validation_problems(error: ValidationError) -> list[FieldProblem]:
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return [
        FieldProblem("" if name == NON_FIELD_ERRORS else name, sentence)
        for name, sentences in by_field.items()
        for sentence in sentences
    ]
