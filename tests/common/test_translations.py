"""No text is hidden from translators: pages mark all of it, and domain modules return no new sentences."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from django.test import SimpleTestCase, tag

from tests.tracked_files import TOP, tracked

# What readers do not see as text, or what is marked for translation.
HIDDEN = re.compile(
    r"\{#.*?#\}|<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)>"
    r"|\{%\s*(?:blocktranslate|blocktrans|comment|verbatim)\b.*?%\}.*?\{%\s*end(?:blocktranslate|blocktrans|comment|verbatim)\s*%\}",
    re.DOTALL,
)
DYNAMIC = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
ATTRIBUTE = re.compile(r"\b(?:aria-label|title|placeholder|alt|data-label)=\"([^\"]*)\"")
ELEMENT = re.compile(r"<[a-zA-Z/!](?:\"[^\"]*\"|'[^']*'|[^<>\"'])*>")
WORD = re.compile(r"[A-Za-z]{2,}")
ENTITY = re.compile(r"&#?\w+;")
# Words that are the same in every language, and the types of pages in Open Graph.
NAMES = {"CSV", "PayPal", "Stripe", "article", "website"}

# How many sentences the domain modules of each app have. New ones belong in status_text.py, forms and templates.
SENTENCES_IN_DOMAIN = {
    "accounting": 24,
    "billing": 118,
    "classwork": 38,
    "history": 2,
    "mailroom": 32,
    "outbox": 9,
    "registrations": 75,
    "users": 5,
}


def blank_out(pattern: re.Pattern[str], source: str) -> str:
    """Keep the line breaks, so that the numbers of the lines stay the same."""
    return pattern.sub(lambda match: " " + "\n" * match[0].count("\n"), source)


def unmarked_texts(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each untranslated text between or inside the tags of a template."""
    static = blank_out(DYNAMIC, blank_out(HIDDEN, source))
    texts = [(match.start(1), match[1]) for match in ATTRIBUTE.finditer(static)]
    without_elements = ELEMENT.sub(lambda match: re.sub(r"[^\n]", "\0", match[0]), static)
    texts += [(match.start(), match[0]) for match in re.finditer(r"[^\0\n]+", without_elements)]
    for position, text in texts:
        if set(WORD.findall(ENTITY.sub("", text))) - NAMES:
            yield static.count("\n", 0, position) + 1, text.strip()


def is_sentence(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
    else:
        return False
    return " " in text and text[:1].isupper() and (text[-1] in ".?!" or "{}" in text)


def sentences_of(source: str) -> list[int]:
    """The lines of all texts that are sentences, other than docstrings and parts of a longer text."""
    tree = ast.parse(source)
    skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    skipped |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    skipped |= {id(arg) for node in ast.walk(tree) if isinstance(node, ast.Call) and marks(node) for arg in node.args}
    return [node.lineno for node in ast.walk(tree) if is_sentence(node) and id(node) not in skipped]  # type: ignore[attr-defined]


def marks(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in {"_", "gettext", "gettext_lazy", "ngettext"}


@tag("once")
class TranslationTest(SimpleTestCase):
    maxDiff = None

    def test_no_text_of_a_page_is_left_out_of_translation(self) -> None:
        unmarked = [
            f"{path.relative_to(TOP)}:{line}: {text[:80]}"
            for path in tracked(".html")
            if path.is_relative_to(TOP / "web")
            for line, text in unmarked_texts(path.read_text())
        ]
        self.assertEqual(unmarked, [])

    def test_unmarked_texts_and_attributes_are_found(self) -> None:
        source = '<p title="{{ a }}">\n{% if b %}Hi{% endif %}</p>\n<img alt="A cat">{% translate "c" %} &nbsp; PayPal'
        self.assertEqual(list(unmarked_texts(source)), [(3, "A cat"), (2, "Hi")])
        self.assertEqual(list(unmarked_texts("{% blocktranslate %}Hi <b>you</b>{% endblocktranslate %}")), [])

    def test_domain_modules_return_no_new_sentences(self) -> None:
        counts = Counter(
            path.relative_to(TOP).parts[1]
            for path in tracked(".py")
            if re.match(r"web/\w+/(domain|rules)\b", str(path.relative_to(TOP))) and path.name != "status_text.py"
            for _ in sentences_of(path.read_text())
        )
        above = {app: count for app, count in counts.items() if count > SENTENCES_IN_DOMAIN.get(app, 0)}
        self.assertEqual(above, {})
