"""The part of a file that a player requests (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

BYTE_RANGE = re.compile(r"\s*([0-9]{0,15})\s*-\s*([0-9]{0,15})\s*\Z")


@dataclass(frozen=True)
class ByteRange:
    first: int
    last: int  # The last byte is included, as in the header.

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class RangeUnsatisfiable(Exception):
    """The requested range is outside of the file."""


def requested_range(header: str, size: int) -> ByteRange | None:
    """The first range of a Range header. None means the whole file: the header is missing or cannot be read."""
    unit, _, parts = header.partition("=")
    match = BYTE_RANGE.match(parts.partition(",")[0])
    if unit.strip().lower() != "bytes" or match is None:
        return None
    first, last = match.groups()
    if not first:
        # A header such as `bytes=-500` requests the last 500 bytes.
        if not last:
            return None
        if int(last) == 0 or size == 0:
            raise RangeUnsatisfiable
        return ByteRange(max(size - int(last), 0), size - 1)
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise RangeUnsatisfiable
    return ByteRange(begin, end)
