from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.test import SimpleTestCase, override_settings
from hypothesis import given
from hypothesis import strategies as st

from classwork.domain.schedule.sessions import school_calendar_rules
from classwork.rules import calendar
from classwork.rules.calendar import CalendarRules, SessionPlan

RULES = CalendarRules(minimum_weeks=4, expire_days=8, short_expire_days=2)
KEY = date(2020, 6, 4)


def june(day: int) -> date:
    return date(2020, 6, 1) + timedelta(day - 1)


JULY = 30
# shift, skipped weeks, flipped, start, end, next default key day, expiry
WORKED = [
    (-2, 0, False, june(2), june(JULY + 2), june(JULY + 9), june(12)),
    (-2, 1, False, june(2), june(JULY + 9), june(JULY + 16), june(12)),
    (-2, 1, True, june(2), june(JULY + 7), june(JULY + 9), june(12)),
    (0, 1, False, june(4), june(JULY + 9), june(JULY + 16), june(12)),
    (5, 0, False, june(4), june(JULY + 7), june(JULY + 9), june(17)),
    (5, 1, False, june(4), june(JULY + 14), june(JULY + 16), june(17)),
    (5, 1, True, june(4), june(JULY + 9), june(JULY + 16), june(17)),
    (-2, 3, True, june(2), june(JULY + 21), june(JULY + 23), june(12)),
]


class SessionDatesTest(SimpleTestCase):
    def test_worked_examples_give_the_documented_dates(self):
        for shift, skips, flip, start, end, following, expire in WORKED:
            with self.subTest(shift=shift, skips=skips, flip=flip):
                plan = SessionPlan(KEY, shift, 5, skips, flip)
                self.assertEqual((plan.start, plan.end), (start, end))
                self.assertEqual(calendar.expire_default(plan, RULES), expire)
                self.assertEqual(calendar.next_defaults([plan], KEY, RULES).key_day, following)

    def test_impossible_plan_is_refused(self) -> None:
        good = SessionPlan(KEY, -2, 5, 1, flip_last_day=True)
        for changes in (
            {"weeks": 0},
            {"weeks": 54},
            {"shift": 7},
            {"shift": -7},
            {"skip_weeks": -1},
            {"break_weeks": -1},
            {"skip_weeks": 0},
        ):
            with self.subTest(changes), self.assertRaises(calendar.ImpossiblePlan):
                replace(good, **changes)

    def test_next_key_day_follows_a_winter_session_and_a_short_session_after_it(self):
        winter = SessionPlan(date(2020, 1, 9), -2)
        short = SessionPlan(date(2020, 2, 13), -2, weeks=3)
        self.assertEqual((winter.start, winter.end), (date(2020, 1, 7), date(2020, 2, 6)))
        self.assertEqual(calendar.next_defaults([winter], KEY, RULES).key_day, date(2020, 2, 13))
        self.assertEqual(calendar.expire_default(winter, RULES), date(2020, 1, 17))
        self.assertEqual((short.start, short.end), (date(2020, 2, 11), date(2020, 2, 27)))
        self.assertEqual(calendar.expire_default(short, RULES), date(2020, 2, 15))
        for known in ([short], [winter, short], [short, winter]):
            self.assertEqual(calendar.next_defaults(known, KEY, RULES).key_day, date(2020, 3, 5))

    def test_session_is_short_only_below_the_minimum_weeks(self):
        self.assertTrue(calendar.is_short_session(SessionPlan(KEY, weeks=3), RULES))
        self.assertFalse(calendar.is_short_session(SessionPlan(KEY, weeks=4), RULES))

    def test_short_session_is_ignored_for_the_next_publish_date(self):
        usual = SessionPlan(KEY, -2)
        short = SessionPlan(date(2020, 7, 9), -2, weeks=2, expire=date(2020, 8, 1))
        self.assertEqual(calendar.next_defaults([usual, short], KEY, RULES).publish, june(12))

    def test_next_session_is_published_when_a_chosen_expiry_is_reached(self):
        chosen = SessionPlan(KEY, -2, expire=date(2020, 6, 20))
        self.assertEqual(calendar.next_defaults([chosen], KEY, RULES).publish, date(2020, 6, 20))

    def test_first_session_defaults_to_today(self):
        self.assertEqual(calendar.next_defaults([], KEY, RULES), calendar.SessionDefaults(KEY, KEY))

    def test_first_session_starts_on_the_weekday_in_the_settings(self):
        for weekday, day in ((3, KEY), (4, june(5)), (0, june(8)), (2, june(10))):
            with override_settings(DEFAULT_KEY_DAY=weekday):
                found = calendar.next_defaults([], KEY, school_calendar_rules())
            self.assertEqual(found, calendar.SessionDefaults(day, KEY))

    def test_break_is_part_of_the_default_key_day_and_not_added_to_an_overlap_shift(self):
        usual = SessionPlan(KEY, -2, break_weeks=2)
        self.assertEqual(calendar.next_defaults([usual], KEY, RULES).key_day, date(2020, 7, 23))
        short = SessionPlan(date(2020, 7, 9), -2, weeks=2)
        self.assertEqual(calendar.next_defaults([usual, short], KEY, RULES).key_day, date(2020, 7, 23))

    @override_settings(SESSION_MINIMUM_WEEKS=6, DEFAULT_SESSION_EXPIRE=10, SHORT_SESSION_EXPIRE=1)
    def test_calendar_rules_come_from_the_settings(self):
        self.assertEqual(school_calendar_rules(), CalendarRules(6, 10, 1, 3))

    def test_previous_and_next_sessions_are_found_by_key_day_and_next_ignores_short_ones(self):
        first, short, last = SessionPlan(KEY), SessionPlan(date(2020, 7, 9), weeks=2), SessionPlan(date(2020, 8, 6))
        everything = [last, first, short]
        self.assertEqual(calendar.previous_session(last, everything), short)
        self.assertEqual(calendar.following_session(first, everything, RULES), last)
        self.assertIsNone(calendar.previous_session(first, everything))
        self.assertIsNone(calendar.following_session(last, everything, RULES))


class OverlapTest(SimpleTestCase):
    def test_smallest_move_is_proposed_and_keeps_the_day_shift(self):
        winter = SessionPlan(date(2020, 1, 9), -2)
        proposed = calendar.moved_clear_of_overlaps(SessionPlan(date(2020, 1, 30), -2), [winter])
        self.assertEqual((proposed.key_day, proposed.shift, proposed.break_weeks), (date(2020, 2, 13), -2, 0))

    def test_session_does_not_overlap_with_itself(self):
        saved = SessionPlan(KEY, -2, pk=7)
        self.assertEqual(calendar.overlapping_sessions(saved, [saved]), [])
        self.assertEqual(calendar.moved_clear_of_overlaps(saved, [saved]), saved)

    def test_session_around_a_short_one_overlaps(self):
        short = SessionPlan(date(2020, 6, 11), weeks=1)
        self.assertEqual(calendar.overlapping_sessions(SessionPlan(KEY), [short]), [short])

    def test_proposal_skips_every_overlapping_session(self):
        first, second = SessionPlan(KEY, -2), SessionPlan(date(2020, 7, 9), -2)
        proposed = calendar.moved_clear_of_overlaps(SessionPlan(date(2020, 6, 18), -2), [second, first])
        self.assertEqual(proposed.key_day, date(2020, 8, 13))


class OffsetTest(SimpleTestCase):
    THURSDAY = 3

    def test_weekdays_around_a_thursday_key_day_have_the_expected_offsets(self):
        for shift, wanted in {
            -2: [4, -2, -1, 0, 1, 2, 3],
            0: [-3, -2, -1, 0, 1, 2, 3],
            2: [-3, -2, -1, 0, 1, 2, -4],
            5: [4, 5, -1, 0, 1, 2, 3],
        }.items():
            with self.subTest(shift=shift):
                self.assertEqual([calendar.days_from_key_day(self.THURSDAY, shift, day) for day in range(7)], wanted)

    def test_offset_equal_to_the_limit_is_allowed(self):
        self.assertEqual(calendar.days_from_key_day(self.THURSDAY, 4, 0), 4)
        self.assertEqual(calendar.days_from_key_day(self.THURSDAY, -4, 6), -4)

    def test_weekdays_beyond_the_day_shift_are_out_of_reach(self):
        plan = SessionPlan(KEY, -2)
        self.assertEqual(
            [calendar.is_within_reach(plan, day) for day in range(7)], [False, True, True, True] + [False] * 3
        )


@dataclass(frozen=True)
class ListedSession:
    name: str
    key_day_date: date
    publish_date: date
    expire_date: date


class CurrentSessionTest(SimpleTestCase):
    spring = ListedSession("spring", date(2020, 4, 2), date(2020, 3, 1), date(2020, 4, 10))
    summer = ListedSession("summer", date(2020, 6, 4), date(2020, 5, 1), date(2020, 6, 12))
    extra = ListedSession("extra", date(2020, 6, 6), date(2020, 6, 1), date(2020, 6, 8))
    autumn = ListedSession("autumn", date(2020, 9, 3), date(2020, 8, 1), date(2020, 9, 11))
    all = (autumn, extra, spring, summer)

    def names(self, on: date) -> list[str]:
        return [session.name for session in calendar.current_sessions(self.all, on)]

    def test_publish_date_and_expiry_are_both_inclusive(self):
        self.assertEqual(self.names(self.summer.publish_date), ["summer"])
        self.assertEqual(self.names(self.summer.expire_date), ["summer"])

    def test_several_sessions_can_be_current(self):
        self.assertEqual(self.names(date(2020, 6, 7)), ["summer", "extra"])

    def test_latest_published_session_stays_current_after_its_expiry(self):
        self.assertEqual(self.names(date(2020, 7, 20)), ["extra"])
        self.assertEqual(self.names(date(2020, 4, 11)), ["spring"])

    def test_planned_session_is_not_current(self):
        self.assertEqual(self.names(date(2020, 2, 29)), [])

    def test_no_sessions_means_no_current_session(self):
        self.assertEqual(calendar.current_sessions([], KEY), [])


def possible_plan(*, flip_last_day: bool, skip_weeks: int, **values: Any) -> SessionPlan:
    return SessionPlan(flip_last_day=flip_last_day and skip_weeks > 0, skip_weeks=skip_weeks, **values)


PLANS = st.builds(
    possible_plan,
    key_day=st.dates(date(2020, 1, 1), date(2022, 1, 1)),
    shift=st.integers(-6, 6),
    weeks=st.integers(1, 12),
    skip_weeks=st.integers(0, 3),
    flip_last_day=st.booleans(),
    break_weeks=st.integers(0, 3),
)


class CalendarPropertyTest(SimpleTestCase):
    @given(st.lists(PLANS, min_size=1, max_size=6))
    def test_next_key_day_is_after_the_end_of_every_session(self, plans):
        following = calendar.next_defaults(plans, KEY, RULES).key_day
        self.assertGreater(following, max(plan.end for plan in plans))

    @given(st.lists(PLANS, max_size=6), PLANS)
    def test_proposed_next_session_never_overlaps(self, plans, shape):
        following = replace(shape, key_day=calendar.next_defaults(plans, KEY, RULES).key_day)
        proposed = calendar.moved_clear_of_overlaps(following, plans)
        self.assertEqual(calendar.overlapping_sessions(proposed, plans), [])
        self.assertLessEqual((proposed.key_day - following.key_day).days, 7)

    @given(st.lists(PLANS, max_size=6), PLANS)
    def test_proposal_moves_by_whole_weeks_and_no_further_than_needed(self, plans, plan):
        proposed = calendar.moved_clear_of_overlaps(plan, plans)
        self.assertEqual(proposed, plan.moved((proposed.key_day - plan.key_day).days // 7))
        if proposed != plan:
            self.assertTrue(calendar.overlapping_sessions(proposed.moved(-1), plans))

    @given(PLANS, st.integers(0, 6))
    def test_first_class_is_on_its_weekday_within_a_week_of_the_key_day(self, plan, class_day):
        first = calendar.first_day(plan, class_day)
        self.assertEqual(first.weekday(), class_day)
        self.assertLess(abs((first - plan.key_day).days), 7)

    @given(PLANS, st.integers(0, 6))
    def test_reachable_weekday_is_never_before_the_session_starts(self, plan, class_day):
        if calendar.is_within_reach(plan, class_day):
            self.assertGreaterEqual(calendar.first_day(plan, class_day), plan.start)
