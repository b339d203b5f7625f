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
from django.dispatch import receiver
from django.template import Template as Compiled
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils.functional import Promise
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from common.names import tidy_name
from mailroom import mail_bodies, mail_styles, text_templates
from mailroom.declare import Mail, MailKind, SecretText
from mailroom.errors import MailTextInvalid
from mailroom.masked_text import HIDDEN, without_secrets
from mailroom.models import Template
from mailroom.placeholders import Placeholders

FilledText = tuple[str, Placeholders]

CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
PART = re.compile("\ue000([a-z]+)\ue001")
LONGEST_SUBJECT = 200
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
    ours: bool = True  # This is False for a text that the school wrote itself.


@dataclass(frozen=True)
class MailFooter:
    """The URLs by which the recipient can choose which mail to get, and unsubscribe from this kind."""

    choose: str = ""
    stop: str = ""


NO_FOOTER = MailFooter()


@dataclass(frozen=True)
class RenderedMail:
    subject: str
    text: str
    html: str
    footer: MailFooter = NO_FOOTER
    masked_subject: str = ""  # Only this version of the subject may be stored.


@contextmanager
def language_of_mails() -> Iterator[None]:
    """Users have no language of their own, so all mail is in the language of the school."""
    with override(settings.LANGUAGE_CODE):
        yield


def override_texts(names: Iterable[str]) -> dict[str, MailText]:
    """Return the school's own texts of these mails, by name. Mails without one are left out."""
    return {row.name: MailText(row.subject, row.body, ours=False) for row in Template.objects.filter(name__in=names)}


def mail_text_of(mail: Mail) -> MailText:
    return override_texts([mail.name]).get(mail.name) or shipped_mail_text(mail)


@language_of_mails()
def shipped_mail_text(mail: Mail) -> MailText:
    try:
        return MailText(*text_templates.read_mail_file(mail.path))
    except FileNotFoundError:
        raise MailTextInvalid(f"There is no file {mail.path} for this mail.") from None


@language_of_mails()
def render_mail(
    mail: Mail, text: MailText, context: Mapping[str, Any], footer: MailFooter = NO_FOOTER, *, masked: bool = False
) -> RenderedMail:
    """With `masked`, secret texts and links are replaced, so that people other than the recipient can see the mail."""
    values = _template_values(context, masked)
    subject = _render_subject(text, values)
    source, placeholders = _fill_source(text_templates.body_template, text.body, values, "body")
    html, plain = mail_bodies.html_and_text(source, settings.BRAND_HUE)
    html, plain = placeholders.into_html(html), placeholders.into_text(plain)
    if masked:
        html, plain = without_secrets(html), without_secrets(plain)
    for part, content in (("subject", subject), ("body", plain.strip())):
        if not content:
            raise MailTextInvalid(f"The {part} is empty.", part)
    masked_subject = without_secrets(
        subject if masked else _render_subject(text, _template_values(context, masked=True))
    )
    text_part = plain + _text_signature(mail, footer)
    return RenderedMail(subject, text_part, _html_page(mail, subject, html, footer), footer, masked_subject)


def _template_values(context: Mapping[str, Any], masked: bool) -> dict[str, Any]:
    # Every mail can use these settings.
    site = {name: getattr(settings, name) for name in ("BUSINESS_NAME", "SITE_URL", "OFFICE_EMAIL")}
    return site | {name: to_primitive(value, masked) for name, value in context.items()}


def _render_subject(text: MailText, values: dict[str, Any]) -> str:
    source, placeholders = _fill_source(text_templates.subject_template, text.subject, values, "subject")
    return to_one_line(placeholders.into_text(source))


def to_primitive(value: Any, masked: bool) -> Any:
    """Texts get no model instances, because a text that the school wrote itself could read anything through them."""
    if isinstance(value, SecretText):
        return HIDDEN if masked else str(value)
    if isinstance(value, Mapping):
        return {key: to_primitive(item, masked) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_primitive(item, masked) for item in value]
    if value is None or isinstance(value, str | bool | int | Decimal | date | datetime | time | timedelta):
        return value
    if isinstance(value, Promise):
        return str(value)
    raise MailTextInvalid(f"Its context contains a {type(value).__name__}; only text, numbers and dates are allowed.")


def to_one_line(text: str) -> str:
    # Without control characters, a subject cannot inject another header.
    line = tidy_name(CONTROL_CHARACTERS.sub(" ", text))
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _fill_source(compile_: Callable[[str], Compiled], source: str, values: dict[str, Any], part: str) -> FilledText:
    try:
        return text_templates.fill_template(compile_(source), values)
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


def _html_page(mail: Mail, subject: str, body: str, footer: MailFooter) -> str:
    # The frame is the same for all mails of a kind and cached, so the other parts are filled in afterwards.
    look = {"language": settings.LANGUAGE_CODE, "school": settings.BUSINESS_NAME, "hue": settings.BRAND_HUE}
    frame = _html_frame(mail.kind, bool(footer.choose), bool(footer.stop), **look)
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
