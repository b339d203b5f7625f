"""Form fields for public pictures and for private files, which may be uploaded before the form is sent."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from common import pictures
from common.files import file_checks, file_types, storage_checks, uploads
from common.files.file_checks import CheckedFile
from common.files.uploads import ReceivedUpload


class PictureField(forms.FileField):
    """The cleaned value is a small JPEG (see common/pictures.py). False means that the picture is removed."""

    def __init__(self, *, widget: type[forms.FileInput] = forms.FileInput, **options: Any) -> None:
        file_input = widget(attrs={"accept": "image/jpeg,image/png,image/webp"})
        super().__init__(widget=file_input, **{"help_text": _("JPEG, PNG or WebP, up to 5 MB.")} | options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        value = super().clean(data, initial)
        if not isinstance(value, UploadedFile):
            return value
        picture = pictures.clean_picture(value)
        storage_checks.check_public_storage()
        return picture


@dataclass(frozen=True)
class SubmittedFile:
    """A form contains either a file or the ticket of a file that was uploaded before."""

    file: "UploadedFile[bytes] | None"
    ticket: str


def accept_attribute(kind: str) -> str:
    # Phones convert a picture to a type in this list. They offer videos only if any type of video is accepted.
    if kind in ("audio", "video"):
        return f"{kind}/*"
    if kind == "image":
        return ",".join(sorted({picture.mime for picture in file_types.PICTURES.values()}))
    return ",".join(f".{ending}" for ending in file_types.KINDS[kind])


class UploadInput(forms.FileInput):
    """An ordinary file input. The script assets/js/upload.js uploads the file immediately and shows the progress."""

    template_name = "common/upload.html"

    def __init__(self, kind: str, invite: Any) -> None:
        super().__init__({"accept": accept_attribute(kind)})
        self.kind, self.invite = kind, invite

    def value_from_datadict(self, data: Any, files: Any, name: str) -> SubmittedFile:
        return SubmittedFile(files.get(name), data.get(f"{name}-ticket", ""))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in files and f"{name}-ticket" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, None, attrs)
        uploaded = value.here if isinstance(value, RedisplayedUpload) else None
        return context | {"name": name, "kind": self.kind, "invite": self.invite, "uploaded": uploaded}


@dataclass(frozen=True)
class RedisplayedUpload:
    """If other fields of the form have errors, the form shows this ticket, so the file is not uploaded again."""

    here: uploads.UploadTicket | None


class UploadField(forms.Field):
    """The cleaned value is a file that was checked but not stored. The view has to store it."""

    widget: UploadInput

    def __init__(self, kind: str, *, person: int, invite: Any, **options: Any) -> None:
        self.kind, self.person = kind, person
        limit = format_lazy(_("Up to {size} MB."), size=file_checks.size_limit(kind) // file_checks.MEGABYTE)
        super().__init__(widget=UploadInput(kind, invite), **{"help_text": limit} | options)

    def clean(self, value: SubmittedFile) -> CheckedFile | ReceivedUpload | None:
        if value.ticket:
            return uploads.check_upload(uploads.read_ticket(value.ticket, self.person, self.kind))
        if value.file is not None:
            storage_checks.check_private_storage()
            file = value.file
            declared = file.content_type or ""
            return file_checks.check_file(
                file, name=file.name or "", size=file.size or 0, declared=declared, kind=self.kind
            )
        if self.required:
            raise ValidationError(file_types.PLEASE[self.kind], code="required")
        return None

    def bound_data(self, data: SubmittedFile, initial: Any) -> RedisplayedUpload:
        try:
            ticket = uploads.read_ticket(data.ticket, self.person, self.kind) if data.ticket else None
        except ValidationError:
            return RedisplayedUpload(None)
        return RedisplayedUpload(ticket if ticket and uploads.has_arrived(ticket) else None)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data and (data.file or data.ticket))
