"""`./run messages` collects what translators translate."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.test import SimpleTestCase, tag

from tests.tracked_files import TOP, tracked
from tests.tree_copy import copy_of_the_tree


@tag("once", "processes")
class MessagesTest(SimpleTestCase):
    @tag("gettext")
    def test_texts_of_pages_forms_models_and_mails_are_collected_and_translations_compiled(self) -> None:
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for path in tracked():
            if path.is_relative_to(TOP / "web"):
                target = folder / path.relative_to(TOP)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
        self.collect_messages(folder)
        po_file = folder / "web" / "locale" / "de" / "LC_MESSAGES" / "django.po"
        text = po_file.read_text()
        origins = {
            message: comments for comments, message in re.findall(r'((?:^#.*\n)+)msgid "(.+)"', text, re.MULTILINE)
        }
        for origin, message in (
            ("registrations/templates/registrations/classoffer_detail.html", "Claim your spot"),
            ("mailroom/forms.py", "This address is already blocked."),
            ("mailroom/models.py", "Possibly sent"),
            ("users/templates/mail/users/closed.md", "Your account at {{ BUSINESS_NAME }} is closed"),
            ("mailroom/domain/rendered_mail.py", "You’re receiving this because of your class."),
        ):
            self.assertIn(origin, origins.get(message, ""))
        po_file.write_text(text.replace('msgid "Claim your spot"\nmsgstr ""', 'msgid "Claim your spot"\nmsgstr "Ja"'))
        self.collect_messages(folder)
        self.assertIn('msgstr "Ja"', po_file.read_text())
        self.assertIn(b"Claim your spot", po_file.with_suffix(".mo").read_bytes())
        self.assertEqual(list(folder.rglob("*.md.py")) + list(folder.rglob("*.html.py")), [])

    def collect_messages(self, folder: Path) -> None:
        command = [sys.executable, folder / "web" / "manage.py", "messages", "de"]
        result = subprocess.run(command, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)

    def test_missing_gettext_is_reported_with_how_to_install_it(self) -> None:
        folder = copy_of_the_tree()
        self.addCleanup(shutil.rmtree, folder)
        command = [sys.executable, "run", "messages", "de"]
        result = subprocess.run(command, cwd=folder, env={"PATH": "/nowhere"}, capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("apt install gettext", result.stderr)
