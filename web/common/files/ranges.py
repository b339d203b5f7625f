"""The part of a file that a player asks for (RFC 9110, section 14)."""

import re
from dataclasses import dataclass

ONE = re.compile(r"\s*([0-9]{0,15})\s*-\s*([0-9]{0,15})\s*\Z")


@dataclass(frozen=True)
class Part:
    first: int
    last: int  # inclusive, as in the header

    @property
    def length(self) -> int:
        return self.last - self.first + 1


class Unsatisfiable(Exception):
    """Nothing of the file lies in what was asked for."""


def wanted(header: str, size: int) -> Part | None:
    """None for the whole file: nothing was asked for, or nothing that can be read. Of several parts the first."""
    unit, _, parts = header.partition("=")
    found = ONE.match(parts.partition(",")[0])
    if unit.strip().lower() != "bytes" or found is None:
        return None
    first, last = found.groups()
    if not first:
        return _tail(last, size)
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return None
    if begin >= size:
        raise Unsatisfiable
    return Part(begin, end)


def _tail(count: str, size: int) -> Part | None:
    """`-500`: the last 500 bytes."""
    if not count:
        return None
    if int(count) == 0 or size == 0:
        raise Unsatisfiable
    return Part(max(size - int(count), 0), size - 1)
