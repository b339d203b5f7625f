"""`deploy/update.sh` installs another release as the user of the site, and can go back to the previous one."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.tree_copy import TOP, copy_of_the_tree

RECORDING_SYSTEMCTL = """#!/bin/sh
echo "$(id -un): $*" >> "$(dirname "$0")/noted.txt"
"""
RECORDING_MANAGE = """
import os, pathlib, sys
with (pathlib.Path(__file__).parents[1] / "steps.txt").open("a") as file:
    print(os.geteuid(), *sys.argv[1:], file=file)
"""


@tag("once", "processes")
class UpdateTest(SimpleTestCase):
    def setUp(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.home)
        self.home.chmod(0o755)
        self.user = "nobody" if os.geteuid() == 0 else ""
        self.tools = self.home / "tools"
        self.tools.mkdir()
        (self.tools / "systemctl").write_text(RECORDING_SYSTEMCTL)
        (self.tools / "systemctl").chmod(0o755)
        self.origin = copy_of_the_tree().rename(self.home / "origin")
        self.origin.chmod(0o755)
        (self.origin / "deploy").mkdir()
        shutil.copy(TOP / "deploy" / "update.sh", self.origin / "deploy")
        (self.origin / "web" / "manage.py").write_text(RECORDING_MANAGE)
        shutil.copy(TOP / ".gitignore", self.origin)
        self.git("init", "--quiet", "--initial-branch=main")
        self.release("v1", "")
        self.site = self.home / "site"
        self.git("clone", "--quiet", str(self.origin), str(self.site))

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        safe = ("-c", "safe.directory=*", "-c", "user.name=T", "-c", "user.email=t@example.org")
        command = ["git", *safe, *arguments]
        result = subprocess.run(command, cwd=folder or self.origin, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.strip()

    def release(self, name: str, requirements: str) -> None:
        (self.origin / "requirements.txt").write_text(requirements)
        self.git("add", "-A")
        self.git("commit", "--quiet", "--allow-empty", "-m", name)
        self.git("tag", name)

    def change_owner_to_site_user(self) -> None:
        if self.user:
            subprocess.run(["chown", "-R", self.user, str(self.origin), str(self.site)], check=True)

    def update(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        self.change_owner_to_site_user()
        env = os.environ | {"PATH": f"{self.tools}:{os.environ['PATH']}"} | variables
        command = [str(self.site / "deploy" / "update.sh"), *arguments]
        return subprocess.run(command, cwd="/", env=env, capture_output=True, text=True)

    def checked_out(self) -> str:
        return self.git("describe", "--tags", "--exact-match", folder=self.site)

    def test_update_installs_a_release_rejects_a_broken_one_and_can_go_back(self) -> None:
        self.assertEqual(self.update().returncode, 0)
        first = (self.site / ".venv").resolve()
        self.release("v2", "# another version\n")
        result = self.update("v2")
        self.assertEqual(result.returncode, 0, result.stderr)
        commit = self.git("rev-parse", "v1")
        self.assertIn(f"to go back: sudo deploy/update.sh {commit}", result.stderr)
        self.assertNotEqual((self.site / ".venv").resolve(), first)
        self.assertOwned()

        self.release("v3", f"nowhere==1.0 --hash=sha256:{64 * '0'}\n")
        result = self.update("v3", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
        self.assertEqual(result.returncode, 1)
        self.assertIn("nothing has changed", result.stderr)
        self.assertEqual(self.checked_out(), "v2")

        self.assertEqual(self.update(commit, PIP_NO_INDEX="1", PIP_FIND_LINKS="").returncode, 0)
        self.assertEqual((self.checked_out(), (self.site / ".venv").resolve()), ("v1", first))

    def assertOwned(self) -> None:
        """The site's user runs every step and owns everything created. Only the restart runs as root."""
        created_paths = [
            self.site / ".venv",
            first_file(self.site / ".venvs"),
            self.site / "steps.txt",
            self.site / ".env",
        ]
        self.assertEqual({path.lstat().st_uid for path in created_paths}, {self.site.stat().st_uid})
        steps = [line.split()[:2] for line in (self.site / "steps.txt").read_text().splitlines()]
        uid = str(self.site.stat().st_uid)
        expected_steps = [[uid, step] for step in ("check", "check", "migrate", "collectstatic", "compress")]
        self.assertEqual(steps[-5:], expected_steps)
        if self.user:
            self.assertEqual(
                (self.tools / "noted.txt").read_text().splitlines()[-1], "root: restart hepcat hepcat-worker"
            )


def first_file(folder: Path) -> Path:
    return next(path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "lock")
