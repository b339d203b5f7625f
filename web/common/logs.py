"""A line of the log: when, how grave, from where, in which request, what. Never a secret address, never a value.

The clock is gunicorn's: UTC, with its offset. Everything passes through `without_secrets`, tracebacks too.
"""

import logging
import re
import time
from contextvars import ContextVar

SECRET, QUERY = "[secret]", "[removed]"
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Set by whoever knows which request is being answered; the log knows no more of it."""

PIECE = re.compile(r"(?<=/)[^\s/?#\"'<>,()\\]{16,}")
PLAIN = re.compile(r"[A-Za-z_-]+(?:\.[A-Za-z]+)?\.?\Z")
SIGNED = re.compile(r"[\w-]{6,}(?::|%3A)[\w-]{4,}(?::|%3A)[\w-]{20,}")
ARGUMENTS = re.compile(r"(?<=[^\s(])(\?|&[\w.-]+=)\S+")
DETAIL = re.compile(r"^(\s*(?:DETAIL|HINT|CONTEXT|LINE \d+):).*$", re.MULTILINE)


def without_secrets(text: str) -> str:
    """Long pieces of an address that are no plain words may be keys, whoever made them; so may all that is asked for.

    PostgreSQL repeats values that people typed where it explains an error.
    """
    text = ARGUMENTS.sub(rf"\1{QUERY}", text)
    text = SIGNED.sub(SECRET, text)
    text = PIECE.sub(lambda found: found[0] if PLAIN.match(found[0]) else SECRET, text)
    return DETAIL.sub(r"\1 [values removed]", text)


class Line(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("[{asctime}] {levelname} {name}{request_id}: {message}", "%Y-%m-%d %H:%M:%S +0000", "{")

    def format(self, record: logging.LogRecord) -> str:
        request = getattr(record, "request", None)  # Django tells of a refused one when all else has ended
        found = getattr(request, "log_id", "") or request_id.get()
        record.request_id = f" [{found}]" if found else ""
        return without_secrets(super().format(record))
