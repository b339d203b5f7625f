"""System checks of the workflow map, the declared events and the periodic jobs."""

import dataclasses
import inspect
import typing
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from common.app_modules import app_modules
from common.dotted import did_you_mean, names_beside
from outbox import registry
from outbox.declare import EventType, is_storable
from outbox.periodic_jobs import declared_jobs


@checks.register()
def check_workflow_map(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    try:
        maps = registry.workflow_maps()
    except (ImportError, AttributeError) as error:
        hint = "WORKFLOWS must name a dict, such as hepcat.workflows.WORKFLOWS."
        return [checks.Error(f"The workflow map cannot be read: {error}", hint=hint, id="outbox.E001")]
    problems = [message for place, workflow in maps for message in workflow_map_problems(place, workflow)]
    if any(message.id in {"outbox.E001"} for message in problems):
        return problems
    return [
        *problems,
        *repeated_receiver_problems(),
        *event_type_problems(),
        *job_problems(),
        *unused_receiver_warnings(),
    ]


def workflow_map_problems(place: str, workflow: Any) -> Iterator[checks.CheckMessage]:
    for name, receivers in workflow.items():
        if name not in registry.event_types():
            yield checks.Error(
                f"{place} maps {name!r}, which no app declares.{did_you_mean(name, registry.event_types())}",
                hint="Declare it in the app's events.py, or remove the entry.",
                id="outbox.E002",
            )
        if not isinstance(receivers, dict) or not set(receivers) <= {"now", "later"} or not has_name_lists(receivers):
            yield checks.Error(
                f"{place}[{name!r}] must be a dict with lists of dotted names under 'now' and 'later'.",
                id="outbox.E001",
            )
            continue
        for when in ("now", "later"):
            for path in receivers.get(when, []):
                yield from receiver_problems(f"{place}[{name!r}]", path, when)


def has_name_lists(receivers: dict[str, Any]) -> bool:
    return all(
        isinstance(paths, list | tuple) and all(isinstance(path, str) for path in paths) for paths in receivers.values()
    )


def receiver_problems(place: str, path: str, when: str) -> Iterator[checks.CheckMessage]:
    try:
        receiver = import_string(path)
    except ImportError as error:
        known = names_beside(path) or similar_receivers(path)
        yield checks.Error(
            f"{place} names {path!r}, which does not exist: {error}.{did_you_mean(path, known)}",
            hint="Correct the name, or remove the entry.",
            id="outbox.E003",
        )
        return
    if not takes_one_argument(receiver):
        yield checks.Error(
            f"{place}: {path} must be a function that takes one event.",
            hint="def receiver(event): ...",
            id="outbox.E004",
        )
    elif when == "now" and hasattr(receiver, "outside"):
        yield checks.Error(
            f"{place}: {path} calls an external system and must not run 'now', inside a transaction.",
            hint="Move it to 'later'.",
            id="outbox.E005",
        )


def similar_receivers(path: str) -> list[str]:
    # The module name may be misspelled, so this lists the same function in the receivers of every app.
    return [f"{module.__name__}.{path.rpartition('.')[2]}" for module in app_modules("receivers")]


def takes_one_argument(receiver: object) -> bool:
    if not callable(receiver):
        return False
    try:
        inspect.signature(receiver).bind(object())
    except (TypeError, ValueError):
        return False
    return True


def repeated_receiver_problems() -> Iterator[checks.CheckMessage]:
    for name, receivers in registry.merged_workflows().items():
        for path, count in Counter([*receivers.now, *receivers.later]).items():
            if count > 1:
                yield checks.Error(
                    f"{path} receives {name!r} {count} times.", hint="Keep one of the entries.", id="outbox.E007"
                )


def event_type_problems() -> Iterator[checks.CheckMessage]:
    event_types = registry.event_declarations()
    distinct = {id(event_type): event_type for event_type in event_types}.values()
    for name, count in Counter(event_type.name for event_type in distinct).items():
        if count > 1:
            yield checks.Error(
                f"The event {name!r} is declared {count} times.", hint="Keep one declaration.", id="outbox.E008"
            )
    for event_type in event_types:
        for problem in declaration_problems(event_type):
            yield checks.Error(f"The event {event_type.name!r}: {problem}", id="outbox.E009")


def declaration_problems(event_type: EventType) -> Iterator[str]:
    payload, id_field = event_type.payload, event_type.subject[1]
    if not dataclasses.is_dataclass(payload) or not vars(payload)["__dataclass_params__"].frozen:
        yield "its payload must be a frozen dataclass."
        return
    fields = typing.get_type_hints(payload)
    if id_field not in fields:
        yield f"its subject id is {id_field!r}, which its payload lacks.{did_you_mean(id_field, fields)}"
    for name, hint in fields.items():
        if not is_storable(hint):
            yield f"{name} must consist of str, int, bool, None, list and dict; store money and dates as text."


def job_problems() -> Iterator[checks.CheckMessage]:
    for name, count in Counter(job.name for job in declared_jobs()).items():
        if count > 1:
            yield checks.Error(
                f"The job {name!r} is declared {count} times.", hint="Keep one of them.", id="outbox.E010"
            )
    for job in declared_jobs():
        try:
            import_string(job.run)
        except ImportError as error:
            yield checks.Error(
                f"The job {job.name!r} runs {job.run!r}, which does not exist: {error}."
                f"{did_you_mean(job.run, names_beside(job.run))}",
                hint="Correct the name in the app's jobs.py, or remove the job.",
                id="outbox.E011",
            )


@checks.register()
def check_engine_setting(app_configs: object, **kwargs: object) -> list[checks.CheckMessage]:
    if settings.OUTBOX_ENGINE != "celery" or can_import("celery"):
        return []
    return [
        checks.Error(
            "OUTBOX_ENGINE is celery, and Celery is not installed.",
            hint="Install requirements-scale.txt, or set OUTBOX_ENGINE=worker.",
            id="outbox.E012",
        )
    ]


def can_import(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def unused_receiver_warnings() -> Iterator[checks.CheckMessage]:
    for path in registry.unused_receivers():
        yield checks.Warning(
            f"{path} is a receiver that no event reaches.",
            hint="Map an event to it in WORKFLOWS, or delete it.",
            id="outbox.W001",
        )
