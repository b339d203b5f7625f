"""Django's SMTP backend with one thing more: afterwards it can be told whether a server may have got the mail."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class Telling(smtplib.SMTP):
    handed_over = False

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        self.handed_over = False
        return super().sendmail(*args, **kwargs)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """From the first byte of the text until the server's answer nobody knows."""
        self.handed_over = True
        answer = super().data(msg)
        self.handed_over = False
        return answer


class TellingOverTLS(Telling, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[Telling]:
        return TellingOverTLS if self.use_ssl else Telling
