from datetime import time, timedelta

from classwork.domain.schedule import class_offers, meetings
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.meetings import MeetingDraft
from classwork.errors import ChangeRefused, PreviewOutdated
from classwork.models import Meeting
from history.models import Entry
from outbox.models import Event
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.planning import everything


class MeetingTestCase(SchoolTestCase):
    def setUp(self):
        self.first, self.second = self.class_offer.meetings.all()[:2]

    def stored(self, meeting):
        return Meeting.objects.get(pk=meeting.pk)

    def refusal_of(self, change, *args):
        before = everything()
        with self.assertRaises(ChangeRefused) as caught:
            change(self.ada, *args)
        self.assertEqual(everything(), before)
        return caught.exception.problems[0]


class CancelTest(MeetingTestCase):
    def test_canceled_day_stays_listed_with_its_reason_and_sends_an_event(self):
        preview = meetings.plan_cancel(self.second)
        self.assertTrue(preview.rows[0].after.endswith("(canceled)"))
        self.assertEqual(len(preview.effects[0].after), 4)
        meetings.cancel_meeting(self.ada, self.second, "Snow", seen=preview.fingerprint)
        stored = self.stored(self.second)
        self.assertEqual((stored.is_canceled, stored.reason, stored.revision), (True, "Snow", 1))
        self.assertEqual(Entry.objects.latest("id").reason, "Snow")
        self.assertEqual(
            Event.objects.get(type="classwork.schedule_changed").payload.class_offer_id, self.class_offer.pk
        )

    def test_day_can_be_canceled_only_once(self):
        meetings.cancel_meeting(self.ada, self.second, "Snow")
        self.assertIn("already", self.refusal_of(meetings.cancel_meeting, self.second, "Ice").sentence)

    def test_canceled_day_can_be_restored(self):
        meetings.cancel_meeting(self.ada, self.second, "Snow")
        meetings.restore_meeting(self.ada, self.second)
        stored = self.stored(self.second)
        self.assertEqual((stored.is_canceled, stored.reason, stored.revision), (False, "", 2))
        self.assertIn("not canceled", self.refusal_of(meetings.restore_meeting, self.second).sentence)

    def test_canceled_day_is_not_restored_when_another_meeting_took_its_time(self):
        meetings.cancel_meeting(self.ada, self.second, "Snow")
        meetings.add_meeting(self.ada, self.class_offer, MeetingDraft(self.second.local_date, time(19)))
        self.assertIn("already", self.refusal_of(meetings.restore_meeting, self.second).sentence)


class MoveTest(MeetingTestCase):
    def test_moved_day_stays_when_the_schedule_changes(self):
        draft = MeetingDraft(
            self.second.local_date + timedelta(1), time(18), 90, factories.create_location("Town Hall"), "Concert"
        )
        preview = meetings.plan_move(self.second, draft)
        self.assertIn("6:00–7:30 PM", preview.rows[0].after)
        meetings.move_meeting(self.ada, self.second, draft, seen=preview.fingerprint)
        stored = self.stored(self.second)
        self.assertEqual((stored.moved_from, stored.local_date), (self.second.starts_at, draft.day))
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"start_time": time(20)}))
        self.assertEqual(self.stored(self.second).slot, stored.slot)

    def test_day_moved_back_follows_the_schedule_again(self):
        meetings.move_meeting(self.ada, self.second, MeetingDraft(self.second.local_date + timedelta(1), time(19)))
        meetings.move_meeting(self.ada, self.second, MeetingDraft(self.second.local_date, time(19)))
        self.assertIsNone(self.stored(self.second).moved_from)

    def test_two_days_of_a_class_cannot_be_at_the_same_time(self):
        problem = self.refusal_of(meetings.move_meeting, self.second, MeetingDraft(self.first.local_date, time(19)))
        free = self.first.local_date + timedelta(weeks=5)
        self.assertEqual((problem.field, problem.proposal), ("day", {"day": free}))
        meetings.move_meeting(self.ada, self.second, MeetingDraft(free, time(19)))

    def test_day_must_end_after_it_starts(self):
        problem = self.refusal_of(meetings.move_meeting, self.second, MeetingDraft(self.second.local_date, time(19), 0))
        self.assertEqual(problem.field, "minutes")
        self.assertEqual(
            self.refusal_of(
                meetings.add_meeting, self.class_offer, MeetingDraft(self.second.local_date, time(9), -5)
            ).field,
            "minutes",
        )

    def test_canceled_day_must_be_restored_before_it_is_moved(self):
        meetings.cancel_meeting(self.ada, self.second, "Snow")
        self.assertIn(
            "Restore it",
            self.refusal_of(meetings.move_meeting, self.second, MeetingDraft(self.second.local_date, time(9))).sentence,
        )

    def test_outdated_preview_is_not_applied(self):
        draft = MeetingDraft(self.second.local_date + timedelta(1), time(18))
        seen = meetings.plan_move(self.second, draft).fingerprint
        meetings.move_meeting(self.ada, self.second, MeetingDraft(self.second.local_date + timedelta(2), time(18)))
        with self.assertRaises(PreviewOutdated):
            meetings.move_meeting(self.ada, self.second, draft, seen=seen)


class AddTest(MeetingTestCase):
    def test_extra_day_has_no_number_and_the_length_of_the_class(self):
        day = self.first.local_date + timedelta(3)
        meeting = meetings.add_meeting(self.ada, self.class_offer, MeetingDraft(day, time(19), reason="Practice"))
        self.assertIsNone(meeting.number)
        self.assertEqual(meeting.ends_at - meeting.starts_at, timedelta(hours=1))
        event = Event.objects.get(type="classwork.schedule_changed")
        self.assertEqual(Entry.objects.get(pk=event.payload.change).subject_id, str(meeting.pk))

    def test_extra_day_cannot_overlap_another_day(self):
        self.assertEqual(
            self.refusal_of(
                meetings.add_meeting, self.class_offer, MeetingDraft(self.first.local_date, time(19))
            ).field,
            "day",
        )

    def test_double_booked_location_is_reported(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), location=self.hall, class_day=2)
        warnings = meetings.plan_add(
            self.class_offer, MeetingDraft(self.first.local_date + timedelta(1), time(19))
        ).warnings
        self.assertIn("Grange Hall is double-booked", warnings[0])


class SubstituteTest(MeetingTestCase):
    def test_substitute_teaches_one_day(self):
        meetings.set_substitutes(self.ada, self.second, [self.ash.staff], why="Tess is ill")
        self.assertEqual(list(self.stored(self.second).substitutes.all()), [self.ash.staff])
        self.assertEqual(Entry.objects.filter(action="classwork.substitutes_changed").count(), 1)
        meetings.set_substitutes(self.ada, self.second, [self.ash.staff])
        self.assertEqual(Entry.objects.filter(action="classwork.substitutes_changed").count(), 1)

    def test_double_booked_substitute_is_reported(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), self.ash.staff)
        self.assertIn(
            "Ash Abara is double-booked", meetings.plan_substitutes(self.second, [self.ash.staff]).warnings[0]
        )

    def test_substituted_teacher_is_free_that_day(self):
        meetings.set_substitutes(self.ada, self.second, [self.ash.staff])
        elsewhere = factories.create_class_offer(self.session, factories.create_subject("L2", num_weeks=1), class_day=2)
        draft = MeetingDraft(self.second.local_date, time(19))
        class_offers.change_class(self.ada, elsewhere, ClassDraft({}, teachers=[self.tess.staff]))
        self.assertEqual(meetings.plan_move(elsewhere.meetings.get(), draft).warnings, ())
