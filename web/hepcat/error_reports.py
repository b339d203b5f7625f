"""Mails to ADMINS about each kind of error, with enough to fix it and nothing about the person to whom it happened.

Django's own report repeats the settings, the form and the message of the error. This one names the page, the error,
the lines of code and the id of the request; the log has the rest. Each kind of error is mailed once an hour, and all
kinds together twenty times, so that a storm neither fills mailboxes nor keeps pages waiting for the mail server.
"""

import logging
import time
import traceback
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.utils import timezone

from outbox import causation

log = logging.getLogger(__name__)
HOUR, DAY = 3600, 24 * 3600
AT_MOST = 20
TEXT = """{subject}

Page: {page}
Request: {request_id}
Time: {time}
{often}
{lines}
{error}

This email contains neither the error message nor anything that was typed. The log has the whole error at this time.
"""


class ErrorReports(logging.Handler):
    """A handler for the logger django.request, which logs each page that fails."""

    def emit(self, record: logging.LogRecord) -> None:
        if not settings.ADMINS or not record.exc_info or record.exc_info[0] is None:
            return
        try:
            mail_error_report(record.exc_info[0].__name__, record.exc_info[2], getattr(record, "request", None))
        except Exception as error:  # the page has already failed, and this error must not hide that
            log.warning("An error report could not be mailed: %s", type(error).__name__)


def mail_error_report(error: str, where: TracebackType | None, request: HttpRequest | None) -> None:
    match = getattr(request, "resolver_match", None)
    method = getattr(request, "method", None) or "?"
    subject = f"{error} on {method} {(match and match.view_name) or 'an unknown page'}"
    try:
        often = count_error(subject)
    except Exception:  # the cache is not available, perhaps because the database is not
        often = count_error_in_process(subject)
    if not often:
        return
    text = TEXT.format(
        subject=subject,
        page=f"{method} /{match.route}" if match else "not known",
        request_id=causation.current_cause().request_id or "not known",
        time=timezone.now().isoformat(" ", "seconds"),
        often=f"It happened {often} times since the last report.\n" if often > 1 else "",
        lines="\n".join(code_lines(where)),
        error=error,
    )
    addresses = [address for _, address in settings.ADMINS]
    headers = {"Auto-Submitted": "auto-generated"}
    EmailMessage(
        settings.EMAIL_SUBJECT_PREFIX + subject, text, settings.SERVER_EMAIL, addresses, headers=headers
    ).send()


def code_lines(where: TracebackType | None) -> list[str]:
    return [
        f"{short_path(frame.filename)}, line {frame.lineno}, in {frame.name}" for frame in traceback.extract_tb(where)
    ]


def short_path(filename: str) -> str:
    path = Path(filename)
    top = settings.WEB.parent
    return str(path.relative_to(top)) if path.is_relative_to(top) else filename.rpartition("site-packages/")[2]


def sent_key(kind: str) -> str:
    return f"error-report-{sha256(kind.encode()).hexdigest()[:32]}"


sent_times: dict[str, float] = {}


def count_error_in_process(kind: str) -> int:
    """Count errors in this process alone, for the time without a cache."""
    now = time.monotonic()
    if now - sent_times.get(kind, -HOUR) < HOUR or sum(now - sent < HOUR for sent in sent_times.values()) >= AT_MOST:
        return 0
    sent_times[kind] = now
    return 1


def count_error(kind: str) -> int:
    """Return how many errors of this kind came since the last report if a report is due now, else 0."""
    tally = f"{sent_key(kind)}-count"
    cache.add(tally, 0, DAY)
    often = cache.incr(tally)
    if not cache.add(sent_key(kind), True, HOUR):
        return 0
    cache.add("error-reports", 0, HOUR)
    if cache.incr("error-reports") > AT_MOST:
        return 0
    cache.set(tally, 0, DAY)
    return often
