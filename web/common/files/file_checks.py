"""What is asked of a file before it is kept: its size, its name, what the browser calls it, and what its bytes say.

The three names must agree, for what is stored as a film must be one. The answer is a ValidationError for the field;
nothing has been stored then.
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

from common import pictures
from common.files import file_types, media_length, virus_scanner

HEAD = 4096
MEGABYTE = 1024 * 1024
SUBTITLES_MEGABYTES = 1
UNDECLARED = {"", "application/octet-stream", "binary/octet-stream", "application/x-download"}
PROGRAM = ValidationError("You can’t upload programs or scripts.", code="program")
EMPTY = ValidationError("This file is empty. Please choose another one.", code="empty")
TOO_MANY = ValidationError("This document has too many parts. Please save it again and retry.", code="too_many")
END, HUGE, LONGEST_END = b"PK\5\6", b"PK\6\7", 22 + 65535
MOST_ENTRIES, LONGEST_LIST = 5_000, 1024 * 1024
MACROS = ValidationError("This document contains macros. Please save it without them and try again.", code="program")


@dataclass(frozen=True)
class Checked:
    """A file that may be kept; `content` is what to store, which for a picture is written anew."""

    content: Any
    title: str
    mime: str
    size: int
    seconds: int | None = None

    @property
    def stored_as(self) -> str:
        """An ending that says what the bytes are, on a name that says it to people."""
        path = PurePath(self.title)
        return f"{slugify(path.stem)[:60] or 'file'}{path.suffix.lower()}"


def most(kind: str) -> int:
    return MEGABYTE * int(settings.FILE_MEGABYTES.get(kind, SUBTITLES_MEGABYTES))


def check_announced(name: str, size: int, declared: str, kind: str) -> file_types.FileType:
    """As much as can be said before a byte has come."""
    if file_types.ending(name) in file_types.PROGRAMS:
        raise PROGRAM
    found = file_types.KINDS[kind].get(file_types.ending(name))
    if found is None:
        raise ValidationError(file_types.PLEASE[kind], code="type")
    if declared.partition(";")[0].strip().lower() not in UNDECLARED | found.declared | {found.mime}:
        raise _other_than_it_says(name)
    if size > most(kind):
        raise ValidationError(
            f"This file is larger than {most(kind) // MEGABYTE} MB. Please choose a smaller one.", code="too_large"
        )
    if size == 0:
        raise EMPTY
    return found


def check(file: "IO[bytes] | File[Any]", *, name: str, size: int, declared: str, kind: str) -> Checked:
    """`file` may be an upload, a stored file or one in a bucket: only the parts that are needed are read."""
    title = PurePath(name.replace("\\", "/")).name[-150:]
    found = check_announced(title, size, declared, kind)
    file.seek(0)
    head = file.read(HEAD)
    if file_types.is_program(title, head):
        raise PROGRAM
    if not _fits(found, head):
        raise _other_than_it_says(title)
    _no_macros(found, file)
    virus_scanner.look_at(file)
    file.seek(0)
    if kind == "image":
        return _picture(file, title)
    return Checked(file, title, found.mime, size, media_length.seconds(file, size))


def _fits(found: file_types.FileType, head: bytes) -> bool:
    told = file_types.told_by(head)
    if found.is_text:
        return file_types.is_text(head) and (
            not told or bool(told & (found.told | {"txt", "csv", "xml", "html", "md"}))
        )
    return bool(told & found.told)


def _no_macros(found: file_types.FileType, file: Any) -> None:
    if "officedocument" not in found.mime and "opendocument" not in found.mime:
        return
    try:
        if not _has_few_entries(file):
            raise TOO_MANY
        file.seek(0)
        with zipfile.ZipFile(file) as packed:
            inside = packed.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise ValidationError("We can’t read this document. Please save it again and retry.", code="type") from None
    if any(name.lower().endswith(("vbaproject.bin", ".exe")) or name.startswith("Basic/") for name in inside):
        raise MACROS


def _has_few_entries(file: Any) -> bool:
    """Read from the end of the archive, for opening it reads the whole list. What it says of the number and what the
    list takes are both looked at, and archives that count in the way of huge ones are none of ours."""
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - LONGEST_END, 0))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) < at + 20:
        raise zipfile.BadZipFile
    entries, size = struct.unpack("<HI", tail[at + 10 : at + 16])
    return entries <= MOST_ENTRIES and size <= LONGEST_LIST and HUGE not in tail[max(at - 20, 0) : at]


def _picture(file: Any, title: str) -> Checked:
    made = pictures.rewritten(file, longest_side=2400)
    return Checked(made, f"{PurePath(title).stem}.jpg", "image/jpeg", made.size)


def _other_than_it_says(name: str) -> ValidationError:
    return ValidationError(
        f"The file name says {file_types.ending(name).upper()}, but it isn’t. Please choose the original file.",
        code="mismatch",
    )
