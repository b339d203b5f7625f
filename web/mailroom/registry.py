"""The declared mails, loaded once from the `mails.py` of each app."""

from functools import cache
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver

from common.app_modules import app_modules
from mailroom.declare import AboutPage, Mail


class UnknownMail(LookupError):
    """No app declares a mail of this name."""


def mail_declarations() -> list[Mail]:
    return [mail for module in app_modules("mails") for mail in module.MAILS]


@cache
def declared_mails() -> dict[str, Mail]:
    return {mail.name: mail for mail in mail_declarations()}


@cache
def about_pages() -> dict[str, AboutPage]:
    return {name: page for module in app_modules("mails") for name, page in getattr(module, "ABOUT", {}).items()}


def mail_named(name: str) -> Mail:
    try:
        return declared_mails()[name]
    except KeyError:
        raise UnknownMail(f"No app declares the email {name!r} in its mails.py.") from None


@receiver(setting_changed)
def _clear_mail_cache(*, setting: str, **kwargs: Any) -> None:
    if setting == "INSTALLED_APPS":
        declared_mails.cache_clear()
        about_pages.cache_clear()
