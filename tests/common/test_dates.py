from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from common import dates

LA = ZoneInfo("America/Los_Angeles")
ZONES = st.sampled_from([LA, ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Asia/Kolkata")])
DAYS = st.dates(date(2000, 1, 1), date(2037, 12, 31))
CLOCKS = st.builds(time, st.integers(0, 23), st.integers(0, 59))


class WallClockTest(SimpleTestCase):
    def test_time_skipped_by_daylight_saving_becomes_the_next_existing_minute(self):
        self.assertEqual(dates.local_moment(date(2025, 3, 9), time(2, 30), LA), datetime(2025, 3, 9, 3, 0, tzinfo=LA))

    def test_time_that_occurs_twice_is_the_first_occurrence(self):
        self.assertEqual(dates.local_moment(date(2025, 11, 2), time(1, 30), LA).hour, 8)

    def test_end_is_computed_on_the_wall_clock_when_the_clocks_change(self):
        start = dates.local_moment(date(2025, 11, 2), time(0, 30), LA)
        end = dates.add_wall_minutes(start, 120, LA)
        self.assertEqual(end.astimezone(LA).time(), time(2, 30))
        self.assertEqual(end - start, timedelta(hours=3))

    def test_a_class_may_end_after_midnight(self):
        end = dates.add_wall_minutes(dates.local_moment(date(2025, 5, 1), time(23, 30), LA), 60, LA)
        self.assertEqual(end, datetime(2025, 5, 2, 0, 30, tzinfo=LA))

    @given(DAYS, CLOCKS, ZONES, st.integers(1, 1440))
    def test_every_class_ends_after_it_starts(self, day, clock, zone, minutes):
        start = dates.local_moment(day, clock, zone)
        self.assertGreater(dates.add_wall_minutes(start, minutes, zone), start)

    @given(DAYS, CLOCKS, ZONES)
    def test_local_moment_has_the_requested_time_unless_the_clocks_skip_it(self, day, clock, zone):
        requested = datetime.combine(day, clock)
        local = dates.local_moment(day, clock, zone).astimezone(zone).replace(tzinfo=None)
        self.assertLessEqual(timedelta(0), local - requested)
        self.assertLessEqual(local - requested, timedelta(hours=1))
