"""Suggestions for misspelled dotted names in settings."""

import difflib
from collections.abc import Iterable
from importlib import import_module


def names_beside(path: str) -> list[str]:
    module = path.rpartition(".")[0]
    try:
        return [f"{module}.{name}" for name in vars(import_module(module)) if not name.startswith("_")]
    except (ImportError, ValueError):
        return []


def did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f" Did you mean {close[0]!r}?" if close else ""
