"""What the site keeps about a person, app by app: told, erased, and joined when a person turns out to be two records.

Each app whose models lead to a person has a module `personal`:

    MODELS = {"mailroom.Message": "Mails sent to you"}     every model with a path to a person, in words for them
    NOT_PERSONAL = {"shop.Thing": "why its path tells nothing about the person"}

    def export(person: Person) -> dict[str, object]: ...     what can be written as JSON
    def erase(person: Person) -> None: ...                   what goes, goes; what the books need loses the name
    def merge(source: Person, target: Person) -> list[str]: ...   moves rows; a sentence for each thing moved

A test walks all models and fails for one that leads to a person and is not named. The highest app comes first, so that
whoever points at a row is asked before the app that owns it. All three run inside the caller's transaction.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from django.apps import apps
from django.utils.module_loading import module_has_submodule


@dataclass(frozen=True)
class Person:
    """An account, the students it speaks for, the addresses it uses; or a student without an account."""

    account_id: int | None = None
    student_ids: tuple[int, ...] = ()
    emails: tuple[str, ...] = ()


class Module(Protocol):
    __name__: str
    MODELS: dict[str, str]

    def export(self, person: Person) -> dict[str, object]: ...

    def erase(self, person: Person) -> None: ...

    def merge(self, source: Person, target: Person) -> list[str]: ...


class Conflict(Exception):
    """Two records cannot be joined as they are; the sentence says what a person has to settle first."""


def modules() -> Iterator[tuple[str, Module]]:
    for config in apps.get_app_configs():
        if config.name != __package__ and config.module and module_has_submodule(config.module, "personal"):
            yield config.label, cast(Module, import_module(f"{config.name}.personal"))


def declared() -> dict[str, str]:
    return {model: words for _, module in modules() for model, words in module.MODELS.items()}


def excused() -> dict[str, str]:
    lists = (getattr(module, "NOT_PERSONAL", {}) for _, module in modules())
    return {model: reason for each in lists for model, reason in each.items()}


def export(person: Person) -> dict[str, dict[str, object]]:
    told = {label: module.export(person) for label, module in modules()}
    return {label: data for label, data in told.items() if data}


def erase(person: Person) -> None:
    for _, module in modules():
        module.erase(person)


def merge(source: Person, target: Person) -> list[str]:
    return [sentence for _, module in modules() for sentence in module.merge(source, target)]
