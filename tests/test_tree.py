"""The habits that a linter does not know, over every tracked file."""

import ast
import re
from collections.abc import Iterator

from django.test import SimpleTestCase, tag

from tests.tracked_files import TOP, tracked

# In pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("pypi", "python"))
]
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
MACHINES = re.compile(r"/(" + "|".join(["ro" + "ot/", "work/m", "work/s", "tmp/" + "wt"]) + ")")
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=[\"']|javascript:", re.IGNORECASE)
LONGEST_FILE, LONGEST_FUNCTION = 500, 50


def texts(*endings: str) -> Iterator[tuple[str, str]]:
    for path in tracked(*endings):
        try:
            yield str(path.relative_to(TOP)), path.read_text()
        except UnicodeDecodeError:
            continue


def python() -> Iterator[tuple[str, str]]:
    yield from texts(".py")
    yield "run", (TOP / "run").read_text()


def lines_with(pattern: re.Pattern[str], *endings: str) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts(*endings)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@tag("once")
class TreeTest(SimpleTestCase):
    def test_no_file_is_too_long(self) -> None:
        long = [name for name, text in python() if text.count("\n") > LONGEST_FILE]
        self.assertEqual(long, [])

    def test_no_function_is_too_long(self) -> None:
        long = [
            f"{name}: {each.name}"
            for name, text in python()
            for each in functions(text)
            if length(each) > LONGEST_FUNCTION
        ]
        self.assertEqual([name for name in long if "/migrations/" not in name], [])

    def test_nothing_is_left_for_later(self) -> None:
        self.assertEqual(lines_with(UNFINISHED), [])

    def test_no_file_tells_where_packages_come_from_or_where_it_was_written(self) -> None:
        self.assertEqual(lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))), [])
        self.assertEqual(lines_with(MACHINES), [])

    def test_the_lock_and_the_requirements_hold_no_address(self) -> None:
        self.assertEqual(lines_with(re.compile("://"), "Pipfile", "Pipfile.lock", "requirements.txt"), [])
        self.assertEqual(lines_with(re.compile("://"), "requirements-dev.txt", "requirements-scale.txt"), [])

    def test_no_page_carries_script_or_style_that_the_policy_would_refuse(self) -> None:
        pages = [found for found in lines_with(INLINE, ".html") if "/templates/mail/" not in found]
        self.assertEqual(pages, [])

    def test_no_module_imports_from_a_test_module(self) -> None:
        """What tests share lies in a helper module beside them, so that each test module can move or go."""
        test_module = re.compile(r"tests\.(\w+\.)*test_")
        found = [f"{name}: {each}" for name, text in python() for each in imports(text) if test_module.match(each)]
        self.assertEqual(found, [])

    def test_no_test_is_skipped(self) -> None:
        marks = re.compile(r"^\s*(@(unittest\.)?(skip|expectedFailure)|self\.skipTest)")
        self.assertEqual([found for found in lines_with(marks, ".py") if found.startswith("tests/")], [])


def imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (module + each.name for each in node.names)


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1
