"""Problems of a change: a sentence for a field, and values that would solve it."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from classwork.errors import FieldProblem


def model_problems(
    thing: Model, found: Iterable[FieldProblem] = (), exclude: Iterable[str] = (), *, constraints: bool = True
) -> list[FieldProblem]:
    """The given problems and those of the model's own validation.

    A problem found by a rule explains more than a database constraint does, so constraints are checked only if there is
    no other problem. Django checks them, and that related rows exist, with a query for each; that a related row exists
    is clear if it is loaded.
    """
    problems, skip = list(found), set(exclude)
    loaded = {name for name, row in thing._state.fields_cache.items() if row is not None and row.pk is not None}
    try:
        thing.clean_fields(exclude=skip | loaded | {problem.field for problem in problems})
    except ValidationError as error:
        problems += _validation_problems(error)
    if not problems:
        try:
            thing.clean()
            thing.validate_unique(exclude=skip)
            if constraints:
                thing.validate_constraints(exclude=skip)
        except ValidationError as error:
            problems += _validation_problems(error)
    return problems


def _validation_problems(error: ValidationError) -> list[FieldProblem]:
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    return [
        FieldProblem("" if name == NON_FIELD_ERRORS else name, sentence)
        for name, sentences in by_field.items()
        for sentence in sentences
    ]
