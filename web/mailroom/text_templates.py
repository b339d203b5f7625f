"""The texts of mails, which are Django templates that render Markdown.

The filter `as_written` is applied to each `{{ value }}` automatically. It replaces the value with a token (as described
in placeholders.py), so that Markdown characters in the value have no effect. A missing value is an error.
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.template import Context, Engine, Library, Origin, Template, TemplateDoesNotExist
from django.template.loaders.app_directories import Loader
from django.template.loaders.cached import Loader as CachedLoader
from django.utils.formats import localize
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import template_localtime  # type: ignore[attr-defined]
from django.utils.translation import get_language

from mailroom.placeholders import Placeholders
from mailroom.translated_texts import translate_text

VARIABLE = re.compile(r"\{\{(.+?)\}\}")
FORMATS = "common.templatetags.formats"
I18N = "django.templatetags.i18n"
MISSING = "\0missing:%s\0"
MISSING_NAME = re.compile(r"\0missing:(.*?)\0", re.DOTALL)

register = Library()
_values: ContextVar[Placeholders] = ContextVar("mailroom_values")


class ValueMissing(Exception):
    """The text uses a placeholder that the mail does not know. The argument is its name."""


@register.filter
def as_written(value: Any) -> SafeString:
    if isinstance(value, SafeString):
        return value
    text = str(localize(template_localtime(value))).strip().replace("\r\n", "\n")
    return mark_safe(_values.get().token(text))


@register.filter
def quoted(value: Any) -> SafeString:
    return mark_safe(f"> {as_written(value)}")


@register.filter
def markdown(value: Any) -> SafeString:
    # Only the staff of the school can write these values, so they may contain Markdown.
    return mark_safe(str(value))


class MailTextLoader(Loader):
    """A loader for the template folders of all apps, in the order of INSTALLED_APPS."""

    def get_dirs(self) -> list[Path | str]:
        return [Path(config.path) / "templates" for config in apps.get_app_configs()]

    def get_contents(self, origin: Origin) -> str:
        contents = super().get_contents(origin)
        return apply_as_written_filter(translate_text(contents)) if str(origin.name).endswith(".md") else contents


class CachedMailTextLoader(CachedLoader):
    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{get_language()}:{super().cache_key(template_name, skip)}"


def apply_as_written_filter(source: str) -> str:
    return VARIABLE.sub(r"{{\1|as_written}}", source)


@cache
def template_engines() -> tuple[Engine, Engine]:
    """Return the engines for bodies and for subjects. A subject is neither Markdown nor HTML."""
    loaders: list[Any] = ["mailroom.text_templates.MailTextLoader"]
    if not settings.DEBUG:
        loaders = [("mailroom.text_templates.CachedMailTextLoader", loaders)]
    texts = Engine(loaders=loaders, builtins=[FORMATS, I18N, "mailroom.text_templates"], string_if_invalid=MISSING)
    subjects = Engine(loaders=[], builtins=[FORMATS, I18N], autoescape=False, string_if_invalid=MISSING)
    return texts, subjects


@lru_cache(maxsize=512)
def subject_template(source: str) -> Template:
    return template_engines()[1].from_string(source)


@lru_cache(maxsize=512)
def body_template(source: str) -> Template:
    return template_engines()[0].from_string(apply_as_written_filter(source))


def fill_template(template: Template, context: Mapping[str, Any]) -> tuple[str, Placeholders]:
    """Return the text with its tokens, and the placeholders that replace them."""
    placeholders = Placeholders()
    token = _values.set(placeholders)
    try:
        text: str = template.render(Context(context, autoescape=template.engine.autoescape))
    finally:
        _values.reset(token)
    if missing := MISSING_NAME.search(text):
        raise ValueMissing(missing[1])
    return text, placeholders


def render_html_page(path: str, values: dict[str, Any]) -> str:
    html: str = template_engines()[0].get_template(path).render(Context(values))
    return html


def read_mail_file(path: str) -> tuple[str, str]:
    """Return the subject and the body in the active language."""
    read = _read_subject_and_body if settings.DEBUG else _read_once
    return read(path, get_language())


def _read_subject_and_body(path: str, language: str | None) -> tuple[str, str]:
    loader = MailTextLoader(template_engines()[0])
    for origin in loader.get_template_sources(path):
        try:
            contents = Loader.get_contents(loader, origin)
        except TemplateDoesNotExist:
            continue
        first_line, _, body = contents.partition("\n")
        return translate_text(first_line.removeprefix("Subject:").strip()), translate_text(body.strip())
    raise FileNotFoundError(path)


_read_once = cache(_read_subject_and_body)


@receiver(setting_changed)
def _clear_template_cache(*, setting: str, **kwargs: Any) -> None:
    if setting in {"INSTALLED_APPS", "DEBUG", "LOCALE_PATHS"}:
        template_engines.cache_clear()
        _read_once.cache_clear()
        subject_template.cache_clear()
        body_template.cache_clear()
