"""The recipes with code in docs/recipes.md work as they are printed: each is followed in a copy of the site."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from django.test import SimpleTestCase, tag

from tests.recipe_book import INSTRUCTION, SiteCopy, recipe_steps

OWN_APP = "Start an app of your own"
RUFF = [sys.executable, "-m", "ruff"]


@tag("once")
class RecipeBookTest(SimpleTestCase):
    def test_every_block_of_code_follows_an_instruction(self) -> None:
        steps = [step for steps in recipe_steps().values() for step in steps]
        self.assertEqual([step.caption[-80:] for step in steps if not INSTRUCTION.search(step.caption)], [])

    def test_every_recipe_with_code_is_followed_by_a_test(self) -> None:
        tests = Path(__file__).read_text()
        self.assertEqual([title for title in recipe_steps() if f'"{title}"' not in tests], [])


@tag("once", "processes")
class RecipesTest(SimpleTestCase):
    takes_long = True
    copy: ClassVar[SiteCopy]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.copy = SiteCopy(Path(cls.enterClassContext(tempfile.TemporaryDirectory())))

    def setUp(self) -> None:
        self.addCleanup(self.copy.restore)

    def follow(self, *titles: str) -> list[str]:
        """Follow the steps of recipes and return the names of the files that they changed."""
        steps = [step for title in titles for step in recipe_steps()[title]]
        output = "".join(printed for step in steps for printed in self.copy.follow(step))
        self.assertIn("System check identified no issues (0 silenced).", output)
        changed = self.copy.changed_files()
        sources = [name for name in changed if name.endswith(".py") and "/migrations/" not in name]
        for command in (["format", "--check"], ["check"]):
            config = ["--config", str(self.copy.top / "pyproject.toml"), "--config", self.copy.ruff_sources()]
            result = subprocess.run(
                [*RUFF, *command, *config, *sources], cwd=self.copy.top.parent, capture_output=True, text=True
            )
            self.assertEqual(result.returncode, 0, result.stdout)
        return changed

    def test_recipe_for_a_field_of_a_class_works_and_changes_six_files(self) -> None:
        changed = self.follow("Add a field to a class")
        self.assertEqual(len([name for name in changed if "/migrations/" in name]), 1)
        self.assertLessEqual(len([*changed, "CHANGELOG.md"]), 6)

    def test_recipe_for_who_may_do_something_works(self) -> None:
        self.follow("Change who may do something")

    def test_recipe_for_a_price_rule_works(self) -> None:
        self.follow(OWN_APP, "Add a price rule")

    def test_recipe_for_a_product_kind_works(self) -> None:
        self.follow(OWN_APP, "Add a product kind")

    def test_recipe_for_a_gateway_works(self) -> None:
        self.follow(OWN_APP, "Add a gateway")

    def test_recipe_for_a_mail_works(self) -> None:
        self.follow(OWN_APP, "Add a mail")
