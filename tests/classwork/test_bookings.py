from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from classwork.domain.clashes import Booking, find_clashes
from classwork.domain.timetable import Slot

SEVEN = datetime(2026, 1, 6, 19, tzinfo=UTC)


def booking(who: int, offer: int, start: int = 0, minutes: int = 60) -> Booking:
    begin = SEVEN + timedelta(minutes=start)
    return Booking("staff", who, "Tess", offer, f"Class {offer}", Slot(begin, begin + timedelta(minutes=minutes)))


class ClashTest(SimpleTestCase):
    def test_a_clash_names_who_when_and_both_classes(self):
        (clash,) = find_clashes([booking(1, 1), booking(1, 2, 30)])
        self.assertEqual(str(clash)[:28], "Tess is double-booked on Tue")
        self.assertIn("Class 1, and Class 2", str(clash))

    def test_two_classes_that_clash_every_week_are_named_once(self):
        week = 7 * 24 * 60
        self.assertEqual(len(find_clashes([booking(1, 1), booking(1, 2), booking(1, 1, week), booking(1, 2, week)])), 1)

    def test_one_after_the_other_and_two_people_of_one_name_are_fine(self):
        self.assertEqual(find_clashes([booking(1, 1), booking(1, 2, 60), booking(2, 3)]), [])

    def test_a_class_does_not_clash_with_itself(self):
        self.assertEqual(find_clashes([booking(1, 1), booking(1, 1, 30)]), [])

    def test_a_long_class_clashes_with_all_that_lie_within_it(self):
        self.assertEqual(len(find_clashes([booking(1, 1, 0, 300), booking(1, 2, 30), booking(1, 3, 120)])), 2)

    @given(st.lists(st.builds(booking, st.integers(1, 2), st.integers(1, 5), st.integers(0, 300), st.integers(1, 200))))
    def test_it_finds_what_comparing_all_with_all_finds(self, bookings):
        pairs = {
            (one.key, frozenset([one.offer_id, other.offer_id]))
            for one in bookings
            for other in bookings
            if one.key == other.key and one.offer_id != other.offer_id and one.slot.overlaps(other.slot)
        }
        found = {
            (one.first.key, frozenset([one.first.offer_id, one.second.offer_id])) for one in find_clashes(bookings)
        }
        self.assertEqual(found, pairs)
