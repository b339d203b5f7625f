"""The declared events and their receivers, loaded once from the `events.py` of each app and from WORKFLOWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from inspect import isfunction
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from common.app_modules import app_modules
from outbox.declare import EventType

Receiver = Callable[[Any], Any]


@dataclass(frozen=True)
class Receivers:
    """The dotted names of the receivers of one event. Those in `now` run in the transaction that emits it."""

    now: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def event_declarations() -> list[EventType]:
    return [
        value for module in app_modules("events") for value in vars(module).values() if isinstance(value, EventType)
    ]


@cache
def event_types() -> dict[str, EventType]:
    return {event_type.name: event_type for event_type in event_declarations()}


def plugin_apps() -> list[AppConfig]:
    """Return the apps in PLUGINS, which may name either the app or its AppConfig."""
    return [
        config
        for config in apps.get_app_configs()
        if {config.name, f"{type(config).__module__}.{type(config).__qualname__}"} & set(settings.PLUGINS)
    ]


def workflow_maps() -> list[tuple[str, Mapping[str, Any]]]:
    """Return the workflow map of the site and those of the plug-ins, each with the name of its place in the code."""
    setting = settings.WORKFLOWS
    site = ("WORKFLOWS", setting) if not isinstance(setting, str) else (setting, import_string(setting))
    return [
        site,
        *((f"{module.__name__}.WORKFLOWS", module.WORKFLOWS) for module in app_modules("workflows", plugin_apps())),
    ]


@cache
def merged_workflows() -> dict[str, Receivers]:
    merged: dict[str, Receivers] = {}
    for _, workflow in workflow_maps():
        for name, receivers in workflow.items():
            of_event = merged.setdefault(name, Receivers())
            of_event.now.extend(receivers.get("now", []))
            of_event.later.extend(receivers.get("later", []))
    return merged


def receivers_of(event_name: str) -> Receivers:
    return merged_workflows().get(event_name) or Receivers()


def events_without_receivers() -> list[str]:
    return sorted(name for name in event_types() if not receivers_of(name).now and not receivers_of(name).later)


def unused_receivers() -> list[str]:
    """Return the public functions in the `receivers.py` of all apps that no workflow maps to an event."""
    used = {path for receivers in merged_workflows().values() for path in (*receivers.now, *receivers.later)}
    defined = {
        f"{module.__name__}.{name}"
        for module in app_modules("receivers")
        for name, value in vars(module).items()
        if isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    return sorted(defined - used)


@cache
def load_receiver(path: str) -> Receiver:
    return import_string(path)


def _clear_event_cache(*, setting: str, **kwargs: Any) -> None:
    if setting in {"WORKFLOWS", "INSTALLED_APPS", "PLUGINS"}:
        event_types.cache_clear()
        merged_workflows.cache_clear()


setting_changed.connect(_clear_event_cache)
