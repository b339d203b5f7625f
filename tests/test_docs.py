"""The papers say what is so."""

import re
import tomllib
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.tracked_files import tracked

TOP = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)[^)]*\)")
FILE = re.compile(r"`((?:\w+/)+\w+\.(?:py|md|html|css|js))`")
CODE = re.compile(r"^ {4}.*$|`[^`]*`", re.MULTILINE)


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

    def test_every_file_named_in_the_documents_exists(self) -> None:
        missing = [
            f"{path.relative_to(TOP)}: {name}"
            for path in tracked(".md")
            if "/templates/" not in str(path) and path.name != "CHANGELOG.md"
            for name in FILE.findall(path.read_text())
            if not any((folder / name).exists() for folder in (TOP, TOP / "web", TOP / "web" / "templates"))
        ]
        self.assertEqual(missing, [])

    def test_every_label_quoted_in_operations_is_on_a_page(self) -> None:
        """A label is what stands in double quotes, outside of code. In `web/` it is a whole string or the whole text of
        an element."""
        text = CODE.sub("", (TOP / "docs" / "operations.md").read_text())
        labels = {" ".join(label.split()) for label in re.findall(r'"([^"]+)"', text)}
        pages = "".join(path.read_text() for path in tracked(".html", ".py") if path.is_relative_to(TOP / "web"))
        missing = [label for label in labels if f'"{label}"' not in pages and f">{label}<" not in pages]
        self.assertGreater(len(labels), 10)
        self.assertEqual(sorted(missing), [])
