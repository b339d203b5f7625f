"""The start-up check of ROLES: without it, a permission that no model declares would silently never be granted."""

from typing import Any

from django.apps import apps
from django.core.checks import Error


def known_permissions() -> set[str]:
    names: set[str] = set()
    for model in apps.get_models():
        options = model._meta
        names.update(f"{options.app_label}.{kind}_{options.model_name}" for kind in options.default_permissions)
        names.update(f"{options.app_label}.{codename}" for codename, _ in options.permissions)
    return names


def check_role_permissions(**kwargs: Any) -> list[Error]:
    known = known_permissions()
    return [
        Error(f"ROLES of {config.label} gives {role} the permission {name!r}, which no model has.", id="users.E001")
        for config in apps.get_app_configs()
        for role, permissions in getattr(config, "ROLES", {}).items()
        for name in permissions
        if name not in known
    ]
