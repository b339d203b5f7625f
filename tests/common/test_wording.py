"""How the site speaks: ordinary American English, one word for one thing."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase

import common
from tests.common import wording

WEB = Path(common.__file__).parent.parent
MAILS_OF = ("billing", "demo_lms", "mailroom", "pages", "users")
FOR_USERS = (
    "users/templates", "users/views", "users/forms", "mailroom/templates/mail", "mailroom/templates/mailroom/my_",
    "mailroom/templates/mailroom/stop", "mailroom/templates/mailroom/choices", "mailroom/templates/mailroom/old_link",
    "pages/templates/pages", "pages/templates/mail", "pages/forms", "common/error_pages", "common/files",
    "templates/partials", "templates/error",
)  # fmt: skip
FOREIGN = re.compile(
    r"somebody|whoever|at present|e-mail|perhaps|need not|any more\b|given back|comes to\b|by the terms|hangs? on "
    r"|telephone|photograph|first page|write to us|have a link sent|do not|does not|cannot|we have written|cancelled",
    re.IGNORECASE,
)
SPOKEN = re.compile(r">[^<>{}]*[A-Za-z][^<>]*<|\"[A-Z][^\"]*\.\"")


def files(*endings: str) -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.rglob("*")):
        parts = path.relative_to(WEB).parts
        if path.suffix in endings and not {"migrations", "static", "media", "private", "desk", "admin"} & set(parts):
            yield "/".join(parts), path.read_text(encoding="utf-8")


class MailsTest(SimpleTestCase):
    def test_each_mail_greets_and_goes_on_with_a_capital_letter(self) -> None:
        wrong = []
        for name, text in files(".md"):
            if "/templates/mail/" not in name or name.partition("/")[0] not in MAILS_OF:
                continue
            for greeting, after in re.findall(r"^(?:.*%\})?((?:Hello|Hi|Dear)\b[^\n]*,)\n\n(\S+)", text, re.MULTILINE):
                if greeting.startswith("Dear") or ("{{" in greeting and not greeting.startswith("Hi")):
                    wrong.append(f"{name}: {greeting}")
                if re.match(r"[a-z]", after):
                    wrong.append(f"{name}: {greeting} {after}")
        self.assertEqual(wrong, [])


class PagesTest(SimpleTestCase):
    def test_pages_for_people_use_the_words_of_a_front_desk(self) -> None:
        wrong = []
        for name, text in files(".html", ".md", ".py"):
            if not name.startswith(FOR_USERS):
                continue
            for line in text.splitlines():
                if '"""' in line:
                    continue
                said = " ".join(SPOKEN.findall(line)) if name.endswith((".py", ".html")) else line
                wrong += [f"{name}: {found}" for found in FOREIGN.findall(said)]
        self.assertEqual(wrong, [])


class EveryTextTest(SimpleTestCase):
    """Pages, mail, labels, help, messages, choices, permissions: whoever reads them, in the office or the terminal."""

    # Where a phrase means something else than it once did.
    ALLOWED = (
        ("classwork/domain/catalog/structured_data.py", "place"),  # a type of schema.org
        ("classwork/models/seats.py", "seat"),  # the name of a class
        ("billing.Payment.status", "cancelled"),  # django-payments
    )

    def assert_no_old_phrase(self, texts: Iterator[tuple[str, str]]) -> None:
        wrong = {
            f"{where}: {found}: {text[max(0, at - 60) : at + 100]}"
            for where, text in texts
            for at, found in ((each.start(), each[0]) for each in wording.OLD.finditer(text))
            if (where, found.lower()) not in self.ALLOWED
        }
        self.assertEqual(sorted(wrong), [])

    def test_no_file_says_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_files())

    def test_no_model_or_permission_is_labeled_with_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_models())

    def test_no_form_field_is_labeled_with_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_forms())
