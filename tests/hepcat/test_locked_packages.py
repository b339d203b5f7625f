"""The locked packages can be installed on every supported Python, with plain pip too."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase, tag
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

TOP = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11.0", "3.11.2", "3.11.9", "3.12.3", "3.13.5", "3.14.0")
FILES_BY_PURPOSE = {
    "the site": ["requirements.txt"],
    "with Celery": ["requirements.txt", "requirements-scale.txt"],
    "for tests": ["requirements.txt", "requirements-scale.txt", "requirements-dev.txt"],
}


def locked(*files: str) -> dict[str, Requirement]:
    lines = (line for file in files for line in (TOP / file).read_text().splitlines() if re.match(r"[A-Za-z]", line))
    requirements = (Requirement(line.rstrip("\\ ")) for line in lines)
    return {canonicalize_name(entry.name): entry for entry in requirements}


def environment(python: str, extra: str = "") -> dict[str, str]:
    minor_version = ".".join(python.split(".")[:2])
    values = {"python_full_version": python, "python_version": minor_version, "extra": extra, "sys_platform": "linux"}
    return {name: str(value) for name, value in (default_environment() | values).items()}


def dependencies(requirement: Requirement, python: str) -> Iterator[Requirement]:
    distribution = importlib.metadata.distribution(requirement.name)
    for text in distribution.requires or []:
        need = Requirement(text)
        for extra in ("", *requirement.extras):
            if need.marker is None or need.marker.evaluate(environment(python, extra)):
                yield need
                break


@tag("once", "processes")
class LockTest(SimpleTestCase):
    def problems(self, files: list[str], python: str) -> Iterator[str]:
        locked_packages = locked(*files)
        for name, requirement in locked_packages.items():
            if requirement.marker and not requirement.marker.evaluate(environment(python)):
                continue
            metadata = importlib.metadata.metadata(name)
            if python not in SpecifierSet(metadata.get("Requires-Python") or ""):
                yield f"{name} is not for Python {python}"
            for need in dependencies(requirement, python):
                locked_need = locked_packages.get(canonicalize_name(need.name))
                if not locked_need or not all(
                    need.specifier.contains(entry.version) for entry in locked_need.specifier
                ):
                    yield f"{name} needs {need}"
                elif locked_need.marker and not locked_need.marker.evaluate(environment(python)):
                    yield f"{name} needs {need}, which is not for Python {python}"

    def test_every_dependency_is_locked_for_each_supported_python(self) -> None:
        for name, files in FILES_BY_PURPOSE.items():
            for python in PYTHONS:
                with self.subTest(name, python=python):
                    self.assertEqual(list(self.problems(files, python)), [])

    def test_every_package_is_pinned_to_one_version_with_hashes(self) -> None:
        """pip requires hashes and exact versions for every package as soon as one line has a hash."""
        for files in FILES_BY_PURPOSE.values():
            text = (TOP / files[-1]).read_text()
            entries = re.split(r"\n(?=[A-Za-z])", text.partition("\n")[2])
            self.assertEqual([entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry], [])
