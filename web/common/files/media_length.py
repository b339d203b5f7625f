"""The length of a video or recording, read from its header. MP4, its relatives and WAV are supported."""

import struct
from collections.abc import Iterator
from typing import IO

MOST_BOXES = 200


def media_seconds(file: "IO[bytes]", size: int) -> int | None:
    file.seek(0)
    head = file.read(12)
    try:
        if head[4:8] == b"ftyp":
            return _mp4_seconds(file, size)
        if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
            file.seek(28)
            (bytes_per_second,) = struct.unpack("<I", file.read(4))
            return size // int(bytes_per_second) + 1
    except (struct.error, ZeroDivisionError):
        return None
    return None


def _mp4_boxes(file: "IO[bytes]", start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    # Each item is the name of a box and the positions where its content begins and ends.
    for _ in range(MOST_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        length, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            head = 16
        length = length or end - start
        if length < head:
            return
        yield name, start + head, start + length
        start += length


def _find_box(file: "IO[bytes]", name: bytes, start: int, end: int) -> tuple[int, int] | None:
    return next(((begin, stop) for box, begin, stop in _mp4_boxes(file, start, end) if box == name), None)


def _mp4_seconds(file: "IO[bytes]", size: int) -> int | None:
    moov = _find_box(file, b"moov", 0, size)
    mvhd = moov and _find_box(file, b"mvhd", *moov)
    if not mvhd:
        return None
    file.seek(mvhd[0])
    if file.read(4)[:1] == b"\1":
        scale, ticks = struct.unpack(">IQ", file.read(28)[16:])
    else:
        scale, ticks = struct.unpack(">II", file.read(16)[8:])
    return int(ticks) // int(scale) + 1
