"""The order of the apps: the configuration of import-linter, and rules that import-linter cannot check."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Field
from django.test import SimpleTestCase

TOP = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]
CONTRACTS = PROJECT["importlinter"]["contracts"]
LAYERS = [[name.strip(" ()") for name in layer.split("|")] for layer in CONTRACTS[0]["layers"]]
LEVELS = {name: height for height, layer in enumerate(reversed(LAYERS)) for name in layer}


def packages() -> set[str]:
    return {path.parent.name for path in (TOP / "web").glob("*/__init__.py")}


class LayersTest(SimpleTestCase):
    def test_every_package_has_a_level_in_the_order_of_layers(self) -> None:
        self.assertEqual(packages() - set(LEVELS), set())

    def test_every_package_is_checked_by_import_linter_and_by_mypy(self) -> None:
        self.assertEqual(set(PROJECT["importlinter"]["root_packages"]), packages())
        self.assertEqual(set(PROJECT["mypy"]["packages"]), packages())

    def test_layers_inside_an_app_are_checked_in_every_app(self) -> None:
        self.assertEqual(set(CONTRACTS[1]["containers"]), packages() - {"hepcat", "common"})

    def test_every_package_but_the_site_itself_is_an_installed_app(self) -> None:
        self.assertEqual(set(settings.SCHOOL_APPS) | {"demo_lms"}, packages() - {"hepcat"} | {"demo_lms"})

    def test_no_package_has_the_name_of_a_python_module_or_library(self) -> None:
        shadowed_on_purpose = {"tests"}  # some libraries install a `tests` package; ours is first on the path
        foreign_names = (sys.stdlib_module_names | set(packages_distributions())) - shadowed_on_purpose
        own_names = packages() | {path.parent.name for path in TOP.glob("*/__init__.py")}
        self.assertEqual(own_names & foreign_names, set())

    def test_foreign_keys_point_to_a_lower_app(self) -> None:
        upward = [
            f"{field.model._meta.label}.{field.name}"
            for model in apps.get_models()
            if model._meta.app_label in LEVELS
            for field in model._meta.get_fields(include_hidden=True)
            if isinstance(field, Field) and points_up(field)
        ]
        self.assertEqual(upward, [])


def points_up(field: "Field[Any, Any]") -> bool:
    """A key to another app on the same level also points up. Django's own apps are below all of ours."""
    if not field.is_relation or field.related_model is None:
        return False
    source_app, target_app = field.model._meta.app_label, field.related_model._meta.app_label
    return source_app != target_app and target_app in LEVELS and LEVELS[target_app] >= LEVELS[source_app]
