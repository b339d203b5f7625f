from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from classwork.rules.clashes import Booking, find_clashes
from classwork.rules.timetable import Slot

SEVEN = datetime(2026, 1, 6, 19, tzinfo=UTC)


def booking(who: int, class_offer: int, start: int = 0, minutes: int = 60) -> Booking:
    begin = SEVEN + timedelta(minutes=start)
    return Booking(
        "staff", who, "Tess", class_offer, f"Class {class_offer}", Slot(begin, begin + timedelta(minutes=minutes))
    )


class DoubleBookingTest(SimpleTestCase):
    def test_double_booking_names_the_teacher_the_day_and_both_classes(self):
        (clash,) = find_clashes([booking(1, 1), booking(1, 2, 30)])
        self.assertEqual(str(clash)[:28], "Tess is double-booked on Tue")
        self.assertIn("Class 1, and Class 2", str(clash))

    def test_weekly_double_booking_of_two_classes_is_reported_once(self):
        week = 7 * 24 * 60
        self.assertEqual(len(find_clashes([booking(1, 1), booking(1, 2), booking(1, 1, week), booking(1, 2, week)])), 1)

    def test_consecutive_classes_and_two_people_with_one_name_do_not_conflict(self):
        self.assertEqual(find_clashes([booking(1, 1), booking(1, 2, 60), booking(2, 3)]), [])

    def test_class_does_not_conflict_with_itself(self):
        self.assertEqual(find_clashes([booking(1, 1), booking(1, 1, 30)]), [])

    def test_long_class_conflicts_with_every_class_during_it(self):
        self.assertEqual(len(find_clashes([booking(1, 1, 0, 300), booking(1, 2, 30), booking(1, 3, 120)])), 2)

    @given(st.lists(st.builds(booking, st.integers(1, 2), st.integers(1, 5), st.integers(0, 300), st.integers(1, 200))))
    def test_result_equals_comparing_every_pair(self, bookings):
        pairs = {
            (one.key, frozenset([one.class_offer_id, other.class_offer_id]))
            for one in bookings
            for other in bookings
            if one.key == other.key and one.class_offer_id != other.class_offer_id and one.slot.overlaps(other.slot)
        }
        found = {
            (one.first.key, frozenset([one.first.class_offer_id, one.second.class_offer_id]))
            for one in find_clashes(bookings)
        }
        self.assertEqual(found, pairs)
