from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from classwork.rules import calendar, timetable
from classwork.rules.calendar import SessionPlan
from classwork.rules.timetable import MeetingRule, ScheduledMeeting, Slot

ZONES = [ZoneInfo("America/Los_Angeles"), ZoneInfo("Europe/Berlin"), ZoneInfo("Australia/Lord_Howe")]
FIRST = date(2020, 6, 2)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def tuesday(week: int) -> date:
    return FIRST + timedelta(weeks=week - 1)


def offset_in(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


class DaysTest(SimpleTestCase):
    def test_skipped_date_is_added_at_the_end(self):
        self.assertEqual(timetable.meeting_days(FIRST, 3, {tuesday(2)}), [tuesday(1), tuesday(3), tuesday(4)])

    def test_skipped_first_date_moves_the_first_meeting_by_a_week(self):
        self.assertEqual(timetable.meeting_days(FIRST, 2, {FIRST}), [tuesday(2), tuesday(3)])

    def test_skipped_date_without_a_meeting_is_found(self):
        wednesday, too_early, too_late = date(2020, 6, 10), tuesday(0), tuesday(9)
        skipped = {tuesday(2), wednesday, too_early, too_late}
        self.assertEqual(timetable.stray_skips(FIRST, 3, skipped), [too_early, wednesday, too_late])

    def test_week_after_the_last_can_be_skipped_only_together_with_the_last(self):
        self.assertEqual(timetable.stray_skips(FIRST, 3, {tuesday(4)}), [tuesday(4)])
        self.assertEqual(timetable.stray_skips(FIRST, 3, {tuesday(3), tuesday(4)}), [])

    def test_nearest_meeting_to_an_invalid_skipped_date_is_proposed(self):
        self.assertEqual(timetable.nearest_meeting(date(2020, 6, 10), FIRST, 3, {date(2020, 6, 10)}), tuesday(2))
        self.assertEqual(timetable.nearest_meeting(tuesday(9), FIRST, 3, {tuesday(9)}), tuesday(3))


class MeetingChangesTest(SimpleTestCase):
    plan = SessionPlan(date(2020, 6, 4), -2)
    rule = MeetingRule(1, time(19), 60, 3)

    def setUp(self):
        self.slots = timetable.meeting_slots(self.plan, self.rule)
        self.standing = [ScheduledMeeting(10 + n, n, slot) for n, slot in enumerate(self.slots, start=1)]
        self.later = timetable.meeting_slots(self.plan, MeetingRule(1, time(20), 60, 3))

    def test_unchanged_rule_moves_nothing(self):
        self.assertEqual(timetable.meeting_changes(self.standing, self.slots, LONG_AGO), [])

    def test_meetings_keep_their_rows_when_the_rule_moves_them(self):
        changes = timetable.meeting_changes(self.standing, self.later, LONG_AGO)
        self.assertEqual(
            [(step.pk, step.after) for step in changes], [(11, self.later[0]), (12, self.later[1]), (13, self.later[2])]
        )

    def test_past_meetings_stay(self):
        changes = timetable.meeting_changes(self.standing, self.later, self.slots[1].starts_at)
        self.assertEqual([step.number for step in changes], [3])

    def test_class_whose_last_meeting_has_begun_gets_no_more(self):
        more = timetable.meeting_slots(self.plan, MeetingRule(1, time(19), 60, 4))
        self.assertEqual(timetable.meeting_changes(self.standing, more, self.slots[-1].starts_at), [])

    def test_meeting_moved_by_hand_stays(self):
        by_hand = Slot(self.slots[1].starts_at + timedelta(days=1), self.slots[1].ends_at + timedelta(days=1))
        self.standing[1] = ScheduledMeeting(12, 2, by_hand, by_hand=True)
        self.assertEqual(
            [step.number for step in timetable.meeting_changes(self.standing, self.later, LONG_AGO)], [1, 3]
        )

    def test_canceled_meeting_moves_and_stays_canceled(self):
        self.standing[1] = ScheduledMeeting(12, 2, self.slots[1], canceled=True)
        changes = timetable.meeting_changes(self.standing, self.later, LONG_AGO)
        self.assertEqual([step.canceled for step in changes], [False, True, False])
        self.assertEqual(timetable.slots_after(self.standing, changes), [self.later[0], self.later[2]])

    def test_more_weeks_add_meetings_and_fewer_remove_them(self):
        more = timetable.meeting_slots(self.plan, MeetingRule(1, time(19), 60, 4))
        self.assertEqual(
            [(step.number, step.before) for step in timetable.meeting_changes(self.standing, more, LONG_AGO)],
            [(4, None)],
        )
        fewer = timetable.meeting_changes(self.standing, self.slots[:2], LONG_AGO)
        self.assertEqual([(step.pk, step.after) for step in fewer], [(13, None)])

    def test_extra_meetings_are_not_moved_by_the_rule(self):
        extra = ScheduledMeeting(
            99, None, Slot(self.later[2].starts_at + timedelta(days=2), self.later[2].ends_at + timedelta(days=2))
        )
        changes = timetable.meeting_changes([*self.standing, extra], self.later, LONG_AGO)
        self.assertNotIn(99, [step.pk for step in changes])
        self.assertEqual(timetable.slots_after([*self.standing, extra], changes)[-1], extra.slot)

    def test_slot_is_formatted_with_date_and_time_range(self):
        self.assertEqual(str(self.slots[0]), "Tue, Jun 2, 2020, 7:00–8:00 PM")


SESSIONS = st.builds(
    SessionPlan,
    key_day=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    shift=st.integers(-6, 6),
    weeks=st.integers(1, 12),
)
RULES = st.builds(
    MeetingRule,
    class_day=st.integers(0, 6),
    start_time=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    minutes=st.integers(1, 600),
    weeks=st.integers(1, 12),
)


class TimetablePropertyTest(SimpleTestCase):
    @given(SESSIONS, RULES, st.sets(st.integers(0, 14), max_size=4))
    def test_class_meets_as_often_as_it_has_weeks_and_never_on_a_skipped_date(self, plan, rule, skips):
        first = calendar.first_day(plan, rule.class_day)
        skipped = {first + timedelta(weeks=week) for week in skips}
        days = timetable.meeting_days(first, rule.weeks, skipped)
        self.assertEqual(len(days), rule.weeks)
        self.assertFalse(skipped & set(days))
        self.assertEqual({day.weekday() for day in days}, {rule.class_day})
        self.assertLessEqual(first, days[0])

    @given(SESSIONS, RULES)
    def test_skipped_date_is_accepted_exactly_when_it_removes_a_meeting(self, plan, rule):
        first = calendar.first_day(plan, rule.class_day)
        plain = timetable.meeting_days(first, rule.weeks, ())
        for day in (first + timedelta(n) for n in range(-8, 7 * rule.weeks + 8)):
            self.assertEqual(timetable.stray_skips(first, rule.weeks, {day}), [] if day in plain else [day])

    @given(SESSIONS, RULES)
    def test_every_meeting_keeps_its_local_time_through_clock_changes(self, plan, rule):
        for zone in ZONES:
            for slot, day in zip(
                timetable.meeting_slots(plan, rule, zone),
                timetable.meeting_days(calendar.first_day(plan, rule.class_day), rule.weeks, ()),
                strict=True,
            ):
                late = slot.starts_at.astimezone(zone).replace(tzinfo=None) - datetime.combine(day, rule.start_time)
                self.assertLessEqual(timedelta(0), late)
                if late:
                    self.assertLessEqual(late, timedelta(hours=1))
                    earlier = slot.starts_at - timedelta(hours=2)
                    self.assertNotEqual(offset_in(zone, slot.starts_at), offset_in(zone, earlier))
                self.assertGreater(slot.ends_at, slot.starts_at)

    @given(SESSIONS, RULES, RULES, st.integers(0, 12))
    def test_applied_changes_give_the_wanted_meetings_and_keep_past_ones(self, plan, old, new, begun):
        before = timetable.meeting_slots(plan, old)
        now = before[begun].starts_at if begun < len(before) else before[-1].starts_at - timedelta(days=365)
        standing = [ScheduledMeeting(n, n, slot) for n, slot in enumerate(before, start=1)]
        wanted = timetable.meeting_slots(plan, new)
        taken = timetable.meeting_changes(standing, wanted, now)
        if before[-1].starts_at <= now:
            self.assertEqual(taken, [])
            return
        begun_ones = [slot for slot in before if slot.starts_at <= now]
        stays = begun_ones[: len(wanted)]
        self.assertCountEqual(timetable.slots_after(standing, taken), stays + wanted[len(stays) :])
