"""Rendering of a mail from its text and its context. A mail with an error is not rendered at all."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings
from django.template import Template as Compiled
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils.functional import Promise
from django.utils.safestring import mark_safe

from common.names import tidy
from mailroom import mail_bodies, mail_styles, text_templates
from mailroom.declare import Kind, Mail, Secret
from mailroom.masking import HIDDEN, without_secrets
from mailroom.models import Template
from mailroom.placeholders import Values

FilledText = tuple[str, Values]

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PART = re.compile("\ue000([a-z]+)\ue001")
LONGEST_SUBJECT = 200
REASONS_FOR_MAIL = {
    Kind.TRANSACTIONAL: "You’re receiving this because this address was used to register.",
    Kind.CLASS: "You’re receiving this because of your class.",
    Kind.PROMOTIONAL: "You’re receiving this because you asked for our news.",
}


class DoesNotRender(Exception):
    """The message is a sentence that describes the error. `part` is 'subject' or 'body'."""

    def __init__(self, sentence: str, part: str = "body") -> None:
        super().__init__(sentence)
        self.part = part


@dataclass(frozen=True)
class Text:
    """The subject and body of a mail with placeholders."""

    subject: str
    body: str
    ours: bool = True  # This is False for a text that the school wrote itself.


@dataclass(frozen=True)
class Footer:
    """The URLs by which the recipient can choose which mail to get, and unsubscribe from this kind."""

    choose: str = ""
    stop: str = ""


NO_FOOTER = Footer()


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str
    footer: Footer = NO_FOOTER
    masked_subject: str = ""  # Only this version of the subject may be stored.


def texts(names: Iterable[str]) -> dict[str, Text]:
    """Return the school's own texts of these mails, by name. Mails without one are left out."""
    return {row.name: Text(row.subject, row.body, ours=False) for row in Template.objects.filter(name__in=names)}


def text_of(mail: Mail) -> Text:
    return texts([mail.name]).get(mail.name) or standard(mail)


def standard(mail: Mail) -> Text:
    try:
        return Text(*text_templates.read_file(mail.path))
    except FileNotFoundError:
        raise DoesNotRender(f"There is no file {mail.path} for this mail.") from None


def render(
    mail: Mail, text: Text, context: Mapping[str, Any], footer: Footer = NO_FOOTER, *, masked: bool = False
) -> Letter:
    """With `masked`, secret texts and links are replaced, so that people other than the recipient can see the mail."""
    values = _values(context, masked)
    subject = _subject(text, values)
    source, placeholders = _filled(text_templates.body_template, text.body, values, "body")
    html, plain = mail_bodies.both_parts(source, settings.BRAND_HUE)
    html, plain = placeholders.into_html(html), placeholders.into_text(plain)
    if masked:
        html, plain = without_secrets(html), without_secrets(plain)
    for part, content in (("subject", subject), ("body", plain.strip())):
        if not content:
            raise DoesNotRender(f"The {part} is empty.", part)
    masked_subject = without_secrets(subject if masked else _subject(text, _values(context, masked=True)))
    text_part = plain + _signature(mail, footer)
    return Letter(subject, text_part, _page(mail, subject, html, footer), footer, masked_subject)


def _values(context: Mapping[str, Any], masked: bool) -> dict[str, Any]:
    # Every mail can use these settings.
    site = {name: getattr(settings, name) for name in ("BUSINESS_NAME", "SITE_URL", "OFFICE_EMAIL")}
    return site | {name: primitive(value, masked) for name, value in context.items()}


def _subject(text: Text, values: dict[str, Any]) -> str:
    source, placeholders = _filled(text_templates.subject_template, text.subject, values, "subject")
    return one_line(placeholders.into_text(source))


def primitive(value: Any, masked: bool) -> Any:
    """Texts get no model instances, because a text that the school wrote itself could read anything through them."""
    if isinstance(value, Secret):
        return HIDDEN if masked else str(value)
    if isinstance(value, Mapping):
        return {key: primitive(item, masked) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [primitive(item, masked) for item in value]
    if value is None or isinstance(value, str | bool | int | Decimal | date | datetime | time | timedelta):
        return value
    if isinstance(value, Promise):
        return str(value)
    raise DoesNotRender(f"Its context contains a {type(value).__name__}; only text, numbers and dates are allowed.")


def one_line(text: str) -> str:
    # Without control characters, a subject cannot inject another header.
    line = tidy(CONTROL_CHARACTERS.sub(" ", text))
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _filled(compile_: Callable[[str], Compiled], source: str, values: dict[str, Any], part: str) -> FilledText:
    try:
        return text_templates.fill(compile_(source), values)
    except text_templates.MissingValue as missing:
        known = f"This mail knows {', '.join(sorted(values))}."
        raise DoesNotRender(f"It uses {{{{ {missing} }}}}, which is not known here. {known}", part) from None
    except TemplateSyntaxError as error:
        raise DoesNotRender(f"It cannot be read: {error}.".replace("..", "."), part) from None
    except TemplateDoesNotExist as error:
        raise DoesNotRender(f"It includes {error}, which does not exist.", part) from None
    except Exception as error:
        raise DoesNotRender(f"It cannot be filled in ({type(error).__name__}).", part) from error


def _signature(mail: Mail, footer: Footer) -> str:
    # Mail programs recognize a line of two hyphens and a space as the start of a signature.
    lines = ["-- ", settings.BUSINESS_NAME, settings.SITE_URL, "", REASONS_FOR_MAIL[mail.kind]]
    lines += [f"Email preferences: {footer.choose}"] if footer.choose else []
    lines += [f"Unsubscribe: {footer.stop}"] if footer.stop else []
    return "\n".join(["", *lines, ""])


def _page(mail: Mail, subject: str, body: str, footer: Footer) -> str:
    # The frame is the same for all mails of a kind and cached, so the other parts are filled in afterwards.
    frame = _frame(mail.kind, bool(footer.choose), bool(footer.stop), settings.BUSINESS_NAME, settings.BRAND_HUE)
    parts = {"subject": escape(subject), "body": body, "choose": escape(footer.choose), "stop": escape(footer.stop)}
    return PART.sub(lambda match: parts[match[1]], frame)


@lru_cache(maxsize=16)
def _frame(kind: Kind, choose: bool, stop: bool, school: str, hue: int) -> str:
    values = {
        "subject": "\ue000subject\ue001",
        "body": "\ue000body\ue001",
        "choose": "\ue000choose\ue001" if choose else "",
        "stop": "\ue000stop\ue001" if stop else "",
        "school": school,
        "site": settings.SITE_URL,
        "look": mail_styles.palette(hue),
        "serif": mark_safe(mail_styles.SERIF),
        "sans": mark_safe(mail_styles.SANS),
        "why": REASONS_FOR_MAIL[kind],
    }
    return text_templates.page("mail/letter.html", values)
