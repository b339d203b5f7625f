"""Translation of the texts of mails. Each paragraph of a file is one message for translators, and so is the subject.

The files contain no tags for translation, because a school can edit the texts at the desk.
"""

import logging
import re

from django.utils.translation import get_language, gettext

log = logging.getLogger(__name__)

BETWEEN_PARAGRAPHS = re.compile(r"(\A\s+|\n\s*\n|\s+\Z)")
TAG = re.compile(r"\{%\s*(.*?)\s*%\}", re.DOTALL)
VARIABLE = re.compile(r"\{\{\s*([\w.]+).*?\}\}", re.DOTALL)


def translate_text(text: str) -> str:
    parts = BETWEEN_PARAGRAPHS.split(text)
    return "".join(_translate_paragraph(part) if _has_words(part) else part for part in parts)


def translatable_paragraphs(contents: str) -> list[str]:
    parts = BETWEEN_PARAGRAPHS.split(contents.removeprefix("Subject:"))
    return [part for part in parts if _has_words(part)]


def _translate_paragraph(paragraph: str) -> str:
    translation = gettext(paragraph)
    if _has_same_placeholders(translation, paragraph):
        return translation
    log.warning("The %s translation of %r has other tags or variables, so it is not used.", get_language(), paragraph)
    return paragraph


def _has_same_placeholders(translation: str, original: str) -> bool:
    # A translation may leave out a variable or use it twice, but it must not name another one.
    has_same_tags = TAG.findall(translation) == TAG.findall(original)
    return has_same_tags and set(VARIABLE.findall(translation)) <= set(VARIABLE.findall(original))


def _has_words(part: str) -> bool:
    return any(character.isalpha() for character in VARIABLE.sub("", TAG.sub("", part)))
