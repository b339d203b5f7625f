"""The order of the apps: the configuration of import-linter, and rules that import-linter cannot check."""

import re
import sys
import tomllib
from collections.abc import Iterator
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
SITE = "templates"
TEMPLATE_TAG = re.compile(r"\{%\s*(include|extends|load)\s+(.*?)\s*%\}")
LITERAL_NAME = re.compile(r"""["']([^"']+)["']""")


def packages() -> set[str]:
    return {path.parent.name for path in (TOP / "web").glob("*/__init__.py")}


class LayersTest(SimpleTestCase):
    def test_every_package_has_a_level_in_the_order_of_layers(self) -> None:
        self.assertEqual(packages() - set(LEVELS), set())

    def test_every_package_is_checked_by_import_linter_and_by_mypy(self) -> None:
        self.assertEqual(set(PROJECT["importlinter"]["root_packages"]), packages())
        self.assertEqual(set(PROJECT["mypy"]["packages"]), packages())

    def test_every_module_of_every_app_has_a_layer(self) -> None:
        exhaustive = [each["containers"] for each in CONTRACTS if each.get("exhaustive")]
        apps_with_layers = {name for containers in exhaustive for name in containers if "." not in name}
        self.assertEqual(apps_with_layers, packages() - {"hepcat", "common"})

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

    def test_templates_use_templates_and_tag_libraries_of_their_own_or_a_lower_app(self) -> None:
        """The templates of the site itself, such as base.html, may use the tags of `common` and are for all apps."""
        levels = {app: 2 * level for app, level in LEVELS.items()} | {SITE: 1}
        used = list(used_by_templates())
        self.assertGreater(len(used), 100)
        upward = [
            f"{path} uses {name}" for path, app, name, owner in used if app != owner and levels[app] <= levels[owner]
        ]
        self.assertEqual(upward, [])


def used_by_templates() -> Iterator[tuple[str, str, str, str]]:
    """The path and the app of each template with each name that it uses and the app of that. Django's are left out."""
    web = TOP / "web"
    folders = {app: web / app / "templates" for app in packages()} | {SITE: web / "templates"}
    templates = {app: [path for path in sorted(folder.rglob("*")) if path.is_file()] for app, folder in folders.items()}
    owners = {str(path.relative_to(folders[app])): app for app, paths in templates.items() for path in paths}
    libraries = {path.stem: path.parents[1].name for path in web.glob("*/templatetags/*.py")}
    for app, paths in templates.items():
        for path in paths:
            for name, owner in names_in_template(path.read_text(), owners, libraries):
                yield str(path.relative_to(web)), app, name, owner


def names_in_template(text: str, owners: dict[str, str], libraries: dict[str, str]) -> Iterator[tuple[str, str]]:
    for tag, rest in TEMPLATE_TAG.findall(text):
        if tag == "load":
            yield from ((name, libraries[name]) for name in rest.split() if name in libraries)
        elif (literal := LITERAL_NAME.match(rest)) and literal[1] in owners:
            yield literal[1], owners[literal[1]]


def points_up(field: "Field[Any, Any]") -> bool:
    """A key to another app on the same level also points up. Django's own apps are below all of ours."""
    if not field.is_relation or field.related_model is None:
        return False
    source_app, target_app = field.model._meta.app_label, field.related_model._meta.app_label
    return source_app != target_app and target_app in LEVELS and LEVELS[target_app] >= LEVELS[source_app]
