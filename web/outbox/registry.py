"""Which events are declared, and who hears them: read once, from the apps' `events.py` and the setting WORKFLOWS."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from inspect import isfunction
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string, module_has_submodule

from outbox.declare import EventType

Receiver = Callable[[Any], Any]


@dataclass(frozen=True)
class Heard:
    """The receivers of one event as dotted names: `now` in the transaction that emits, `later` after it."""

    now: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def modules(name: str, configs: list[AppConfig] | None = None) -> Iterator[ModuleType]:
    """The module of that name of each app that has one."""
    for config in apps.get_app_configs() if configs is None else configs:
        if config.module is not None and module_has_submodule(config.module, name):
            yield import_module(f"{config.name}.{name}")


def declarations() -> list[EventType]:
    return [thing for module in modules("events") for thing in vars(module).values() if isinstance(thing, EventType)]


@cache
def event_types() -> dict[str, EventType]:
    return {declared.name: declared for declared in declarations()}


def plugins() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if {config.name, _path(config)} & set(settings.PLUGINS)]


def _path(config: AppConfig) -> str:
    return f"{type(config).__module__}.{type(config).__qualname__}"


def maps() -> list[tuple[str, Mapping[str, Any]]]:
    """The map of the site, then those of the plug-ins (`<app>/workflows.py`), each with where it is written."""
    chosen = settings.WORKFLOWS
    site = ("WORKFLOWS", chosen) if not isinstance(chosen, str) else (chosen, import_string(chosen))
    return [site, *((f"{module.__name__}.WORKFLOWS", module.WORKFLOWS) for module in modules("workflows", plugins()))]


@cache
def workflows() -> dict[str, Heard]:
    heard: dict[str, Heard] = {}
    for _, workflow in maps():
        for name, receivers in workflow.items():
            of_event = heard.setdefault(name, Heard())
            of_event.now.extend(receivers.get("now", []))
            of_event.later.extend(receivers.get("later", []))
    return heard


def heard_by(event_name: str) -> Heard:
    return workflows().get(event_name) or Heard()


def unheard() -> list[str]:
    """Declared events that nobody hears."""
    return sorted(name for name in event_types() if not heard_by(name).now and not heard_by(name).later)


def unreached() -> list[str]:
    """Public functions in the apps' `receivers.py` that no event reaches."""
    reached = {path for heard in workflows().values() for path in (*heard.now, *heard.later)}
    written = {
        f"{module.__name__}.{name}"
        for module in modules("receivers")
        for name, thing in vars(module).items()
        if isfunction(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
    }
    return sorted(written - reached)


@cache
def receiver(path: str) -> Receiver:
    return import_string(path)


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting in {"WORKFLOWS", "INSTALLED_APPS", "PLUGINS"}:
        event_types.cache_clear()
        workflows.cache_clear()


setting_changed.connect(_forget)
