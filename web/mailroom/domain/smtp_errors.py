"""Classification of sending errors: whether the server may have the mail, and whether to try again.

The reasons are stored. They contain the codes and names of errors but no text from servers, which may quote addresses.
"""

import re
import smtplib
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.mail import BadHeaderError

from mailroom.smtp import TrackingSMTP

ENHANCED = re.compile(rb"\d\.\d{1,3}\.\d{1,3}")
NO_MAILBOX = (b"5.1.1", b"5.1.2", b"5.1.3", b"5.1.6", b"5.1.10", b"5.2.1")
CLOSING_CODE = 421
BUSY_CODES = {"Throttling", "ThrottlingException", "TooManyRequestsException", "ServiceUnavailable", "InternalFailure"}
NOT_SENT_ERRORS = {"EndpointConnectionError", "ConnectTimeoutError", "NoCredentialsError"}


class ServerAnswer(Enum):
    LATER = "rejected temporarily"
    NEVER = "rejected permanently"
    NO_SUCH_ADDRESS = "rejected, no such mailbox"
    PERHAPS = "unknown"


@dataclass(frozen=True)
class SmtpVerdict:
    answer: ServerAnswer
    reason: str
    broken: bool = True  # If this is True, the connection cannot be used anymore.


def judge_error(error: Exception, connection: Any) -> SmtpVerdict:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return _verdict_by_code(*next(iter(error.recipients.values())), recipient=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return _verdict_by_code(error.smtp_code, error.smtp_error)
    if isinstance(error, BadHeaderError | UnicodeError):
        return SmtpVerdict(ServerAnswer.NEVER, f"It cannot be formatted as an email. {error_text(error)}", broken=False)
    if type(error).__module__.startswith("botocore."):
        return _verdict_by_amazon(error)
    smtp = getattr(connection, "connection", None)
    if isinstance(smtp, TrackingSMTP) and not smtp.handed_over:
        return SmtpVerdict(
            ServerAnswer.LATER, f"The connection broke before the email was handed over. {error_text(error)}"
        )
    return SmtpVerdict(
        ServerAnswer.PERHAPS, f"The connection broke while the email was handed over. {error_text(error)}"
    )


def _verdict_by_code(code: int, answer: bytes | str, *, recipient: bool = False) -> SmtpVerdict:
    enhanced = ENHANCED.match(answer if isinstance(answer, bytes) else answer.encode())
    codes = f"{code} {enhanced[0].decode()}" if enhanced else str(code)
    reason = f"The mail server answered {codes}."
    if code == CLOSING_CODE or code < 500:
        return SmtpVerdict(ServerAnswer.LATER, reason, broken=code == CLOSING_CODE)
    if recipient and enhanced and enhanced[0] in NO_MAILBOX:
        return SmtpVerdict(ServerAnswer.NO_SUCH_ADDRESS, f"There is no such address. {reason}", broken=False)
    return SmtpVerdict(ServerAnswer.NEVER, reason, broken=False)


def _verdict_by_amazon(error: Any) -> SmtpVerdict:
    code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
    if code:
        answer = ServerAnswer.LATER if code in BUSY_CODES else ServerAnswer.NEVER
        return SmtpVerdict(answer, f"Amazon SES answered {code[:60]}.", broken=False)
    if type(error).__name__ in NOT_SENT_ERRORS:
        return SmtpVerdict(ServerAnswer.LATER, f"Amazon SES could not be reached. {error_text(error)}")
    return SmtpVerdict(
        ServerAnswer.PERHAPS, f"The connection broke while the email was handed over. {error_text(error)}"
    )


def error_text(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"({type(error).__name__}{f' {code}' if code else ''})"
