"""A real mail server that accepts mail, or answers as a test chooses."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.conf import settings
from django.test import override_settings

from bench.services import free_port

SMTP_BACKEND = settings.MAIL_BACKENDS["smtp"]


class Handler:
    """`at_recipient` and `at_text` are the answers to the next mails; "hang up" closes the connection.

    After `silent_after` mails, it accepts one more and does not answer.
    """

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.sessions: set[int] = set()
        self.at_recipient: list[str] = []
        self.at_text: list[str] = []
        self.silent_after: int | None = None
        self.port = free_port()

    def readers(self) -> list[str]:
        return [address for envelope in self.taken for address in envelope.rcpt_tos]

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: Any) -> str:
        answer = self.at_recipient.pop(0) if self.at_recipient else "250 OK"
        if answer == "hang up":
            hang_up(server)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = self.at_text.pop(0) if self.at_text else "250 Taken"
        if answer.startswith("250") or answer == "hang up":
            self.taken.append(envelope)
            self.sessions.add(id(session))
        if answer == "hang up":
            hang_up(server)
        while self.silent_after is not None and len(self.taken) > self.silent_after:
            await asyncio.sleep(0.01)
        return answer


def hang_up(server: SMTP) -> None:
    transport: asyncio.Transport | None = server.transport
    if transport is not None:
        transport.abort()
    raise asyncio.CancelledError


@contextmanager
def smtp_server() -> Iterator[Handler]:
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=handler.port)
    controller.start()
    try:
        with override_settings(EMAIL_BACKEND=SMTP_BACKEND, EMAIL_HOST="127.0.0.1", EMAIL_PORT=handler.port):
            yield handler
    finally:
        controller.stop()
