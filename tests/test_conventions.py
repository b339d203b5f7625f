"""Rules for the tests themselves."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase, tag

TOP = Path(__file__).resolve().parents[1]
OUR_PACKAGES = {*settings.SCHOOL_APPS, "demo_lms", "hepcat"}
REPLACING_CALL = re.compile(r"(.*\.)?patch(\.object)?|setattr|delattr")


def parse_test_files() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((TOP / "tests").rglob("*.py")):
        yield str(path.relative_to(TOP)), ast.parse(path.read_text(encoding="utf-8"))


def names_imported_from_our_packages(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in OUR_PACKAGES:
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.asname or alias.name for alias in node.names if alias.name.split(".")[0] in OUR_PACKAGES}
    return names


def replaced_targets(tree: ast.Module) -> Iterator[ast.expr]:
    """What is given a new value from outside: by mock.patch, by setattr or by assigning to an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and REPLACING_CALL.fullmatch(ast.unparse(node.func)):
            yield node.args[0]
        elif isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.value for target in targets if isinstance(target, ast.Attribute))


@tag("once")
class TestCodeTest(SimpleTestCase):
    def test_no_test_replaces_code_of_the_site(self) -> None:
        violations = []
        for name, tree in parse_test_files():
            ours = names_imported_from_our_packages(tree)
            for target in replaced_targets(tree):
                text = target.value if isinstance(target, ast.Constant) else ast.unparse(target)
                first = str(text).partition(".")[0]
                if first in ours or (isinstance(target, ast.Constant) and first in OUR_PACKAGES):
                    violations.append(f"{name}:{target.lineno}: {text}")
        self.assertEqual(violations, [])

    def test_no_test_module_is_imported(self) -> None:
        violations = []
        for name, tree in parse_test_files():
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tests":
                    modules = [f"{node.module}.{alias.name}" for alias in node.names]
                    violations += [f"{name}: {module}" for module in modules if ".test_" in module]
        self.assertEqual(violations, [])
