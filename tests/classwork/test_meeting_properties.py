from datetime import timedelta

from django.test import tag
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from classwork.domain.schedule import meetings
from classwork.rules import calendar
from tests import factories
from tests.base import SchoolTestCase

SESSIONS = st.fixed_dictionaries(
    {
        "max_day_shift": st.integers(-6, 6),
        "num_weeks": st.integers(1, 8),
        "skip_weeks": st.integers(0, 3),
        "flip_last_day": st.booleans(),
    }
)


@tag("once", "long")
class MeetingLaw(HypothesisTestCase, SchoolTestCase):
    @settings(max_examples=60)
    @given(
        SESSIONS,
        st.integers(0, 6),
        st.integers(1, 8),
        st.sets(st.integers(0, 7), max_size=3),
        st.sets(st.integers(1, 8)),
    )
    def test_every_meeting_is_between_start_and_end_and_none_is_lost(self, values, class_day, weeks, skips, canceled):
        session = factories.create_session("Law", factories.upcoming_thursday(10), **values)
        start = calendar.first_day(session.plan, class_day)
        skipped = tuple(start + timedelta(weeks=week) for week in skips if week < weeks)
        class_offer = factories.create_class_offer(
            session, factories.create_subject("L2", num_weeks=weeks), class_day=class_day, skipped=skipped
        )
        for meeting in class_offer.meetings.filter(number__in=canceled):
            meetings.cancel_meeting(None, meeting, "Snow")

        stored = list(class_offer.meetings.all())
        end = start + timedelta(weeks=weeks + len(skipped) - 1)
        self.assertTrue(all(start <= meeting.local_date <= end for meeting in stored))
        taking_place = [meeting for meeting in stored if not meeting.is_canceled]
        called_off = sum(number <= weeks for number in canceled)
        self.assertEqual(len(taking_place) + called_off, weeks)
        self.assertFalse({meeting.local_date for meeting in stored} & set(skipped))
        self.assertEqual(stored[-1].local_date, end)

        within = calendar.is_within_reach(session.plan, class_day)
        room = session.num_weeks + session.skip_weeks - int(session.flip_last_day)
        if within and weeks + len(skipped) <= room:
            self.assertTrue(session.start_date <= start and end <= session.end_date)
