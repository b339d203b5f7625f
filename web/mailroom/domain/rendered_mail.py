"""Rendering of a mail from its text and its context. A mail with an error is not rendered at all."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import DatabaseError
from django.dispatch import receiver
from django.template import Template as Compiled
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils.functional import Promise
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from common.names import tidy_name
from mailroom import mail_bodies, mail_styles, text_templates
from mailroom.declare import Mail, MailKind, MailNotNeeded, SecretText
from mailroom.errors import MailTextInvalid
from mailroom.masked_text import removal_note, without_secret_html_links, without_secret_links
from mailroom.models import Template
from mailroom.placeholders import Placeholders

FilledText = tuple[str, Placeholders]

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PART = re.compile("\ue000([a-z]+)\ue001")
LONGEST_SUBJECT = 200
SITE_VALUES = ("BUSINESS_NAME", "SITE_URL", "OFFICE_EMAIL")
REASONS_FOR_MAIL = {
    MailKind.TRANSACTIONAL: _("You’re receiving this because this address was used to register."),
    MailKind.CLASS: _("You’re receiving this because of your class."),
    MailKind.PROMOTIONAL: _("You’re receiving this because you asked for our news."),
}


@dataclass(frozen=True)
class MailText:
    """The subject and body of a mail with placeholders."""

    subject: str
    body: str


@dataclass(frozen=True)
class MailFooter:
    """The URLs by which the recipient can choose which mail to get, and unsubscribe from this kind."""

    choose: str = ""
    stop: str = ""


NO_FOOTER = MailFooter()


@dataclass(frozen=True)
class MailContent:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class RenderedMail(MailContent):
    footer: MailFooter
    stored: MailContent  # The copy without secrets, and without the frame around the HTML. Only this may be stored.


@contextmanager
def language_of_mails() -> Iterator[None]:
    """Users have no language of their own, so all mail is in the language of the school."""
    with override(settings.LANGUAGE_CODE):
        yield


def override_texts(names: Iterable[str]) -> dict[str, MailText]:
    """Return the school's own texts of these mails, by name. Mails without one are left out."""
    return {row.name: MailText(row.subject, row.body) for row in Template.objects.filter(name__in=names)}


@language_of_mails()
def shipped_mail_text(mail: Mail) -> MailText:
    try:
        return MailText(*text_templates.read_mail_file(mail.path))
    except FileNotFoundError:
        raise MailTextInvalid(f"There is no file {mail.path} for this mail.") from None


@language_of_mails()
def render_mail(mail: Mail, text: MailText, context: Mapping[str, Any], footer: MailFooter = NO_FOOTER) -> RenderedMail:
    values = TextValues(context)
    content = stored = _render_content(text, values)
    signature = _text_signature(mail, footer)
    if not settings.DEBUG:  # Developers follow the links of the mails that they see at the desk.
        if values.has_codes:
            stored = _render_content(text, TextValues(context, hides_codes=True))
        stored = MailContent(
            without_secret_links(stored.subject)[:LONGEST_SUBJECT],
            without_secret_links(stored.text + signature),
            without_secret_html_links(stored.html),
        )
    html_page = frame_html(mail.kind, content.subject, content.html, footer)
    return RenderedMail(content.subject, content.text + signature, html_page, footer, stored)


def _render_content(text: MailText, values: "TextValues") -> MailContent:
    subject_source, placeholders = _fill_source(text_templates.subject_template, text.subject, values, "subject")
    subject = to_one_line(placeholders.into_text(subject_source))
    source, placeholders = _fill_source(text_templates.body_template, text.body, values, "body")
    html, plain = mail_bodies.html_and_text(source, settings.BRAND_HUE)
    html, plain = placeholders.into_html(html), placeholders.into_text(plain)
    for part, content in (("subject", subject), ("body", plain.strip())):
        if not content:
            raise MailTextInvalid(f"The {part} is empty.", part)
    return MailContent(subject, plain, html)


class ValueUnavailable(Exception):
    """A value of the context could not be found. The text is the name of the error."""


class TextValues(Mapping[str, Any]):
    """The values that a text can use: those of the context, found and converted when they are used, and some settings.

    Texts get no model instances, because a text that the school wrote itself could read anything through them.
    """

    def __init__(self, context: Mapping[str, Any], *, hides_codes: bool = False) -> None:
        self.context, self.hides_codes, self.has_codes = context, hides_codes, False
        self.found: dict[str, Any] = {name: getattr(settings, name) for name in SITE_VALUES}

    def __getitem__(self, name: str) -> Any:
        if name not in self.found:
            self.found[name] = self._find_value(name)
        return self.found[name]

    def _find_value(self, name: str) -> Any:
        if name not in self.context:
            raise KeyError(name)
        try:
            value = self.context[name]
            value = value() if callable(value) else value
        except (DatabaseError, MailNotNeeded):
            raise
        except Exception as error:  # Templates would take some of these errors for a missing value.
            raise ValueUnavailable(type(error).__name__) from error
        return self._to_primitive(value)

    def __contains__(self, name: object) -> bool:
        return name in SITE_VALUES or name in self.context

    def __iter__(self) -> Iterator[str]:
        yield from (*SITE_VALUES, *self.context)

    def __len__(self) -> int:
        return len(SITE_VALUES) + len(self.context)

    def _to_primitive(self, value: Any) -> Any:
        if isinstance(value, SecretText):
            self.has_codes = True
            return removal_note() if self.hides_codes else str(value)
        if isinstance(value, Mapping):
            return {key: self._to_primitive(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._to_primitive(item) for item in value]
        if value is None or isinstance(value, str | bool | int | Decimal | date | datetime | time | timedelta):
            return value
        if isinstance(value, Promise):
            return str(value)
        raise MailTextInvalid(
            f"Its context contains a {type(value).__name__}; only text, numbers and dates are allowed."
        )


def to_one_line(text: str) -> str:
    # Without control characters, a subject cannot inject another header.
    line = tidy_name(CONTROL_CHARACTERS.sub(" ", text))
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _fill_source(compile_: Callable[[str], Compiled], source: str, values: "TextValues", part: str) -> FilledText:
    try:
        return text_templates.fill_template(compile_(source), values)
    except (DatabaseError, MailNotNeeded, MailTextInvalid, ValueUnavailable):
        raise
    except text_templates.ValueMissing as missing:
        known = f"This mail knows {', '.join(sorted(values))}."
        raise MailTextInvalid(f"It uses {{{{ {missing} }}}}, which is not known here. {known}", part) from None
    except TemplateSyntaxError as error:
        raise MailTextInvalid(f"It cannot be read: {error}.".replace("..", "."), part) from None
    except TemplateDoesNotExist as error:
        raise MailTextInvalid(f"It includes {error}, which does not exist.", part) from None
    except Exception as error:
        raise MailTextInvalid(f"It cannot be filled in ({type(error).__name__}).", part) from error


def _text_signature(mail: Mail, footer: MailFooter) -> str:
    # Mail programs recognize a line of two hyphens and a space as the start of a signature.
    lines = ["-- ", settings.BUSINESS_NAME, settings.SITE_URL, "", str(REASONS_FOR_MAIL[mail.kind])]
    lines += [f"{gettext('Email preferences')}: {footer.choose}"] if footer.choose else []
    lines += [f"{gettext('Unsubscribe')}: {footer.stop}"] if footer.stop else []
    return "\n".join(["", *lines, ""])


@language_of_mails()
def frame_html(kind: str, subject: str, body: str, footer: MailFooter = NO_FOOTER) -> str:
    """Return the HTML page of a mail, whose frame shows the name of the school and why the recipient gets it."""
    # The frame is the same for all mails of a kind and cached, so the other parts are filled in afterwards.
    look = {"language": settings.LANGUAGE_CODE, "school": settings.BUSINESS_NAME, "hue": settings.BRAND_HUE}
    frame = _html_frame(MailKind(kind), bool(footer.choose), bool(footer.stop), **look)
    parts = {"subject": escape(subject), "body": body, "choose": escape(footer.choose), "stop": escape(footer.stop)}
    return PART.sub(lambda match: parts[match[1]], frame)


@receiver(setting_changed)
def _clear_frame_cache(*, setting: str, **kwargs: Any) -> None:
    if setting in {"LOCALE_PATHS", "SITE_URL"}:
        _html_frame.cache_clear()


@lru_cache(maxsize=16)
def _html_frame(kind: MailKind, choose: bool, stop: bool, *, language: str, school: str, hue: int) -> str:
    values = {
        "subject": "\ue000subject\ue001",
        "body": "\ue000body\ue001",
        "choose": "\ue000choose\ue001" if choose else "",
        "stop": "\ue000stop\ue001" if stop else "",
        "language": language,
        "school": school,
        "site": settings.SITE_URL,
        "look": mail_styles.color_palette(hue),
        "serif": mark_safe(mail_styles.SERIF),
        "sans": mark_safe(mail_styles.SANS),
        "body_text": mark_safe(mail_styles.BODY_TEXT),
        "why": REASONS_FOR_MAIL[kind],
    }
    return text_templates.render_html_page("mail/layout.html", values)
