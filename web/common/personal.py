"""Export, erasure and merging of everything the site stores about a person.

Each app that has models with a path to a person has a module `personal` with these names:

    MODELS             every such model with a description for the person, as in
                       {"mailroom.Message": "Mails sent to you"}
    NOT_PERSONAL       models whose path to a person says nothing about them, each with the reason
    export(person)     returns the data as a dictionary that can be written as JSON
    erase(person)      deletes rows; rows that the accounts need are kept without the name
    plan_merge(source, target)  returns the steps of a merge without taking them, or raises MergeConflict

A test walks all models and fails if one leads to a person and is in neither list. The highest app is called first, so
that rows that refer to another row are handled before that row. All of it happens inside the caller's transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from django.db.models import QuerySet
from django.utils.functional import Promise

from common.app_modules import modules_by_app


@dataclass(frozen=True)
class PersonRecords:
    """An account with its students and email addresses, or a student who has no account."""

    account_id: int | None = None
    student_ids: tuple[int, ...] = ()
    emails: tuple[str, ...] = ()


@dataclass(frozen=True)
class MergeStep:
    """One step of a merge. The page that previews the merge shows its sentences."""

    apply: Callable[[], object]
    sentences: tuple[str, ...] = ()
    rows: QuerySet[Any] | None = None
    """These rows no longer refer to the source afterwards."""


def move_rows(rows: QuerySet[Any], *sentences: str, **values: object) -> MergeStep:
    return MergeStep(partial(rows.update, **values), sentences, rows)


class PersonalModule(Protocol):
    __name__: str
    MODELS: dict[str, str | Promise]

    def export(self, person: PersonRecords) -> dict[str, object]: ...

    def erase(self, person: PersonRecords) -> None: ...

    def plan_merge(self, source: PersonRecords, target: PersonRecords) -> list[MergeStep]: ...


def personal_modules() -> Iterator[tuple[str, PersonalModule]]:
    for config, module in modules_by_app("personal"):
        yield config.label, cast(PersonalModule, module)


def personal_models() -> dict[str, str | Promise]:
    return {model: description for _, module in personal_modules() for model, description in module.MODELS.items()}


def exempt_models() -> dict[str, str]:
    exemptions = (getattr(module, "NOT_PERSONAL", {}) for _, module in personal_modules())
    return {model: reason for exempt in exemptions for model, reason in exempt.items()}


def export_all(person: PersonRecords) -> dict[str, dict[str, object]]:
    data_by_app = {label: module.export(person) for label, module in personal_modules()}
    return {label: data for label, data in data_by_app.items() if data}


def erase_all(person: PersonRecords) -> None:
    for _, module in personal_modules():
        module.erase(person)


def plan_merge_of_all(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    return [step for _, module in personal_modules() for step in module.plan_merge(source, target)]


def apply_merge(steps: Sequence[MergeStep]) -> list[str]:
    for step in steps:
        step.apply()
    return merge_sentences(steps)


def merge_sentences(steps: Sequence[MergeStep]) -> list[str]:
    return [sentence for step in steps for sentence in step.sentences]
