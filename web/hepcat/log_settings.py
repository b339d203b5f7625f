"""Logging to the console, and never with personal data."""

import sys
from typing import Any


def logging_settings(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "common.logs.LogFormatter"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "level": level, "formatter": "line", "stream": sys.stderr},
            "reports": {"class": "hepcat.error_reports.ErrorReports", "level": "ERROR"},
        },
        "root": {"handlers": ["console"], "level": level},
        # At INFO, the package of Stripe logs the responses of Stripe, which contain addresses of people.
        "loggers": {
            # Django's own handlers are off, because they log everything twice and mail to ADMINS what people typed.
            "django": {"handlers": []},
            "django.request": {"handlers": ["reports"]},
            "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
            "axes": {"level": "ERROR"},
            "stripe": {"level": "WARNING"},
        },
    }
