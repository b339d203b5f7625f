from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from common.files.ranges import ByteRange, RangeUnsatisfiable, requested_range


@tag("once")
class RangeTest(SimpleTestCase):
    def test_range_header_is_parsed_as_http_defines_it(self) -> None:
        cases: dict[str, ByteRange | None] = {
            "": None,
            "bytes=0-99": ByteRange(0, 99),
            "bytes=900-": ByteRange(900, 999),
            "bytes=-100": ByteRange(900, 999),
            "bytes=-5000": ByteRange(0, 999),
            "bytes=0-5000": ByteRange(0, 999),
            "BYTES = 5-6": ByteRange(5, 6),
            "bytes=1-2, 5-6": ByteRange(1, 2),
            "bytes=6-5": None,
            "bytes=-": None,
            "bytes=a-b": None,
            "lines=1-2": None,
            "bytes": None,
        }
        for header, expected in cases.items():
            with self.subTest(header):
                self.assertEqual(requested_range(header, 1000), expected)

    def test_range_outside_the_file_is_unsatisfiable(self) -> None:
        for header, size in (("bytes=1000-", 1000), ("bytes=5000-6000", 1000), ("bytes=-0", 1000), ("bytes=-5", 0)):
            with self.subTest(header), self.assertRaises(RangeUnsatisfiable):
                requested_range(header, size)

    @given(st.text(max_size=30), st.integers(0, 10_000))
    def test_accepted_range_always_lies_within_the_file(self, text: str, size: int) -> None:
        for header in (text, f"bytes={text}"):
            try:
                part = requested_range(header, size)
            except RangeUnsatisfiable:
                continue
            if part is not None:
                self.assertTrue(0 <= part.first <= part.last < size)
                self.assertEqual(part.length, len(range(size)[part.first : part.last + 1]))
