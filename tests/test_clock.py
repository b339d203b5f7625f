"""One clock per operation: whoever is told the time passes it on, and does not look at the clock again."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase

WEB = Path(__file__).resolve().parents[1] / "web"
CLOCKS = {"timezone.now", "timezone.localdate", "timezone.localtime", "dates.local_today", "datetime.now", "date.today"}
ASK_THE_CLOCK = {"has_lapsed", "can_be_paid", "is_overdue"}
"""Methods that look at the clock when they are not told the time."""


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def parameters(function: ast.FunctionDef) -> set[str]:
    given = function.args
    return {one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """Those of its own, but for `at or timezone.now()`."""
    defaults = {
        id(value)
        for node in ast.walk(function)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
        for value in node.values[1:]
    }
    yield from (node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in defaults)


def reads_clock(call: ast.Call) -> bool:
    name = dotted(call.func)
    return not call.args and not call.keywords and (name in CLOCKS or name.split(".")[-1] in ASK_THE_CLOCK)


class OneClockTest(SimpleTestCase):
    def functions(self) -> Iterator[tuple[Path, ast.FunctionDef]]:
        for path in sorted(WEB.rglob("*.py")):
            if not {"migrations", "demo"} & set(path.parts):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.FunctionDef):
                        yield path, node

    def test_a_function_that_is_told_the_time_passes_it_all_the_way_down(self) -> None:
        """It reads no clock, and calls none of ours that reads one because it cannot be told the time."""
        found = list(self.functions())
        self.maxDiff = None
        self.assertGreater(len(found), 1000)
        untold = {
            (path.stem, function.name)
            for path, function in found
            if "domain" in path.parts
            and not {"at", "now"} & parameters(function)
            and any(map(reads_clock, calls(function)))
        }
        wrong = []
        for path, function in found:
            for call in calls(function) if "at" in parameters(function) else ():
                *before, name = dotted(call.func).split(".")
                if reads_clock(call) or (before[-1] if before else path.stem, name) in untold:
                    wrong.append(f"{path.name}:{call.lineno} {function.name} calls {dotted(call.func)}")
        self.assertEqual(wrong, [])
