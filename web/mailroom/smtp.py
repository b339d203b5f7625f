"""Django's SMTP backend, which also records whether the server may have received the mail when sending fails."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class TrackingSMTP(smtplib.SMTP):
    handed_over = False

    def sendmail(self, *args: Any, **kwargs: Any) -> Any:
        self.handed_over = False
        return super().sendmail(*args, **kwargs)

    def data(self, msg: Any) -> tuple[int, bytes]:
        # If the connection breaks before the server has answered, nobody knows whether it has accepted the mail.
        self.handed_over = True
        answer = super().data(msg)
        self.handed_over = False
        return answer


class TrackingSMTPOverTLS(TrackingSMTP, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    @property
    def connection_class(self) -> type[TrackingSMTP]:
        return TrackingSMTPOverTLS if self.use_ssl else TrackingSMTP
