"""Follows the recipes of docs/recipes.md in a copy of the site.

The sentence before each block of code says what to do with it, for people and for this module:

    Create `web/app/file.py`:                               the block is the whole file
    Add to `web/app/file.py`:                               the block goes to its end; the file may be new
    In `web/app/file.py`, add above (or below) `a line`:    the block goes before (or after) the only such line
    In `web/app/file.py`, replace `a line` with:            the block replaces the only such line
    Run:                                                    each line is a command

A line is recognized by any part of it, and the block is indented like it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

TOP = Path(__file__).resolve().parents[1]
BOOK = TOP / "docs" / "recipes.md"
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^( *)```\w+\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
INSTRUCTION = re.compile(
    r"(?:(?P<whole>Create|Add to) `(?P<new>[^`]+)`"
    r"|In `(?P<path>[^`]+)`, (?P<where>add above|add below|replace) `(?P<line>[^`]+)`(?: with)?"
    r"|(?P<run>Run)):$"
)
COPIED = ("web", "tests", "docs", "pyproject.toml", "CHANGELOG.md", ".env_template")
# Other processes may write compiled modules meanwhile, which have names such as a.pyc.123 until they are complete.
LEFT_OUT = shutil.ignore_patterns("static", "media", "private", "*.sqlite3*", "*.pyc.*")
# What `./run` does with these, once everything is installed.
COMMANDS = {"manage": ["web/manage.py"], "test": ["web/manage.py", "test"]}


@dataclass(frozen=True)
class Step:
    caption: str
    block: str


def recipe_steps() -> dict[str, list[Step]]:
    """The steps of each section that has blocks of code, by its title."""
    titles_and_texts = SECTION.split(BOOK.read_text())[1:]
    sections = dict(zip(titles_and_texts[::2], titles_and_texts[1::2], strict=True))
    return {title: steps for title, text in sections.items() if (steps := list(steps_in(text)))}


def steps_in(text: str) -> Iterator[Step]:
    after_last = 0
    for found in BLOCK.finditer(text):
        yield Step(" ".join(text[after_last : found.start()].split()), dedent(found[2]))
        after_last = found.end()


class SiteCopy:
    """A copy of the site, beside which there is room for the folder of a school's own app."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "hepcat"
        self.school = folder / "school"
        self.top.mkdir()
        for name in COPIED:
            if (TOP / name).is_dir():
                shutil.copytree(TOP / name, self.top / name, ignore=LEFT_OUT)
            else:
                shutil.copy2(TOP / name, self.top / name)
        self.originals = self.file_stamps()

    def file_stamps(self) -> dict[Path, int]:
        paths = [path for folder in (self.top, self.school) for path in folder.rglob("*") if path.is_file()]
        kept = [path for path in paths if "__pycache__" not in path.parts and ".sqlite3" not in path.name]
        return {path: path.stat().st_mtime_ns for path in kept}

    def changed_files(self) -> list[str]:
        changed = {path for path, _ in self.file_stamps().items() ^ self.originals.items()}
        return sorted(str(path.relative_to(self.top.parent)) for path in changed)

    def restore(self) -> None:
        shutil.rmtree(self.school, ignore_errors=True)
        for name in self.changed_files():
            path = self.top.parent / name
            if path in self.originals:
                shutil.copy2(TOP / path.relative_to(self.top), path)
            else:
                path.unlink()

    def follow(self, step: Step) -> list[str]:
        """Carries out one step and returns what its commands printed. Raises AssertionError if it cannot."""
        said = INSTRUCTION.search(step.caption)
        assert said, f"This is no instruction for a block: {step.caption[-120:]}"
        if said["run"]:
            return [self.run_command(line) for line in step.block.splitlines()]
        path = (self.top / (said["new"] or said["path"])).resolve()
        if said["new"]:
            assert said["whole"] == "Add to" or not path.exists(), f"{path} exists already."
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((path.read_text() if path.exists() else "") + step.block)
        else:
            path.write_text(edited_text(path.read_text(), said["where"], said["line"], step.block))
        return []

    def run_command(self, line: str) -> str:
        words = shlex.split(line)
        variables = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, command, *arguments = words[len(variables) :]
        assert program == "./run", f"Only ./run is followed: {line}"
        done = subprocess.run(
            [sys.executable, *COMMANDS[command], *arguments],
            cwd=self.top,
            env=self.environment() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout

    def environment(self) -> dict[str, str]:
        places = (self.top, self.top / "web", self.school)
        fixed = {"ENV_FILE": "tests/test.env", "PYTHONPATH": os.pathsep.join(map(str, places))}
        return {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | fixed

    def ruff_sources(self) -> str:
        return f"src = {[str(folder) for folder in (self.top / 'web', self.top, self.school)]}"


def edited_text(text: str, where: str, part: str, block: str) -> str:
    lines = text.splitlines(keepends=True)
    found = [number for number, line in enumerate(lines) if part in line]
    assert len(found) == 1, f"{len(found)} lines contain {part!r}."
    at = found[0] + (where == "add below")
    margin = lines[found[0]][: -len(lines[found[0]].lstrip())]
    return "".join([*lines[:at], indent(block, margin), *lines[at + (where == "replace") :]])
