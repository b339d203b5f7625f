"""How a large file arrives before the form that belongs to it, with a bar that shows how far it is.

The browser announces it (`invite`), sends it to the bucket or to us, and then sends the form with the ticket. Only then
is it looked at: what the ticket says was announced, not what came. What no form ever claims is tidied away.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils import timezone

from common.files import bucket, checking, private

FOLDER = "incoming/"
SALT = "common.files.incoming"
LASTS = timedelta(hours=6)
GONE = ValidationError("This upload is not here any more. Please choose the file again.", code="gone")
ONE_AT_A_TIME = ValidationError("Something was sent here already. Please choose the file again.", code="twice")


@dataclass(frozen=True)
class Ticket:
    """What was announced, by whom; it travels signed, so nothing needs to be stored for it."""

    name: str
    title: str
    declared: str
    kind: str
    person: int

    def signed(self) -> str:
        return signing.dumps([self.name, self.title, self.declared, self.kind, self.person], salt=SALT)


def read(text: str, person: int) -> Ticket:
    try:
        ticket = Ticket(*signing.loads(text, salt=SALT, max_age=LASTS))
    except (signing.BadSignature, TypeError, ValueError):
        raise GONE from None
    if ticket.person != person:
        raise GONE
    return ticket


def invite(*, title: str, size: int, declared: str, kind: str, person: int) -> tuple[Ticket, dict[str, Any]]:
    """The ticket, and the form by which a bucket takes the file (empty where we take it ourselves)."""
    found = checking.check_announced(title, size, declared, kind)
    ticket = Ticket(f"{FOLDER}{secrets.token_urlsafe(16)}", title[-150:], found.mime, kind, person)
    if not bucket.is_used():
        return ticket, {}
    seconds = int(LASTS.total_seconds())
    return ticket, bucket.form(ticket.name, mime=found.mime, most=checking.most(kind), seconds=seconds)


def receive(ticket: Ticket, file: "File[bytes]") -> None:
    """Where there is no bucket. Once: what was looked at is what is kept."""
    checking.check_announced(ticket.title, file.size, ticket.declared, ticket.kind)
    if private.files.exists(ticket.name):
        raise ONE_AT_A_TIME
    private.files.save(ticket.name, file)


class Moving(File):  # type: ignore[type-arg]
    """A stored file that is moved and not copied when it is saved under another name."""

    def temporary_file_path(self) -> str:
        return str(self.name)


@dataclass(frozen=True)
class Arrived:
    """What really came with a ticket, looked at."""

    ticket: Ticket
    checked: checking.Checked
    etag: str = ""


def look_at(ticket: Ticket) -> Arrived:
    if not private.files.exists(ticket.name):
        raise GONE
    etag = bucket.etag(ticket.name) if bucket.is_used() else ""
    file = bucket.opened(ticket.name) if bucket.is_used() else private.files.open(ticket.name)
    size = private.files.size(ticket.name)
    try:
        with file:
            checked = checking.check(file, name=ticket.title, size=size, declared=ticket.declared, kind=ticket.kind)
    except ValidationError:
        private.files.delete(ticket.name)
        raise
    return Arrived(ticket, checked, etag)


def keep(arrived: Arrived, folder: str) -> str:
    """Put it where it stays; the name it has there."""
    checked = arrived.checked
    target: str = private.files.get_available_name(f"{folder}/{secrets.token_hex(8)}/{checked.stored_as}")
    rewritten = isinstance(checked.content, ContentFile)
    if bucket.is_used() and not rewritten:
        try:
            bucket.move(arrived.ticket.name, target, mime=checked.mime, etag=arrived.etag)
        except bucket.Changed:
            raise ONE_AT_A_TIME from None
        return target
    private.files.save(target, checked.content if rewritten else Moving(None, private.files.path(arrived.ticket.name)))
    private.files.delete(arrived.ticket.name)
    return target


def tidy() -> None:
    """Uploads that no form has claimed."""
    for name in private.files.listdir(FOLDER)[1] if private.files.exists(FOLDER) or bucket.is_used() else []:
        if timezone.now() - private.files.get_modified_time(FOLDER + name) > 2 * LASTS:
            private.files.delete(FOLDER + name)
