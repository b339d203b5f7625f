"""Small files that become large once they are opened are refused before they are."""

import io
import struct
import zipfile
import zlib

from django.core.exceptions import ValidationError
from django.test import SimpleTestCase
from PIL import Image

from common import pictures
from common.files import file_checks

GRAY, COLOR, ALPHA = 0, 2, 6


def announced_png(width: int, height: int, color: int, bits: int = 8) -> io.BytesIO:
    """A PNG that says how large it is and has no pixel in it: whoever decodes it calls it broken."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def packed(entries: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for number in range(entries):
            archive.writestr(f"word/{number}", "")
    return buffer.getvalue()


class PictureTest(SimpleTestCase):
    def code_of(self, picture: io.BytesIO) -> str | None:
        with self.assertRaises(ValidationError) as refused:
            pictures.rewrite_picture(picture, 2400)
        return refused.exception.code

    def test_a_picture_is_refused_for_the_memory_that_it_would_take(self) -> None:
        for width, height, color, bits in ((6300, 6300, COLOR, 8), (5000, 5000, ALPHA, 8), (5000, 5000, COLOR, 16)):
            with self.subTest(f"{width}×{height}, {color}, {bits} bits"):
                self.assertEqual(self.code_of(announced_png(width, height, color, bits)), "too_large")

    def test_as_many_pixels_without_colors_are_looked_at(self) -> None:
        self.assertEqual(self.code_of(announced_png(5000, 5000, GRAY)), "invalid")

    def test_a_photograph_of_a_good_camera_is_taken(self) -> None:
        buffer = io.BytesIO()
        Image.new("L", (7000, 5500), 128).save(buffer, "JPEG")
        buffer.seek(0)
        with Image.open(pictures.rewrite_picture(buffer, 2400)) as made:
            self.assertEqual(made.size, (2400, 1886))


class ArchiveTest(SimpleTestCase):
    def code_of(self, data: bytes) -> str | None:
        with self.assertRaises(ValidationError) as refused:
            file_checks.check_file(io.BytesIO(data), name="sheet.docx", size=len(data), declared="", kind="file")
        return refused.exception.code

    def test_a_paper_of_very_many_parts_is_refused(self) -> None:
        self.assertEqual(self.code_of(packed(20_000)), "too_many")

    def test_so_is_one_that_does_not_admit_to_them(self) -> None:
        data = packed(20_000)
        end = data.rindex(b"PK\5\6")
        lying = data[: end + 8] + struct.pack("<HH", 1, 1) + data[end + 12 :]
        self.assertEqual(self.code_of(lying), "too_many")

    def test_so_is_one_that_counts_in_the_way_of_huge_archives(self) -> None:
        data = packed(3)
        end = data.rindex(b"PK\5\6")
        huge = data[:end] + b"PK\6\7" + struct.pack("<IQI", 0, end, 1) + data[end:]
        self.assertEqual(self.code_of(huge), "too_many")

    def test_an_ordinary_paper_is_taken(self) -> None:
        data = packed(500)
        checked = file_checks.check_file(io.BytesIO(data), name="sheet.docx", size=len(data), declared="", kind="file")
        self.assertEqual(checked.size, len(data))
