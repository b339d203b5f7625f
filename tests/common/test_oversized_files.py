"""Small files that would need a lot of memory when opened are refused before they are opened."""

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


def png_without_pixels(width: int, height: int, color: int, bits: int = 8) -> io.BytesIO:
    """A PNG with a header and no pixels. If the site accepts the size in the header, it finds the file invalid."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def document_with_parts(parts: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for number in range(parts):
            archive.writestr(f"word/{number}", "")
    return buffer.getvalue()


class LargePicturesTest(SimpleTestCase):
    def refusal_code(self, picture: io.BytesIO) -> str | None:
        with self.assertRaises(ValidationError) as refusal:
            pictures.rewrite_picture(picture, 2400)
        return refusal.exception.code

    def test_picture_that_would_need_too_much_memory_is_refused(self) -> None:
        for width, height, color, bits in ((6300, 6300, COLOR, 8), (5000, 5000, ALPHA, 8), (5000, 5000, COLOR, 16)):
            with self.subTest(f"{width}×{height}, {color}, {bits} bits"):
                self.assertEqual(self.refusal_code(png_without_pixels(width, height, color, bits)), "too_large")

    def test_grayscale_picture_of_the_same_size_passes_the_memory_check(self) -> None:
        self.assertEqual(self.refusal_code(png_without_pixels(5000, 5000, GRAY)), "invalid")

    def test_large_camera_photo_is_accepted_and_scaled_down(self) -> None:
        buffer = io.BytesIO()
        Image.new("L", (7000, 5500), 128).save(buffer, "JPEG")
        buffer.seek(0)
        with Image.open(pictures.rewrite_picture(buffer, 2400)) as scaled:
            self.assertEqual(scaled.size, (2400, 1886))


class LargeDocumentsTest(SimpleTestCase):
    def refusal_code(self, data: bytes) -> str | None:
        with self.assertRaises(ValidationError) as refusal:
            file_checks.check_file(io.BytesIO(data), name="sheet.docx", size=len(data), declared="", kind="file")
        return refusal.exception.code

    def test_document_with_too_many_parts_is_refused(self) -> None:
        self.assertEqual(self.refusal_code(document_with_parts(20_000)), "too_many")

    def test_document_that_understates_its_number_of_parts_is_refused(self) -> None:
        data = document_with_parts(20_000)
        end = data.rindex(b"PK\5\6")
        understated = data[: end + 8] + struct.pack("<HH", 1, 1) + data[end + 12 :]
        self.assertEqual(self.refusal_code(understated), "too_many")

    def test_document_with_a_zip64_directory_is_refused(self) -> None:
        data = document_with_parts(3)
        end = data.rindex(b"PK\5\6")
        zip64 = data[:end] + b"PK\6\7" + struct.pack("<IQI", 0, end, 1) + data[end:]
        self.assertEqual(self.refusal_code(zip64), "too_many")

    def test_ordinary_document_is_accepted(self) -> None:
        data = document_with_parts(500)
        checked = file_checks.check_file(io.BytesIO(data), name="sheet.docx", size=len(data), declared="", kind="file")
        self.assertEqual(checked.size, len(data))
