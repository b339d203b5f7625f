"""How a large file arrives before the form that belongs to it, with a bar that shows how far it is.

The browser announces it (`invite`), sends it to the bucket or to us, and then sends the form with the ticket. Only then
is it looked at: what the ticket says was announced, not what came. What no form ever claims is tidied away.
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
LASTS = timedelta(hours=6)
GONE = ValidationError("This upload has expired. Please choose the file again.", code="gone")
ONE_AT_A_TIME = ValidationError("A file was already uploaded here. Please choose the file again.", code="twice")


@dataclass(frozen=True)
class Ticket:
    """What was announced, by whom, and until when it counts; it travels signed, so nothing is stored for it."""

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
        name, title, declared, its_kind, its_person, until = signing.loads(text, salt=SALT)
        ticket = Ticket(name, title, declared, its_kind, its_person, datetime.fromisoformat(until))
    except (signing.BadSignature, TypeError, ValueError):
        raise GONE from None
    if ticket.person != person or kind not in ("", ticket.kind) or ticket.until <= (at or timezone.now()):
        raise GONE
    return ticket


def invite(*, title: str, size: int, declared: str, kind: str, person: int) -> tuple[Ticket, dict[str, Any]]:
    """The ticket, and the form by which a bucket takes the file (empty where we take it ourselves)."""
    found = file_checks.check_announced(title, size, declared, kind)
    ticket = Ticket(
        f"{FOLDER}{secrets.token_urlsafe(16)}", title[-150:], found.mime, kind, person, timezone.now() + LASTS
    )
    if not bucket.is_used():
        return ticket, {}
    seconds = int(LASTS.total_seconds())
    return ticket, bucket.form(ticket.name, mime=found.mime, most=file_checks.most(kind), seconds=seconds)


def is_here(ticket: Ticket) -> bool:
    return bool(private.files.exists(ticket.name))


def receive(ticket: Ticket, file: "File[bytes]") -> None:
    """Where there is no bucket. Once: what was looked at is what is kept."""
    file_checks.check_announced(ticket.title, file.size, ticket.declared, ticket.kind)
    if is_here(ticket):
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
    """Put it where it stays, whichever way it came; the name it has there."""
    checked = chosen.checked if isinstance(chosen, Arrived) else chosen
    target: str = private.files.get_available_name(f"{folder}/{secrets.token_hex(8)}/{checked.stored_as}")
    if isinstance(chosen, file_checks.Checked) or isinstance(checked.content, ContentFile):
        private.files.save(target, checked.content)
    else:
        _move(chosen, target)
    if isinstance(chosen, Arrived):
        private.files.delete(chosen.ticket.name)
    return target


def _move(arrived: Arrived, target: str) -> None:
    source = arrived.ticket.name
    if not bucket.is_used():
        private.files.save(target, Moving(None, private.files.path(source)))
        return
    try:
        bucket.copy(source, target, mime=arrived.checked.mime, etag=arrived.etag)
    except bucket.Changed:
        raise ONE_AT_A_TIME from None


def tidy() -> None:
    """Uploads that no form has claimed."""
    for name in private.files.listdir(FOLDER)[1] if private.files.exists(FOLDER) or bucket.is_used() else []:
        if timezone.now() - private.files.get_modified_time(FOLDER + name) > 2 * LASTS:
            private.files.delete(FOLDER + name)
