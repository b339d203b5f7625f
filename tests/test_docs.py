"""The papers say what is so."""

import re
import tomllib
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.tracked_files import tracked

TOP = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)[^)]*\)")


@tag("once")
class DocsTest(SimpleTestCase):
    def test_every_library_of_the_pipfile_has_its_line_and_no_other(self) -> None:
        pipfile = tomllib.loads((TOP / "Pipfile").read_text())
        wanted = [name for category in ("packages", "dev-packages", "scale") for name in pipfile[category]]
        told = re.findall(r"^\| ([a-z][\w-]+) \|", (TOP / "docs" / "dependencies.md").read_text(), re.MULTILINE)
        self.assertEqual([name for name in told if name != "library"], wanted)

    def test_every_decision_is_in_the_list(self) -> None:
        pages = {path.name for path in (TOP / "docs" / "decisions").glob("*.md")} - {"README.md"}
        listed = set(LINK.findall((TOP / "docs" / "decisions" / "README.md").read_text()))
        self.assertEqual(pages, listed)

    def test_every_link_between_papers_leads_somewhere(self) -> None:
        broken = [
            f"{path.relative_to(TOP)}: {target}"
            for path in tracked(".md")
            if "/templates/" not in str(path)
            for target in LINK.findall(path.read_text())
            if not (path.parent / target).exists()
        ]
        self.assertEqual(broken, [])
