"""Typed readers for environment variables. An invalid value is refused, and a blank one counts as unset.

A variable can have several names. Its own name takes precedence over its `DJANGO_` alias and over older names. On
PythonAnywhere `LIVE_<name>` takes precedence over all of them, so that one file works for a laptop and the live site.
"""

import os
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

ALIASES = {
    "CACHE_URL": ["DJANGO_CACHES"],
    "DATABASE_URL": ["DJANGO_DATABASES"],
    "DEFAULT_FROM_EMAIL": ["EMAIL_DEFAULT_FROM"],
    "EMAIL_SUBJECT_PREFIX": ["EMAIL_ADMIN_PREFIX"],
    "MAILGUN_ACCESS_KEY": ["DJANGO_MAILGUN_API_KEY", "MAILGUN_API_KEY"],
    "S3": ["USE_S3"],
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": ["HSTS_INCLUDE_SUBDOMAINS"],
    "SESSION_MINIMUM_WEEKS": ["SESSION_LOW_WEEKS"],
    "SUPERUSER_PASSWORD": ["SUPERUSER_PASS"],
}
# These are the mail servers whose name is not "smtp." and the domain of the address.
MAIL_HOSTS = {
    "googlemail.com": "smtp.gmail.com",
    "outlook.com": "smtp-mail.outlook.com",
    "hotmail.com": "smtp-mail.outlook.com",
    "live.com": "smtp-mail.outlook.com",
    "yahoo.com": "smtp.mail.yahoo.com",
    "icloud.com": "smtp.mail.me.com",
    "me.com": "smtp.mail.me.com",
    "gmx.com": "mail.gmx.com",
    "gmx.net": "mail.gmx.net",
}
TRUE = {"1", "true", "yes", "on", "t", "y"}
FALSE = {"0", "false", "no", "off", "f", "n"}


def load_env_file(path: Path) -> None:
    """Read a file of NAME=value lines into the environment. Variables that are already set keep their values."""
    if path.is_file():
        environ.Env.read_env(str(path), overwrite=False)


def hosted_pythonanywhere() -> bool:
    return bool(os.environ.get("PYTHONANYWHERE_SITE")) or _stripped_variable("HOSTED_PYTHONANYWHERE").lower() in TRUE


def _stripped_variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def raw_value(name: str) -> str:
    names = [name, f"DJANGO_{name}", *ALIASES.get(name, [])]
    if hosted_pythonanywhere():
        names.insert(0, f"LIVE_{name}")
    return next((text for text in map(_stripped_variable, names) if text), "")


def _parse_variable(name: str, default: T, parse: Callable[[str], T], expected: str) -> T:
    text = raw_value(name)
    if not text:
        return default
    try:
        return parse(text)
    except (ValueError, InvalidOperation):
        raise ImproperlyConfigured(f"{name} must be {expected}, not {text!r}.") from None


def read_text(name: str, default: str = "") -> str:
    return raw_value(name) or default


def read_required(name: str, why: str) -> str:
    value = raw_value(name)
    if not value:
        raise ImproperlyConfigured(f"{name} must be set: {why}")
    return value


def read_flag(name: str, default: bool) -> bool:
    def parse(value: str) -> bool:
        if value.lower() in TRUE:
            return True
        if value.lower() in FALSE:
            return False
        raise ValueError(value)

    return _parse_variable(name, default, parse, "True or False")


def read_int(name: str, default: int, *, least: int | None = None, most: int | None = None) -> int:
    def parse(value: str) -> int:
        number = int(value)
        if (least is not None and number < least) or (most is not None and number > most):
            raise ValueError(value)
        return number

    return _parse_variable(name, default, parse, "a whole number" + _bounds_text(least, most))


def read_decimal(name: str, default: str, *, least: str | None = "0") -> Decimal:
    def parse(value: str) -> Decimal:
        number = Decimal(value)
        if not number.is_finite() or (least is not None and number < Decimal(least)):
            raise ValueError(value)
        return number

    return _parse_variable(name, Decimal(default), parse, "a number" + _bounds_text(least, None))


def read_decimals(name: str, default: list[str]) -> list[Decimal]:
    def parse(value: str) -> Decimal:
        number = Decimal(value)
        if not number.is_finite() or number <= 0:
            raise ValueError(value)
        return number

    items = read_list(name, default)
    return _parse_variable(
        name, [parse(item) for item in default], lambda _: [parse(item) for item in items], "amounts"
    )


def _bounds_text(least: object, most: object) -> str:
    if least is not None and most is not None:
        return f" from {least} to {most}"
    return f" of at least {least}" if least is not None else ""


def read_list(name: str, default: list[str] | None = None) -> list[str]:
    items = [item for item in re.split(r"[\s,]+", raw_value(name)) if item]
    return items or list(default or [])


def read_choice(name: str, default: str, allowed: list[str]) -> str:
    value = raw_value(name) or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _parse_url_variable(name: str, parse: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    try:
        return parse(raw_value(name))
    except Exception as error:
        # The message does not repeat the URL, because it may contain a password.
        raise ImproperlyConfigured(f"{name} is not a valid URL ({type(error).__name__}).") from None


def read_database(default_path: Path) -> dict[str, Any]:
    """DATABASE_URL takes precedence over the DB_* variables. Without either, it is an SQLite file at `default_path`."""
    if raw_value("DATABASE_URL"):
        config = _parse_url_variable("DATABASE_URL", environ.Env.db_url_config)
        if not config["ENGINE"].endswith((".postgresql", ".sqlite3")):
            raise ImproperlyConfigured("DATABASE_URL must begin with postgres: or sqlite:.")
        return config
    if raw_value("DB_NAME"):
        kind = read_choice("DB_TYPE", "postgres", ["postgres", "postgresql", "sqlite", "sqlite3"])
        if kind.startswith("sqlite"):
            return {"ENGINE": "django.db.backends.sqlite3", "NAME": read_text("DB_NAME")}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": read_text("DB_NAME"),
            "USER": read_text("DB_USER"),
            "PASSWORD": read_text("DB_PASS"),
            "HOST": read_text("DB_HOST", "localhost"),
            "PORT": read_int("DB_PORT", 5432, least=1, most=65535),
        }
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default_path)}


def read_caches() -> dict[str, dict[str, Any]]:
    # The counts of the rate limits have a cache of their own, so that a flood of other entries cannot push them out.
    if raw_value("CACHE_URL"):
        config = _parse_url_variable("CACHE_URL", environ.Env.cache_url_config)
        if "redis" in config["BACKEND"].lower():
            options = {"socket_connect_timeout": 1, "socket_timeout": 2} | config.get("OPTIONS", {})
            config |= {"BACKEND": "common.cache.RedisCache", "OPTIONS": options}
        return {"default": config, "throttles": config | {"KEY_PREFIX": "throttles"}}
    return {
        "default": _cache_table_settings("DatabaseCache", "cache_entries"),
        "throttles": _cache_table_settings("CounterCache", "throttle_entries"),
    }


def _cache_table_settings(backend: str, name: str) -> dict[str, Any]:
    options = {"MAX_ENTRIES": 20_000}  # Django's default of 300 would soon drop entries that are still needed.
    return {"BACKEND": f"common.cache.{backend}", "LOCATION": name, "OPTIONS": options}


def mail_host(user: str) -> str:
    """Guess the mail server of an account from its email address. The answer is '' if it is not an email address."""
    domain = user.rpartition("@")[2].lower() if "@" in user else ""
    return MAIL_HOSTS.get(domain, f"smtp.{domain}") if domain else ""


def read_email() -> dict[str, Any]:
    if not raw_value("EMAIL_URL"):
        return {}
    settings = _parse_url_variable("EMAIL_URL", environ.Env.email_url_config)
    return {name: value for name, value in settings.items() if name.startswith("EMAIL_")}
