"""Uploads of large files, which arrive before their form is sent.

The browser announces the file and gets a ticket, uploads the file to the bucket or to the site, and then sends the form
with the ticket. The file is checked when the form arrives, because the ticket contains only what was announced. Files
that no form claims are deleted.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils import timezone

from common.files import bucket, file_checks, private

FOLDER = "incoming/"
SALT = "common.files.uploads"
TICKET_LIFETIME = timedelta(hours=6)
GONE = ValidationError("This upload has expired. Please choose the file again.", code="gone")
ONE_AT_A_TIME = ValidationError("A file was already uploaded here. Please choose the file again.", code="twice")


@dataclass(frozen=True)
class Ticket:
    """An announced upload, who announced it and when it expires. The signed ticket is not stored on the server."""

    name: str
    title: str
    declared: str
    kind: str
    person: int
    until: datetime

    def signed(self) -> str:
        announced = [self.name, self.title, self.declared, self.kind, self.person]
        return signing.dumps([*announced, self.until.isoformat()], salt=SALT)


def read(text: str, person: int, kind: str = "", at: datetime | None = None) -> Ticket:
    try:
        name, title, declared, ticket_kind, ticket_person, until = signing.loads(text, salt=SALT)
        ticket = Ticket(name, title, declared, ticket_kind, ticket_person, datetime.fromisoformat(until))
    except (signing.BadSignature, TypeError, ValueError):
        raise GONE from None
    if ticket.person != person or kind not in ("", ticket.kind) or ticket.until <= (at or timezone.now()):
        raise GONE
    return ticket


def invite(*, title: str, size: int, declared: str, kind: str, person: int) -> tuple[Ticket, dict[str, Any]]:
    """The ticket and the form for an upload to the bucket. The form is empty if the site receives the file itself."""
    file_type = file_checks.check_announced(title, size, declared, kind)
    name = f"{FOLDER}{secrets.token_urlsafe(16)}"
    ticket = Ticket(name, title[-150:], file_type.mime, kind, person, timezone.now() + TICKET_LIFETIME)
    if not bucket.is_used():
        return ticket, {}
    seconds = int(TICKET_LIFETIME.total_seconds())
    return ticket, bucket.form(ticket.name, mime=file_type.mime, max_size=file_checks.most(kind), seconds=seconds)


def is_here(ticket: Ticket) -> bool:
    return bool(private.files.exists(ticket.name))


def receive(ticket: Ticket, file: "File[bytes]") -> None:
    """Store an upload that the browser sends to the site. A ticket works once, so a checked file cannot be replaced."""
    file_checks.check_announced(ticket.title, file.size, ticket.declared, ticket.kind)
    if is_here(ticket):
        raise ONE_AT_A_TIME
    private.files.save(ticket.name, file)


class Moving(File):  # type: ignore[type-arg]
    """A stored file that is moved instead of copied when it is saved under another name."""

    def temporary_file_path(self) -> str:
        return str(self.name)


@dataclass(frozen=True)
class Arrived:
    """An uploaded file that passed the checks, with its ticket."""

    ticket: Ticket
    checked: file_checks.Checked
    etag: str = ""


Chosen = file_checks.Checked | Arrived


def look_at(ticket: Ticket) -> Arrived:
    if not is_here(ticket):
        raise GONE
    etag = bucket.etag(ticket.name) if bucket.is_used() else ""
    file = bucket.opened(ticket.name) if bucket.is_used() else private.files.open(ticket.name)
    size = private.files.size(ticket.name)
    try:
        with file:
            checked = file_checks.check(file, name=ticket.title, size=size, declared=ticket.declared, kind=ticket.kind)
    except ValidationError:
        private.files.delete(ticket.name)
        raise
    return Arrived(ticket, checked, etag)


def keep(chosen: Chosen, folder: str) -> str:
    """Move an upload or a file from a form to its folder, and return its name there."""
    checked = chosen.checked if isinstance(chosen, Arrived) else chosen
    target: str = private.files.get_available_name(f"{folder}/{secrets.token_hex(8)}/{checked.stored_as}")
    if isinstance(chosen, file_checks.Checked) or isinstance(checked.content, ContentFile):
        private.files.save(target, checked.content)
    elif not bucket.is_used():
        private.files.save(target, Moving(None, private.files.path(chosen.ticket.name)))
    else:
        try:
            bucket.copy(chosen.ticket.name, target, mime=checked.mime, etag=chosen.etag)
        except bucket.Changed:
            raise ONE_AT_A_TIME from None
    if isinstance(chosen, Arrived):
        private.files.delete(chosen.ticket.name)
    return target


def tidy() -> None:
    for name in private.files.listdir(FOLDER)[1] if private.files.exists(FOLDER) or bucket.is_used() else []:
        if timezone.now() - private.files.get_modified_time(FOLDER + name) > 2 * TICKET_LIFETIME:
            private.files.delete(FOLDER + name)
