"""The documents match the code."""

import re
import tomllib
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.tracked_files import tracked

TOP = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)[^)]*\)")
FILE = re.compile(r"(?<!Create )`((?:\w+/)+\w+\.(?:py|md|html|css|js))`")
CODE = re.compile(r"^ {4}.*$|`[^`]*`", re.MULTILINE)


@tag("once")
class DocsTest(SimpleTestCase):
    def test_dependencies_page_lists_exactly_the_packages_of_the_pipfile(self) -> None:
        pipfile = tomllib.loads((TOP / "Pipfile").read_text())
        packages = [name for category in ("packages", "dev-packages", "scale") for name in pipfile[category]]
        listed = re.findall(r"^\| ([a-z][\w-]+) \|", (TOP / "docs" / "dependencies.md").read_text(), re.MULTILINE)
        self.assertEqual([name for name in listed if name != "library"], packages)

    def test_every_decision_page_is_listed_in_the_readme_of_decisions(self) -> None:
        pages = {path.name for path in (TOP / "docs" / "decisions").glob("*.md")} - {"README.md"}
        listed = set(LINK.findall((TOP / "docs" / "decisions" / "README.md").read_text()))
        self.assertEqual(pages, listed)

    def test_every_decision_page_has_a_title_and_the_same_three_headings(self) -> None:
        for path in (TOP / "docs" / "decisions").glob("*.md"):
            if path.name != "README.md":
                title, *headings = re.findall(r"^#+ .+$", path.read_text(), re.MULTILINE)
                self.assertRegex(title, "^# ")
                self.assertEqual(headings, ["## Context", "## Decision", "## Consequences"], path.name)

    def test_every_link_between_documents_leads_to_an_existing_file(self) -> None:
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
        """A label is text in double quotes outside of code. In `web/` it is a whole string or a whole element text."""
        text = CODE.sub("", (TOP / "docs" / "operations.md").read_text())
        labels = {" ".join(label.split()) for label in re.findall(r'"([^"]+)"', text)}
        pages = "".join(path.read_text() for path in tracked(".html", ".py") if path.is_relative_to(TOP / "web"))
        missing = [label for label in labels if f'"{label}"' not in pages and f">{label}<" not in pages]
        self.assertGreater(len(labels), 10)
        self.assertEqual(sorted(missing), [])
