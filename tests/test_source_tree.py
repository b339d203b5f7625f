"""Rules for all tracked files that no linter checks."""

import ast
import re
from collections.abc import Iterator

from django.test import SimpleTestCase, tag

from tests.tracked_files import TOP, tracked

# In pieces, so that this file does not contain what it searches for.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("python" + "hosted", "org"), ("npmjs", "org"), ("pypi", "python"))
]
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" * 3]) + r")\b")
MACHINES = re.compile(r"/(" + "|".join(["ro" + "ot/", "work/m", "work/s", "tmp/" + "wt"]) + ")")
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=[\"']|javascript:", re.IGNORECASE)
LONGEST_FILE, LONGEST_FUNCTION = 500, 50


def file_texts(*endings: str) -> Iterator[tuple[str, str]]:
    for path in tracked(*endings):
        try:
            yield str(path.relative_to(TOP)), path.read_text()
        except UnicodeDecodeError:
            continue


def python_sources() -> Iterator[tuple[str, str]]:
    yield from file_texts(".py")
    yield "run", (TOP / "run").read_text()


def lines_with(pattern: re.Pattern[str], *endings: str) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in file_texts(*endings)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


@tag("once")
class SourceTreeTest(SimpleTestCase):
    def test_no_file_is_too_long(self) -> None:
        too_long = [name for name, text in python_sources() if text.count("\n") > LONGEST_FILE]
        self.assertEqual([name for name in too_long if "/migrations/" not in name], [])

    def test_no_function_is_too_long(self) -> None:
        too_long = [
            f"{name}: {function.name}"
            for name, text in python_sources()
            for function in functions(text)
            if line_count(function) > LONGEST_FUNCTION
        ]
        self.assertEqual([name for name in too_long if "/migrations/" not in name], [])

    def test_no_file_contains_a_mark_for_unfinished_work(self) -> None:
        self.assertEqual(lines_with(UNFINISHED), [])

    def test_no_file_names_a_package_registry_or_a_folder_of_the_developer(self) -> None:
        self.assertEqual(lines_with(re.compile("|".join(map(re.escape, REGISTRIES)))), [])
        self.assertEqual(lines_with(MACHINES), [])

    def test_lock_and_requirements_files_contain_no_urls(self) -> None:
        self.assertEqual(lines_with(re.compile("://"), "Pipfile", "Pipfile.lock", "requirements.txt"), [])
        self.assertEqual(lines_with(re.compile("://"), "requirements-dev.txt", "requirements-scale.txt"), [])

    def test_no_page_has_inline_scripts_or_styles_that_the_content_policy_blocks(self) -> None:
        pages = [line for line in lines_with(INLINE, ".html") if "/templates/mail/" not in line]
        self.assertEqual(pages, [])

    def test_no_module_imports_from_a_test_module(self) -> None:
        """Tests share code through helper modules, so that each test module can be moved or deleted."""
        test_module = re.compile(r"tests\.(\w+\.)*test_")
        violations = [
            f"{name}: {imported_name}"
            for name, text in python_sources()
            for imported_name in imports(text)
            if test_module.match(imported_name)
        ]
        self.assertEqual(violations, [])

    def test_no_test_is_skipped(self) -> None:
        marks = re.compile(r"^\s*(@(unittest\.)?(skip|expectedFailure)|self\.skipTest)")
        self.assertEqual([line for line in lines_with(marks, ".py") if line.startswith("tests/")], [])


def imports(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from (module + each.name for each in node.names)


def functions(text: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def line_count(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1
