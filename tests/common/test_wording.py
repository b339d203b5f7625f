"""Pages and mail are written in ordinary American English, with one word for one concept."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase

import common
from tests.common import wording

WEB = Path(common.__file__).parent.parent
APPS_WITH_MAIL = ("billing", "demo_lms", "mailroom", "pages", "users")
TEXTS_FOR_USERS = (
    "users/templates", "users/views", "users/forms", "mailroom/templates/mail", "mailroom/templates/mailroom/my_",
    "mailroom/templates/mailroom/stop", "mailroom/templates/mailroom/choices", "mailroom/templates/mailroom/old_link",
    "pages/templates/pages", "pages/templates/mail", "pages/forms", "common/error_pages", "common/files",
    "templates/partials", "templates/error",
)  # fmt: skip
STILTED = re.compile(
    r"somebody|whoever|at present|e-mail|perhaps|need not|any more\b|given back|comes to\b|by the terms|hangs? on "
    r"|telephone|photograph|first page|write to us|have a link sent|do not|does not|cannot|we have written|cancelled",
    re.IGNORECASE,
)
VISIBLE_TEXT = re.compile(r">[^<>{}]*[A-Za-z][^<>]*<|\"[A-Z][^\"]*\.\"")


def files(*endings: str) -> Iterator[tuple[str, str]]:
    for path in sorted(WEB.rglob("*")):
        parts = path.relative_to(WEB).parts
        if path.suffix in endings and not {"migrations", "static", "media", "private", "desk", "admin"} & set(parts):
            yield "/".join(parts), path.read_text(encoding="utf-8")


class MailGreetingsTest(SimpleTestCase):
    def test_mail_greets_informally_and_continues_with_a_capital_letter(self) -> None:
        violations = []
        for name, text in files(".md"):
            if "/templates/mail/" not in name or name.partition("/")[0] not in APPS_WITH_MAIL:
                continue
            for greeting, after in re.findall(r"^(?:.*%\})?((?:Hello|Hi|Dear)\b[^\n]*,)\n\n(\S+)", text, re.MULTILINE):
                if greeting.startswith("Dear") or ("{{" in greeting and not greeting.startswith("Hi")):
                    violations.append(f"{name}: {greeting}")
                if re.match(r"[a-z]", after):
                    violations.append(f"{name}: {greeting} {after}")
        self.assertEqual(violations, [])


class TextsForUsersTest(SimpleTestCase):
    def test_texts_for_users_contain_no_stilted_phrases(self) -> None:
        violations = []
        for name, text in files(".html", ".md", ".py"):
            if not name.startswith(TEXTS_FOR_USERS):
                continue
            for line in text.splitlines():
                if '"""' in line:
                    continue
                visible = " ".join(VISIBLE_TEXT.findall(line)) if name.endswith((".py", ".html")) else line
                violations += [f"{name}: {phrase}" for phrase in STILTED.findall(visible)]
        self.assertEqual(violations, [])


class OldPhrasesTest(SimpleTestCase):
    """All pages, mail, labels, help texts, messages, choices and permissions, also those for the office."""

    # In these places an old phrase has another meaning.
    ALLOWED = (
        ("classwork/domain/catalog/structured_data.py", "place"),  # a type of schema.org
        ("classwork/models/seats.py", "seat"),  # the name of a class
        ("billing.Payment.status", "cancelled"),  # django-payments
    )

    def assert_no_old_phrase(self, texts: Iterator[tuple[str, str]]) -> None:
        violations = {
            f"{where}: {phrase}: {text[max(0, start - 60) : start + 100]}"
            for where, text in texts
            for start, phrase in ((match.start(), match[0]) for match in wording.OLD.finditer(text))
            if (where, phrase.lower()) not in self.ALLOWED
        }
        self.assertEqual(sorted(violations), [])

    def test_no_file_contains_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_files())

    def test_no_model_or_permission_is_labeled_with_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_models())

    def test_no_form_field_is_labeled_with_an_old_phrase(self) -> None:
        self.assert_no_old_phrase(wording.in_forms())


class RetiredWordsTest(SimpleTestCase):
    """Code, comments, style sheets and documents, not only the texts that users read."""

    RETIRED = re.compile(
        r"whoever|\banew\b|\b_?deeds?(?![a-z])|_deeds?\b|called[ _]off|given[ _]back|goes[ _]back|\bcomes[ _]to\b"
        r"|by the terms|\bwhat is so\b|what stands|for want of",
        re.IGNORECASE,
    )
    FILES = ("*.py", "*.html", "*.md", "*.txt", "*.css", "*.js")

    def find_in(self, folder: Path) -> list[str]:
        return [
            f"{path.relative_to(folder.parent)}: {word}"
            for pattern in self.FILES
            for path in sorted(folder.rglob(pattern))
            if not {"migrations", "media", "private"} & set(path.relative_to(folder).parts)
            for word in self.RETIRED.findall(path.read_text(encoding="utf-8"))
        ]

    def test_retired_words_are_rare_in_code_and_documents(self) -> None:
        found = [*self.find_in(WEB), *self.find_in(WEB.parent / "docs")]
        self.assertLessEqual(len(found), 10, found)

    def test_templates_and_mail_texts_contain_no_retired_word(self) -> None:
        self.assertEqual([each for each in self.find_in(WEB) if "/templates/" in each], [])
