"""What is locked can be installed on every Python that we support, by plain pip too."""

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
SETS = {
    "the site": ["requirements.txt"],
    "with Celery": ["requirements.txt", "requirements-scale.txt"],
    "for tests": ["requirements.txt", "requirements-scale.txt", "requirements-dev.txt"],
}


def locked(*files: str) -> dict[str, Requirement]:
    lines = (line for file in files for line in (TOP / file).read_text().splitlines() if re.match(r"[A-Za-z]", line))
    requirements = (Requirement(line.rstrip("\\ ")) for line in lines)
    return {canonicalize_name(each.name): each for each in requirements}


def environment(python: str, extra: str = "") -> dict[str, str]:
    short = ".".join(python.split(".")[:2])
    given = {"python_full_version": python, "python_version": short, "extra": extra, "sys_platform": "linux"}
    return {name: str(value) for name, value in (default_environment() | given).items()}


def needed(requirement: Requirement, python: str) -> Iterator[Requirement]:
    about = importlib.metadata.distribution(requirement.name)
    for text in about.requires or []:
        need = Requirement(text)
        for extra in ("", *requirement.extras):
            if need.marker is None or need.marker.evaluate(environment(python, extra)):
                yield need
                break


@tag("once", "processes")
class LockTest(SimpleTestCase):
    def problems(self, files: list[str], python: str) -> Iterator[str]:
        known = locked(*files)
        for name, requirement in known.items():
            if requirement.marker and not requirement.marker.evaluate(environment(python)):
                continue
            about = importlib.metadata.metadata(name)
            if python not in SpecifierSet(about.get("Requires-Python") or ""):
                yield f"{name} is not for Python {python}"
            for need in needed(requirement, python):
                found = known.get(canonicalize_name(need.name))
                if not found or not all(need.specifier.contains(each.version) for each in found.specifier):
                    yield f"{name} needs {need}"
                elif found.marker and not found.marker.evaluate(environment(python)):
                    yield f"{name} needs {need}, which is not for Python {python}"

    def test_all_that_is_needed_is_there_on_each_python(self) -> None:
        for name, files in SETS.items():
            for python in PYTHONS:
                with self.subTest(name, python=python):
                    self.assertEqual(list(self.problems(files, python)), [])

    def test_every_package_is_one_version_with_its_hashes_so_that_plain_pip_takes_the_file(self) -> None:
        """pip asks for hashes of everything as soon as one line has one: all must, and all must be exact."""
        for files in SETS.values():
            text = (TOP / files[-1]).read_text()
            entries = re.split(r"\n(?=[A-Za-z])", text.partition("\n")[2])
            self.assertEqual([each for each in entries if "==" not in each or "--hash=sha256:" not in each], [])
