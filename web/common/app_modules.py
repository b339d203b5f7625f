"""Finds the modules of one name in all apps, such as each app's `jobs` or `navigation`."""

from collections.abc import Collection
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import module_has_submodule


@cache
def modules_by_app(name: str) -> tuple[tuple[AppConfig, ModuleType], ...]:
    """The modules in the order of INSTALLED_APPS, which starts with the highest layer."""
    return tuple(
        (config, import_module(f"{config.name}.{name}"))
        for config in apps.get_app_configs()
        if config.name != __package__ and config.module is not None and module_has_submodule(config.module, name)
    )


def app_modules(name: str, configs: Collection[AppConfig] | None = None) -> list[ModuleType]:
    return [module for config, module in modules_by_app(name) if configs is None or config in configs]


@receiver(setting_changed)
def forget_modules(setting: str, **kwargs: Any) -> None:
    if setting == "INSTALLED_APPS":
        modules_by_app.cache_clear()
