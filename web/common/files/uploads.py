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
class UploadTicket:
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


def read_ticket(text: str, person: int, kind: str = "", at: datetime | None = None) -> UploadTicket:
    try:
        name, title, declared, ticket_kind, ticket_person, until = signing.loads(text, salt=SALT)
        ticket = UploadTicket(name, title, declared, ticket_kind, ticket_person, datetime.fromisoformat(until))
    except (signing.BadSignature, TypeError, ValueError):
        raise GONE from None
    if ticket.person != person or kind not in ("", ticket.kind) or ticket.until <= (at or timezone.now()):
        raise GONE
    return ticket


def issue_upload_ticket(
    *, title: str, size: int, declared: str, kind: str, person: int
) -> tuple[UploadTicket, dict[str, Any]]:
    """The ticket and the form for an upload to the bucket. The form is empty if the site receives the file itself."""
    file_type = file_checks.check_announced_file(title, size, declared, kind)
    name = f"{FOLDER}{secrets.token_urlsafe(16)}"
    ticket = UploadTicket(name, title[-150:], file_type.mime, kind, person, timezone.now() + TICKET_LIFETIME)
    if not bucket.is_used():
        return ticket, {}
    seconds = int(TICKET_LIFETIME.total_seconds())
    return ticket, bucket.upload_form(
        ticket.name, mime=file_type.mime, max_size=file_checks.size_limit(kind), seconds=seconds
    )


def has_arrived(ticket: UploadTicket) -> bool:
    return bool(private.files.exists(ticket.name))


def receive_upload(ticket: UploadTicket, file: "File[bytes]") -> None:
    """Store an upload that the browser sends to the site. A ticket works once, so a checked file cannot be replaced."""
    file_checks.check_announced_file(ticket.title, file.size, ticket.declared, ticket.kind)
    if has_arrived(ticket):
        raise ONE_AT_A_TIME
    private.files.save(ticket.name, file)


class MovableFile(File):  # type: ignore[type-arg]
    """A stored file that is moved instead of copied when it is saved under another name."""

    def temporary_file_path(self) -> str:
        return str(self.name)


@dataclass(frozen=True)
class ReceivedUpload:
    """An uploaded file that passed the checks, with its ticket."""

    ticket: UploadTicket
    checked: file_checks.CheckedFile
    etag: str = ""


Chosen = file_checks.CheckedFile | ReceivedUpload


def check_upload(ticket: UploadTicket) -> ReceivedUpload:
    if not has_arrived(ticket):
        raise GONE
    etag = bucket.object_etag(ticket.name) if bucket.is_used() else ""
    file = bucket.open_object(ticket.name) if bucket.is_used() else private.files.open(ticket.name)
    size = private.files.size(ticket.name)
    try:
        with file:
            checked = file_checks.check_file(
                file, name=ticket.title, size=size, declared=ticket.declared, kind=ticket.kind
            )
    except ValidationError:
        private.files.delete(ticket.name)
        raise
    return ReceivedUpload(ticket, checked, etag)


def store_upload(chosen: Chosen, folder: str) -> str:
    """Move an upload or a file from a form to its folder, and return its name there."""
    checked = chosen.checked if isinstance(chosen, ReceivedUpload) else chosen
    target: str = private.files.get_available_name(f"{folder}/{secrets.token_hex(8)}/{checked.stored_as}")
    if isinstance(chosen, file_checks.CheckedFile) or isinstance(checked.content, ContentFile):
        private.files.save(target, checked.content)
    elif not bucket.is_used():
        private.files.save(target, MovableFile(None, private.files.path(chosen.ticket.name)))
    else:
        try:
            bucket.copy_object(chosen.ticket.name, target, mime=checked.mime, etag=chosen.etag)
        except bucket.UploadChanged:
            raise ONE_AT_A_TIME from None
    if isinstance(chosen, ReceivedUpload):
        private.files.delete(chosen.ticket.name)
    return target


def delete_unclaimed_uploads() -> None:
    for name in private.files.listdir(FOLDER)[1] if private.files.exists(FOLDER) or bucket.is_used() else []:
        if timezone.now() - private.files.get_modified_time(FOLDER + name) > 2 * TICKET_LIFETIME:
            private.files.delete(FOLDER + name)
