"""Small files that really are what they say, and some that only pretend to."""

import io
import struct
import zipfile
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def box(name: bytes, inside: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(inside), name) + inside


def mp4(seconds: int = 20, size: int = 0) -> bytes:
    """A film without pictures: its head says how long it is, and it is filled up to `size`."""
    mvhd = struct.pack(">4sIIII", b"\0\0\0\0", 0, 0, 1000, seconds * 1000 - 500) + bytes(80)
    head = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
    tail = box(b"moov", box(b"mvhd", mvhd))
    return head + box(b"mdat", bytes(max(size - len(head) - len(tail) - 8, 0))) + tail


def wav(seconds: int = 1) -> bytes:
    sound = bytes(8000 * seconds)
    form = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + len(sound))
        + b"WAVEfmt "
        + form
        + b"data"
        + struct.pack("<I", len(sound))
        + sound
    )


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind, **more)
    return buffer.getvalue()


def packed(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "words")
    return buffer.getvalue()


def pdf() -> bytes:
    """One page with nothing on it."""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    text, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(text))
        text += b"%d 0 obj%sendobj\n" % (number, part)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return text + table + b"trailer<</Root 1 0 R/Size 4>>\nstartxref\n%d\n%%%%EOF\n" % len(text)


DOCX = packed("[Content_Types].xml", "word/document.xml")
WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04"
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90d" + bytes(400)
OGG = b"OggS\0\2" + bytes(22) + b"\x01\x1e\x01vorbis" + bytes(30)
EXE = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + bytes(100)
SCRIPT = b"#!/bin/sh\nrm -rf /\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>A page</title><script>alert(1)</script>"
VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nOne, two, rock step\n"


def upload(name: str, data: bytes, declared: str = "application/octet-stream") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, declared)
