"""The format of the log. Secret addresses and the values that people typed are removed, also from tracebacks.

Times are in UTC with the offset, as in the log of gunicorn.
"""

import logging
import re
import time
from contextvars import ContextVar

SECRET, QUERY = "[secret]", "[removed]"
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The middleware that starts a request sets this, so that each line of the log names its request."""

PIECE = re.compile(r"(?<=/)[^\s/?#\"'<>,()\\]{16,}")
PLAIN = re.compile(r"[A-Za-z_-]+(?:\.[A-Za-z]+)?\.?\Z")
SIGNED = re.compile(r"[\w-]{6,}(?::|%3A)[\w-]{4,}(?::|%3A)[\w-]{20,}")
ARGUMENTS = re.compile(r"(?<=[^\s(])(\?|&[\w.-]+=)\S+")
DETAIL = re.compile(r"^(\s*(?:DETAIL|HINT|CONTEXT|LINE \d+):).*$", re.MULTILINE)


def redact_secrets(text: str) -> str:
    """Remove everything that may be a key: long parts of an address that are not plain words, and all parameters.

    The details of an error from PostgreSQL are removed too, because they repeat values that people typed.
    """
    text = ARGUMENTS.sub(rf"\1{QUERY}", text)
    text = SIGNED.sub(SECRET, text)
    text = PIECE.sub(lambda match: match[0] if PLAIN.match(match[0]) else SECRET, text)
    return DETAIL.sub(r"\1 [values removed]", text)


class LogFormatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("[{asctime}] {levelname} {name}{request_id}: {message}", "%Y-%m-%d %H:%M:%S +0000", "{")

    def format(self, record: logging.LogRecord) -> str:
        # Django logs a refused request after its context has ended, but attaches the request to the record.
        request = getattr(record, "request", None)
        log_id = getattr(request, "log_id", "") or request_id.get()
        record.request_id = f" [{log_id}]" if log_id else ""
        return redact_secrets(super().format(record))
