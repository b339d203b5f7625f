"""Measures how readable the code in web/ is: names, sizes and docstrings, without migrations.

.venv/bin/python -m tests.code_metrics      the figures, and the worst of each
"""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"
VAGUE = {"get", "do", "handle", "process", "make", "run"}
# Names that Django, its libraries and our own registries look for.
GIVEN = re.compile(r"__\w+__|ready|handle|save|delete|clean|get|post|form_valid|export|erase|merge")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class House:
    functions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Module-level functions outside views and template tags: name without leading underscores, and where it is."""
    methods: Counter[str] = field(default_factory=Counter)
    private: list[str] = field(default_factory=list)
    called_once: list[str] = field(default_factory=list)
    exceptions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lengths: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    documented: list[str] = field(default_factory=list)
    long_lines: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        count = sum(map(len, self.functions.values()))
        one_word = sum(len(places) for name, places in self.functions.items() if "_" not in name)
        shared = sum(len(places) for places in self.functions.values() if len(places) >= 3)
        vague = sum(len(places) for name, places in self.functions.items() if name.split("_")[0] in VAGUE)
        own = {name: times for name, times in self.methods.items() if not GIVEN.fullmatch(name)}
        one_word_methods = sum(times for name, times in own.items() if "_" not in name.strip("_"))
        return {
            "one-word functions, %": 100 * one_word / count,
            "one-word methods, %": 100 * one_word_methods / sum(own.values()),
            "function names shared by three or more, %": 100 * shared / count,
            "private functions called once, %": 100 * len(self.called_once) / len(self.private),
            "functions with a docstring, %": 100 * len(self.documented) / len(self.lengths),
            "vague function names, %": 100 * vague / count,
            "longest function, lines": max(self.lengths.values()),
            "longest file, lines": max(self.files.values()),
            "exception names used twice": sum(len(places) - 1 for places in self.exceptions.values()),
            "template lines over 160 characters": len(self.long_lines),
        }


def measure(web: Path = WEB) -> House:
    house = House()
    for path in sorted(web.rglob("*.py")):
        text = path.read_text()
        if text.strip() and "migrations" not in path.parts:
            _measure_module(house, str(path.relative_to(web)), text)
    for path in sorted(web.rglob("*.html")):
        lines = enumerate(path.read_text().split("\n"), 1)
        house.long_lines += [f"{path.relative_to(web)}:{number}" for number, line in lines if len(line) > 160]
    return house


def _measure_module(house: House, name: str, text: str) -> None:
    tree = ast.parse(text)
    house.files[name] = text.count("\n")
    for node in tree.body:
        if isinstance(node, Function):
            _measure_module_function(house, name, node, text)
        elif isinstance(node, ast.ClassDef) and re.search("Exception|Error", " ".join(map(ast.unparse, node.bases))):
            house.exceptions[node.name].append(f"{name}:{node.lineno}")
    for parent, function in _functions(tree):
        where = f"{name}:{function.lineno} {function.name}"
        house.lengths[where] = (function.end_lineno or function.lineno) - function.lineno + 1
        if ast.get_docstring(function) is not None:
            house.documented.append(where)
        if isinstance(parent, ast.ClassDef):
            house.methods[function.name] += 1


def _measure_module_function(house: House, name: str, node: Function, text: str) -> None:
    where = f"{name}:{node.lineno}"
    if not ("views" in name or name.endswith("urls.py") or "templatetags" in name):
        house.functions[node.name.lstrip("_")].append(where)
    if node.name.startswith("_"):
        house.private.append(node.name)
        if len(re.findall(rf"\b{node.name}\b", text)) == 2:
            house.called_once.append(f"{where} {node.name}")


def _functions(tree: ast.Module) -> Iterator[tuple[ast.AST, Function]]:
    for parent in ast.walk(tree):
        for child in ast.iter_child_nodes(parent):
            if isinstance(child, Function):
                yield parent, child


if __name__ == "__main__":
    found = measure()
    for label, value in found.figures().items():
        print(f"{label:45}{value:8.1f}")
    shared = {name: places for name, places in found.functions.items() if len(places) >= 3}
    print("\nshared:", *(f"{name}: {', '.join(places)}" for name, places in sorted(shared.items())), sep="\n  ")
    one_word = [f"{name}: {places[0]}" for name, places in sorted(found.functions.items()) if "_" not in name]
    print("\none word:", *one_word, sep="\n  ")
    print("\ncalled once:", *found.called_once, sep="\n  ")
