"""Which uploaded files the site accepts, and how it explains that it refuses a file."""

import io
import struct
import zlib
from typing import IO

from django.core.exceptions import ValidationError
from django.test import SimpleTestCase, override_settings, tag
from PIL import Image

from common.files import file_checks, virus_scanner
from common.files.file_checks import CheckedFile
from tests import samples

SCANNED_FILES: list[bytes] = []


def scan_for_eicar(file: IO[bytes]) -> str:
    data = file.read()
    SCANNED_FILES.append(data)
    return "EICAR" if b"EICAR" in data else ""


def fail_to_connect(file: IO[bytes]) -> str:
    raise ConnectionError("nobody answers")


def check(name: str, data: bytes, kind: str, declared: str = "") -> CheckedFile:
    return file_checks.check_file(io.BytesIO(data), name=name, size=len(data), declared=declared, kind=kind)


class CheckingTestCase(SimpleTestCase):
    def assertRefused(self, code: str, name: str, data: bytes, kind: str, declared: str = "") -> str:
        with self.assertRaises(ValidationError) as refused:
            check(name, data, kind, declared)
        self.assertEqual(refused.exception.code, code, name)
        return refused.exception.messages[0]


@tag("once")
class AcceptedFilesTest(CheckingTestCase):
    def test_file_whose_content_matches_its_name_and_type_is_accepted(self) -> None:
        for kind, name, data, declared in (
            ("video", "Turn.MP4", samples.mp4(), "video/mp4"),
            ("video", "IMG_0001.MOV", samples.mp4(), "video/quicktime"),
            ("video", "turn.webm", samples.WEBM, "video/webm;codecs=vp9"),
            ("audio", "song.mp3", samples.MP3, "audio/mpeg"),
            ("audio", "song.wav", samples.wav(), "audio/x-wav"),
            ("audio", "song.ogg", samples.OGG, "audio/ogg"),
            ("audio", "memo.m4a", samples.mp4(), "audio/x-m4a"),
            ("file", "sheet.pdf", samples.pdf(), "application/pdf"),
            ("file", "sheet.docx", samples.DOCX, ""),
            ("file", "words.txt", "Rock step, “triple step”".encode(), "text/plain"),
            ("file", "drawing.svg", samples.SVG, "image/svg+xml"),
            ("file", "page.html", samples.HTML, "text/html"),
            ("file", "turn.mp4", samples.mp4(), "application/octet-stream"),
            ("subtitles", "turn.vtt", samples.VTT, "text/vtt"),
        ):
            with self.subTest(name):
                self.assertEqual(check(name, data, kind, declared).size, len(data))

    def test_picture_is_scaled_down_and_saved_as_jpeg(self) -> None:
        for kind in ("JPEG", "PNG", "WEBP"):
            with self.subTest(kind):
                checked = check(f"steps.{kind.lower()}", samples.picture(kind, (3000, 1500)), "image")
                self.assertEqual((checked.title, checked.mime), ("steps.jpg", "image/jpeg"))
                with Image.open(checked.content) as saved:
                    self.assertEqual((saved.format, saved.size), ("JPEG", (2400, 1200)))

    def test_stored_name_is_plain_ascii_with_the_extension_of_the_file_type(self) -> None:
        checked = check("../../Böse Datei; rm -rf.PDF", samples.pdf(), "file")
        self.assertEqual((checked.title, checked.stored_as), ("Böse Datei; rm -rf.PDF", "bose-datei-rm-rf.pdf"))
        self.assertEqual(check("舞.pdf", samples.pdf(), "file").stored_as, "file.pdf")

    def test_duration_is_read_from_the_file_header_if_it_is_there(self) -> None:
        self.assertEqual(check("turn.mp4", samples.mp4(95), "video").seconds, 95)
        self.assertEqual(check("turn.wav", samples.wav(3), "audio").seconds, 4)
        self.assertIsNone(check("turn.webm", samples.WEBM, "video").seconds)
        for cut in (20, 40, 60):
            with self.subTest(cut):
                self.assertIsNone(check("turn.mp4", samples.mp4()[:cut], "video").seconds)


@tag("once")
class RefusedFilesTest(CheckingTestCase):
    def test_programs_are_refused_under_any_file_name(self) -> None:
        for name, data in (
            ("setup.exe", samples.EXE),
            ("turn.mp4", samples.EXE),
            ("sheet.pdf", b"\x7fELF\2\1\1" + bytes(50)),
            ("words.txt", samples.SCRIPT),
            ("words.txt", b"<?php phpinfo();"),
            ("run.js", b"alert(1)"),
            ("turn.mp4.exe", samples.mp4()),
        ):
            with self.subTest(name):
                self.assertRefused("program", name, data, "file")
        macros = samples.packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")
        self.assertRefused("program", "sheet.docx", macros, "file")

    def test_file_is_refused_if_name_declared_type_and_content_disagree(self) -> None:
        for kind, name, data, declared in (
            ("video", "turn.mp4", samples.pdf(), "video/mp4"),
            ("video", "turn.mp4", samples.mp4(), "image/png"),
            ("video", "turn.mp4", samples.HTML, "video/mp4"),
            ("audio", "song.mp3", samples.WEBM, "audio/mpeg"),
            ("image", "me.jpg", samples.SVG, "image/jpeg"),
            ("file", "sheet.pdf", samples.DOCX, "application/pdf"),
            ("file", "words.txt", samples.picture(), "text/plain"),
            ("file", "words.txt", bytes(100), "text/plain"),
            ("subtitles", "turn.vtt", samples.mp4(), "text/vtt"),
        ):
            with self.subTest(f"{name} {declared}"):
                message = self.assertRefused("mismatch", name, data, kind, declared)
                self.assertIn(name.rpartition(".")[2].upper(), message)

    def test_unsupported_file_type_is_refused_with_a_message_for_its_kind(self) -> None:
        self.assertIn("MP4, MOV or WebM", self.assertRefused("type", "sheet.pdf", samples.pdf(), "video"))
        self.assertIn("JPEG, PNG or WebP", self.assertRefused("type", "me.gif", samples.picture("GIF"), "image"))
        self.assertIn("MP3", self.assertRefused("type", "noname", samples.MP3, "audio"))
        self.assertIn("WebVTT", self.assertRefused("type", "turn.srt", b"1\n", "subtitles"))
        self.assertIn(
            "You can’t upload files of this type.", self.assertRefused("type", "all.zip", samples.packed("a"), "file")
        )

    @override_settings(FILE_MEGABYTES={"video": 1})
    def test_too_large_or_empty_file_is_refused(self) -> None:
        message = self.assertRefused("too_large", "turn.mp4", samples.mp4(size=2**20 + 1), "video")
        self.assertIn("larger than 1 MB", message)
        check("turn.mp4", samples.mp4(size=2**20), "video")
        self.assertRefused("empty", "turn.mp4", b"", "video")

    def test_a_decompression_bomb_is_refused_before_it_is_unpacked(self) -> None:
        self.assertRefused("too_large", "bomb.png", bomb(8_000, 8_000), "image")
        self.assertRefused("invalid", "bomb.png", bomb(50_000, 50_000), "image")
        self.assertRefused("invalid", "me.png", samples.picture("PNG")[:60], "image")


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header claims the given size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@tag("once")
class ScannerTest(CheckingTestCase):
    def setUp(self) -> None:
        SCANNED_FILES.clear()

    @override_settings(FILE_SCANNER=f"{__name__}.scan_for_eicar")
    def test_scanner_reads_the_whole_file_and_infected_file_is_refused(self) -> None:
        check("words.txt", b"Good words", "file")
        self.assertEqual(SCANNED_FILES, [b"Good words"])
        with self.assertLogs("common.files.virus_scanner", "WARNING"):
            self.assertIn("virus", self.assertRefused("infected", "words.txt", b"Words and EICAR", "file"))

    @override_settings(FILE_SCANNER=f"{__name__}.fail_to_connect")
    def test_file_is_refused_while_the_scanner_is_unavailable(self) -> None:
        with self.assertLogs("common.files.virus_scanner", "ERROR"):
            self.assertIn("try again", self.assertRefused("scanner", "words.txt", b"Good words", "file"))

    def test_invalid_scanner_setting_fails_the_system_check(self) -> None:
        for path, expected in (
            ("", []),
            (f"{__name__}.scan_for_eicar", []),
            (f"{__name__}.SCANNED_FILES", ["common.E020"]),
            ("nowhere.look", ["common.E020"]),
        ):
            with self.subTest(path), override_settings(FILE_SCANNER=path):
                self.assertEqual([error.id for error in virus_scanner.check_scanner_setting()], expected)
