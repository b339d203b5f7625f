"""What the apps in EXTRA_APPS add to the settings. Each app declares it in its module `hepcat_settings.py`:

    PRODUCT_KINDS = {"shirt": "studio.product_kinds.ShirtKind"}
    PRICE_RULES = ["studio.price_rules.apply_family_discount"]

The module is imported while the settings are read, so it imports no models. It can read variables with `common.env`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from common.dotted import did_you_mean

MODULE = "hepcat_settings"


@dataclass
class PluginSettings:
    """The values of all apps. An entry of a dict replaces the one of the site that has the same name."""

    PRODUCT_KINDS: dict[str, str] = field(default_factory=dict)
    PAYMENT_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    PRICE_RULES: list[str] = field(default_factory=list)
    PREVIEW_CONTRIBUTORS: list[str] = field(default_factory=list)


def read_plugin_settings(apps: Iterable[str]) -> PluginSettings:
    added = PluginSettings()
    for app in apps:
        package = app.partition(".apps.")[0]  # The app may be named by its AppConfig.
        if find_spec(f"{package}.{MODULE}"):
            _add_settings(added, f"{package}.{MODULE}")
    return added


def _add_settings(added: PluginSettings, path: str) -> None:
    known = vars(added)
    for name, value in vars(import_module(path)).items():
        if not name.isupper():
            continue
        if name not in known:
            raise ImproperlyConfigured(
                f"{path} has {name}. An app can add to {', '.join(known)} only.{did_you_mean(name, known)}"
            )
        if not isinstance(value, type(known[name])):
            raise ImproperlyConfigured(f"{name} in {path} must be a {type(known[name]).__name__}.")
        if isinstance(value, dict):
            known[name].update(value)
        else:
            known[name].extend(value)
