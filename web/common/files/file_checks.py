"""The checks of a file before it is stored: its size, its name, its content type and its content.

The name, the content type and the content must agree, so that a file stored as a video is a video. A refused file
raises a ValidationError for its field, and nothing is stored.
"""

import os
import struct
import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common import pictures
from common.files import file_types, media_length, virus_scanner

HEAD = 4096
MEGABYTE = 1024 * 1024
SUBTITLES_MEGABYTES = 1
UNDECLARED = {"", "application/octet-stream", "binary/octet-stream", "application/x-download"}
PROGRAM = ValidationError(_("You can’t upload programs or scripts."), code="program")
EMPTY = ValidationError(_("This file is empty. Please choose another one."), code="empty")
TOO_MANY = ValidationError(_("This document has too many parts. Please save it again and retry."), code="too_many")
ZIP_END, ZIP64_END, LONGEST_ZIP_END = b"PK\5\6", b"PK\6\7", 22 + 65535
MOST_ENTRIES, LARGEST_ENTRY_LIST = 5_000, 1024 * 1024
MACROS = ValidationError(_("This document contains macros. Please save it without them and try again."), code="program")


@dataclass(frozen=True)
class CheckedFile:
    """A file that passed the checks. `content` is what to store; a picture has been saved again as JPEG."""

    content: Any
    title: str
    mime: str
    size: int
    seconds: int | None = None

    @property
    def stored_as(self) -> str:
        path = PurePath(self.title)
        return f"{slugify(path.stem)[:60] or 'file'}{path.suffix.lower()}"


def size_limit(kind: str) -> int:
    return MEGABYTE * int(settings.FILE_MEGABYTES.get(kind, SUBTITLES_MEGABYTES))


def check_announced_file(name: str, size: int, declared: str, kind: str) -> file_types.FileType:
    if file_types.file_ending(name) in file_types.PROGRAMS:
        raise PROGRAM
    file_type = file_types.KINDS[kind].get(file_types.file_ending(name))
    if file_type is None:
        raise ValidationError(file_types.PLEASE[kind], code="type")
    if declared.partition(";")[0].strip().lower() not in UNDECLARED | file_type.declared | {file_type.mime}:
        raise _type_mismatch_error(name)
    if size > size_limit(kind):
        raise ValidationError(
            gettext("This file is larger than %(size)s MB. Please choose a smaller one.")
            % {"size": size_limit(kind) // MEGABYTE},
            code="too_large",
        )
    if size == 0:
        raise EMPTY
    return file_type


def check_file(file: "IO[bytes] | File[Any]", *, name: str, size: int, declared: str, kind: str) -> CheckedFile:
    """`file` may be an upload, a stored file or a file in a bucket. Only the parts that the checks need are read."""
    title = PurePath(name.replace("\\", "/")).name[-150:]
    file_type = check_announced_file(title, size, declared, kind)
    file.seek(0)
    head = file.read(HEAD)
    if file_types.is_program(title, head):
        raise PROGRAM
    if not _content_matches_type(file_type, head):
        raise _type_mismatch_error(title)
    if "officedocument" in file_type.mime or "opendocument" in file_type.mime:
        _refuse_macros(file)
    virus_scanner.scan_file(file)
    file.seek(0)
    if kind == "image":
        picture = pictures.rewrite_picture(file, longest_side=2400)
        return CheckedFile(picture, f"{PurePath(title).stem}.jpg", "image/jpeg", picture.size)
    return CheckedFile(file, title, file_type.mime, size, media_length.media_seconds(file, size))


def _content_matches_type(file_type: file_types.FileType, head: bytes) -> bool:
    endings = file_types.endings_by_content(head)
    if file_type.is_text:
        allowed = file_type.detected_endings | {"txt", "csv", "xml", "html", "md"}
        return file_types.is_text(head) and (not endings or bool(endings & allowed))
    return bool(endings & file_type.detected_endings)


def _refuse_macros(file: Any) -> None:
    try:
        if not _has_few_entries(file):
            raise TOO_MANY
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise ValidationError(
            gettext("We can’t read this document. Please save it again and retry."), code="type"
        ) from None
    if any(name.lower().endswith(("vbaproject.bin", ".exe")) or name.startswith("Basic/") for name in names):
        raise MACROS


def _has_few_entries(file: Any) -> bool:
    """Check the number of entries and the size of their list without opening the archive, which reads the whole list.

    Archives in the ZIP64 format are refused, because they can hide a larger number of entries.
    """
    file_end = file.seek(0, os.SEEK_END)
    file.seek(max(file_end - LONGEST_ZIP_END, 0))
    tail = file.read()
    start = tail.rfind(ZIP_END)
    if start < 0 or len(tail) < start + 20:
        raise zipfile.BadZipFile
    entries, size = struct.unpack("<HI", tail[start + 10 : start + 16])
    return entries <= MOST_ENTRIES and size <= LARGEST_ENTRY_LIST and ZIP64_END not in tail[max(start - 20, 0) : start]


def _type_mismatch_error(name: str) -> ValidationError:
    return ValidationError(
        gettext("The file name says %(kind)s, but it isn’t. Please choose the original file.")
        % {"kind": file_types.file_ending(name).upper()},
        code="mismatch",
    )
