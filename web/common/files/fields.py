"""Form fields for files: a public picture made smaller, and a private file that may have come before its form."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from common import pictures
from common.files import file_checks, file_types, storage_checks, uploads
from common.files.file_checks import Checked
from common.files.uploads import Arrived


class PictureField(forms.FileField):
    """Comes out as a small JPEG of our own making; see common/pictures.py. False takes a picture away."""

    def __init__(self, *, widget: type[forms.FileInput] = forms.FileInput, **more: Any) -> None:
        shown = widget(attrs={"accept": "image/jpeg,image/png,image/webp"})
        super().__init__(widget=shown, **{"help_text": "JPEG, PNG or WebP, up to 5 MB."} | more)

    def clean(self, data: Any, initial: Any = None) -> Any:
        found = super().clean(data, initial)
        if not isinstance(found, UploadedFile):
            return found
        cleaned = pictures.clean(found)
        storage_checks.check_public()
        return cleaned


@dataclass(frozen=True)
class Sent:
    """What a form brought: a file in itself, or the ticket of one that came before."""

    file: "UploadedFile[bytes] | None"
    ticket: str


def accepted(kind: str) -> str:
    """Telephones turn their own kinds of picture into one that is named here; films they only send as any film."""
    if kind in ("audio", "video"):
        return f"{kind}/*"
    if kind == "image":
        return ",".join(sorted({found.mime for found in file_types.PICTURES.values()}))
    return ",".join(f".{ending}" for ending in file_types.KINDS[kind])


class UploadInput(forms.FileInput):
    """A plain choice of a file; with the script of assets/js/upload.js it is sent at once, with a bar."""

    template_name = "common/upload.html"

    def __init__(self, kind: str, invite: Any) -> None:
        super().__init__({"accept": accepted(kind)})
        self.kind, self.invite = kind, invite

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sent:
        return Sent(files.get(name), data.get(f"{name}-ticket", ""))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files and f"{name}-ticket" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        here = value.here if isinstance(value, Again) else None
        return context | {"name": name, "kind": self.kind, "invite": self.invite, "here": here}


@dataclass(frozen=True)
class Again:
    """What is shown when a form comes back with faults in other fields: the file need not be sent again."""

    here: uploads.Ticket | None


class UploadField(forms.Field):
    """Comes out looked at, and not yet kept: `incoming.keep` puts it where it stays."""

    widget: UploadInput

    def __init__(self, kind: str, *, person: int, invite: Any, **more: Any) -> None:
        self.kind, self.person = kind, person
        limit = f"Up to {file_checks.most(kind) // file_checks.MEGABYTE} MB."
        more = {"help_text": limit} | more
        super().__init__(widget=UploadInput(kind, invite), **more)

    def clean(self, value: Sent) -> Checked | Arrived | None:
        if value.ticket:
            return uploads.look_at(uploads.read(value.ticket, self.person, self.kind))
        if value.file is not None:
            storage_checks.check_private()
            file = value.file
            declared = file.content_type or ""
            return file_checks.check(file, name=file.name or "", size=file.size or 0, declared=declared, kind=self.kind)
        if self.required:
            raise ValidationError(file_types.PLEASE[self.kind], code="required")
        return None

    def bound_data(self, data: Sent, initial: Any) -> Again:
        try:
            ticket = uploads.read(data.ticket, self.person, self.kind) if data.ticket else None
        except ValidationError:
            return Again(None)
        return Again(ticket if ticket and uploads.is_here(ticket) else None)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and (data.file or data.ticket))
