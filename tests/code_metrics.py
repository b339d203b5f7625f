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

FIXED_CLASS_NAMES = {"Meta", "Media", "Command"}
NOUNS_IN_ING = {"accounting", "billing", "housekeeping", "joining", "matching", "polling", "testing"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class CodeMetrics:
    functions: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Module-level functions outside views and template tags: name without leading underscores, and where it is."""
    methods: Counter[str] = field(default_factory=Counter)
    classes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Without those that Django looks up by a fixed name, such as Meta and Command."""
    modules: list[str] = field(default_factory=list)
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
        class_count = sum(map(len, self.classes.values()))
        one_word_classes = sum(len(places) for name, places in self.classes.items() if _is_one_word(name))
        return {
            "one-word functions, %": 100 * one_word / count,
            "one-word methods, %": 100 * one_word_methods / sum(own.values()),
            "one-word classes, %": 100 * one_word_classes / class_count,
            "class names used twice": len(self.shared_classes()),
            "modules named for an activity": len(self.activities()),
            "function names shared by three or more, %": 100 * shared / count,
            "private functions called once, %": 100 * len(self.called_once) / len(self.private),
            "functions with a docstring, %": 100 * len(self.documented) / len(self.lengths),
            "vague function names, %": 100 * vague / count,
            "longest function, lines": max(self.lengths.values()),
            "longest file, lines": max(self.files.values()),
            "exception names used twice": sum(len(places) - 1 for places in self.exceptions.values()),
            "template lines over 160 characters": len(self.long_lines),
        }

    def shared_classes(self) -> dict[str, list[str]]:
        """Classes of modules; those inside another class, such as the State of a model, are read with its name."""
        return {name: places for name, places in self.classes.items() if len(places) > 1}

    def activities(self) -> list[str]:
        """Modules are named for what they hold: `deliveries`, not `delivering`."""
        return [
            name
            for name in self.modules
            if (last := Path(name).stem.split("_")[-1]).endswith("ing") and last not in NOUNS_IN_ING
        ]


def _is_one_word(class_name: str) -> bool:
    return len(re.findall("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", class_name)) == 1


def measure(web: Path = WEB) -> CodeMetrics:
    metrics = CodeMetrics()
    for path in sorted(web.rglob("*.py")):
        text = path.read_text()
        if text.strip() and "migrations" not in path.parts:
            _measure_module(metrics, str(path.relative_to(web)), text)
    for path in sorted(web.rglob("*.html")):
        lines = enumerate(path.read_text().split("\n"), 1)
        metrics.long_lines += [f"{path.relative_to(web)}:{number}" for number, line in lines if len(line) > 160]
    return metrics


def _measure_module(metrics: CodeMetrics, name: str, text: str) -> None:
    tree = ast.parse(text)
    metrics.files[name] = text.count("\n")
    metrics.modules.append(name)
    for node in tree.body:
        if isinstance(node, Function):
            _measure_module_function(metrics, name, node, text)
        elif isinstance(node, ast.ClassDef):
            _measure_class(metrics, name, node)
    for parent, function in _functions(tree):
        where = f"{name}:{function.lineno} {function.name}"
        metrics.lengths[where] = (function.end_lineno or function.lineno) - function.lineno + 1
        if ast.get_docstring(function) is not None:
            metrics.documented.append(where)
        if isinstance(parent, ast.ClassDef):
            metrics.methods[function.name] += 1


def _measure_class(metrics: CodeMetrics, name: str, node: ast.ClassDef) -> None:
    where = f"{name}:{node.lineno}"
    if node.name not in FIXED_CLASS_NAMES:
        metrics.classes[node.name].append(where)
    if re.search("Exception|Error|Refus", " ".join(map(ast.unparse, node.bases))):
        metrics.exceptions[node.name].append(where)


def _measure_module_function(metrics: CodeMetrics, name: str, node: Function, text: str) -> None:
    where = f"{name}:{node.lineno}"
    if not ("views" in name or name.endswith("urls.py") or "templatetags" in name):
        metrics.functions[node.name.lstrip("_")].append(where)
    if node.name.startswith("_"):
        metrics.private.append(node.name)
        if len(re.findall(rf"\b{node.name}\b", text)) == 2:
            metrics.called_once.append(f"{where} {node.name}")


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
    print("\nclass names used twice:", *found.shared_classes().items(), sep="\n  ")
    print("\nmodules named for an activity:", *found.activities(), sep="\n  ")
    print("\ncalled once:", *found.called_once, sep="\n  ")
