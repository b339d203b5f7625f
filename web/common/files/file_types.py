"""The accepted types of files by the ending of their name. All other files are refused.

`detected_endings` is the set of endings that puremagic may detect in the content, and `declared` holds other content
types that browsers send. `inline` is true if a browser may show the file under our own address; it is never true for a
type that can contain a script.
"""

from dataclasses import dataclass

import puremagic
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class FileType:
    mime: str
    detected_endings: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    inline: bool = False

    @property
    def is_text(self) -> bool:
        return self.mime.startswith("text/") or self.mime == "image/svg+xml"


def _file_type(mime: str, endings: str = "", declared: str = "", *, inline: bool = False) -> FileType:
    return FileType(mime, frozenset(endings.split()), frozenset(declared.split()), inline)


JPEG = _file_type("image/jpeg", "jpg jpeg jpe jfif", inline=True)
OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
PICTURES = {"jpg": JPEG, "jpeg": JPEG, "png": _file_type("image/png", "png", inline=True)}
PICTURES["webp"] = _file_type("image/webp", "webp", inline=True)
MP4 = _file_type("video/mp4", "mp4", "video/x-m4v video/quicktime", inline=True)
VIDEOS = {
    "mp4": MP4,
    "m4v": MP4,
    "mov": _file_type("video/quicktime", "mp4 mov", "video/mp4", inline=True),
    "webm": _file_type("video/webm", "webm", "audio/webm", inline=True),
}
RECORDINGS = {
    "mp3": _file_type("audio/mpeg", "mp3 mpga", "audio/mp3", inline=True),
    "m4a": _file_type("audio/mp4", "mp4 m4a", "audio/x-m4a audio/m4a audio/aac video/mp4", inline=True),
    "wav": _file_type("audio/wav", "wav", "audio/x-wav audio/wave audio/vnd.wave", inline=True),
    "ogg": _file_type("audio/ogg", "ogg oga opus", "video/ogg application/ogg", inline=True),
    "flac": _file_type("audio/flac", "flac", "audio/x-flac", inline=True),
}
DOCUMENTS = {
    "pdf": _file_type("application/pdf", "pdf", inline=True),
    "docx": _file_type(OOXML + "wordprocessingml.document", "docx"),
    "xlsx": _file_type(OOXML + "spreadsheetml.sheet", "xlsx"),
    "pptx": _file_type(OOXML + "presentationml.presentation", "pptx"),
    "odt": _file_type(ODF + "text", "odt docx"),  # Both are zip files, and puremagic may detect either.
    "ods": _file_type(ODF + "spreadsheet", "ods docx"),
    "odp": _file_type(ODF + "presentation", "odp docx"),
    "txt": _file_type("text/plain", "txt", inline=True),
    "md": _file_type("text/markdown", "md txt", "text/plain text/x-markdown"),
    "csv": _file_type("text/csv", "csv txt", "text/plain application/vnd.ms-excel application/csv"),
    "vtt": _file_type("text/vtt", "vtt", "text/plain"),
    "svg": _file_type("image/svg+xml", "svg xml html"),
    "html": _file_type("text/html", "html htm xml svg"),
    "gif": _file_type("image/gif", "gif", inline=True),
}
ALL = PICTURES | VIDEOS | RECORDINGS | DOCUMENTS
KINDS = {"image": PICTURES, "video": VIDEOS, "audio": RECORDINGS, "file": ALL, "subtitles": {"vtt": DOCUMENTS["vtt"]}}
PLEASE = {
    "image": _("Please choose a picture: JPEG, PNG or WebP."),
    "video": _("Please choose a video: MP4, MOV or WebM."),
    "audio": _("Please choose a recording: MP3, M4A, WAV, OGG or FLAC."),
    "file": _("You can’t upload files of this type. PDFs, office documents, pictures, audio and video are fine."),
    "subtitles": _("Please choose subtitles in the WebVTT format (a name that ends in .vtt)."),
}
PROGRAMS = {"exe", "dll", "sys", "drv", "com", "msi", "bat", "cmd", "ps1", "vbs", "js", "mjs", "jar", "class", "apk"}
PROGRAMS |= {"sh", "bash", "py", "rb", "pl", "php", "scr", "lnk", "app", "dmg", "deb", "rpm", "elf", "appimage", "iso"}
PROGRAM_SIGNATURES = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"<?php",
    b"dex\n",
)


def file_ending(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def type_of_file(name: str) -> FileType:
    """The type of a stored file. A file with an unknown ending is served as plain bytes."""
    return ALL.get(file_ending(name), _file_type("application/octet-stream"))


def is_program(name: str, head: bytes) -> bool:
    return file_ending(name) in PROGRAMS or head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(PROGRAM_SIGNATURES)


def endings_by_content(head: bytes) -> set[str]:
    """The endings that fit the content. The set is empty for plain text."""
    if head[4:8] == b"ftyp" and not head.startswith((b"heic", b"heix", b"mif1", b"avif"), 8):
        return {"mp4"} | _magic_endings(head)
    return _magic_endings(head)


def _magic_endings(head: bytes) -> set[str]:
    try:
        return {match.extension.lstrip(".").lower() for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return set()


def is_text(head: bytes) -> bool:
    # The last character may be incomplete, because `head` is only the beginning of the file.
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4
    return True
