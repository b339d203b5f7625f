"""One clock per operation: a function that receives the time passes it on and does not read the clock again."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase

WEB = Path(__file__).resolve().parents[1] / "web"
CLOCKS = {"timezone.now", "timezone.localdate", "timezone.localtime", "dates.local_today", "datetime.now", "date.today"}
METHODS_WITH_CLOCK_DEFAULT = {"has_expired", "can_be_paid", "is_overdue"}
"""Methods that read the clock when they are called without the time."""


def dotted_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def parameter_names(function: ast.FunctionDef) -> set[str]:
    arguments = function.args
    return {argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}


def own_calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    """All calls in the function, except defaults such as `at or timezone.now()`."""
    defaults = {
        id(value)
        for node in ast.walk(function)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
        for value in node.values[1:]
    }
    yield from (node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in defaults)


def reads_clock(call: ast.Call) -> bool:
    name = dotted_name(call.func)
    return not call.args and not call.keywords and (name in CLOCKS or name.split(".")[-1] in METHODS_WITH_CLOCK_DEFAULT)


class OneClockTest(SimpleTestCase):
    def functions(self) -> Iterator[tuple[Path, ast.FunctionDef]]:
        for path in sorted(WEB.rglob("*.py")):
            if not {"migrations", "demo"} & set(path.parts):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.FunctionDef):
                        yield path, node

    def test_function_that_receives_the_time_passes_it_all_the_way_down(self) -> None:
        """It neither reads the clock nor calls a function of ours that reads it for lack of a time parameter."""
        functions = list(self.functions())
        self.maxDiff = None
        self.assertGreater(len(functions), 1000)
        clock_readers = {
            (path.stem, function.name)
            for path, function in functions
            if "domain" in path.parts
            and not {"at", "now"} & parameter_names(function)
            and any(map(reads_clock, own_calls(function)))
        }
        violations = []
        for path, function in functions:
            for call in own_calls(function) if "at" in parameter_names(function) else ():
                *qualifiers, name = dotted_name(call.func).split(".")
                if reads_clock(call) or (qualifiers[-1] if qualifiers else path.stem, name) in clock_readers:
                    violations.append(f"{path.name}:{call.lineno} {function.name} calls {dotted_name(call.func)}")
        self.assertEqual(violations, [])
