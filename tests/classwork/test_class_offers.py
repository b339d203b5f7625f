from datetime import time, timedelta
from decimal import Decimal

from django.utils import timezone

from classwork.domain.catalog import subjects
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer, Meeting, Subject
from common import dates
from history.models import Entry
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.planning import everything


class OfferTestCase(SchoolTestCase):
    def days(self, class_offer=None):
        return [meeting.local_date for meeting in (class_offer or self.class_offer).meetings.all()]

    def refusal_of(self, draft, class_offer=None):
        before = everything()
        with self.assertRaises(ChangeRefused) as caught:
            if class_offer is None:
                class_offers.create_class(self.ada, draft)
            else:
                class_offers.change_class(self.ada, class_offer, draft)
        self.assertEqual(everything(), before)
        return caught.exception.problems[0]


class NewClassTest(OfferTestCase):
    def test_class_meets_weekly_as_often_as_its_subject_says(self):
        first = factories.upcoming_thursday() - timedelta(2)
        self.assertEqual(self.days(), [first + timedelta(weeks=week) for week in range(5)])
        workshop = factories.create_class_offer(
            self.session, factories.create_subject("WS", "N", name="Charleston", num_weeks=1), class_day=2
        )
        self.assertEqual(self.days(workshop), [factories.upcoming_thursday() - timedelta(1)])

    def test_skipped_date_is_added_at_the_end(self):
        first = factories.upcoming_thursday()
        class_offer = factories.create_class_offer(
            self.session,
            factories.create_subject("L2"),
            class_day=3,
            skipped=[factories.upcoming_thursday(1)],
            skip_tagline="Thanksgiving",
        )
        self.assertEqual(self.days(class_offer), [first] + [factories.upcoming_thursday(week) for week in range(2, 6)])

    def test_skipped_date_that_is_no_class_day_is_refused_with_the_nearest_one(self):
        values = {
            "session": self.session,
            "subject": factories.create_subject("L2"),
            "class_day": 3,
            "start_time": time(19),
        }
        friday = factories.upcoming_thursday(1) + timedelta(1)
        problem = self.refusal_of(ClassDraft(values, [friday]))
        self.assertEqual((problem.field, problem.proposal), ("skipped", {"skipped": [factories.upcoming_thursday(1)]}))
        class_offer = class_offers.create_class(self.ada, ClassDraft(values, problem.proposal["skipped"]))
        self.assertNotIn(factories.upcoming_thursday(1), self.days(class_offer))

    def test_subject_is_required(self):
        problem = self.refusal_of(ClassDraft({"session": self.session, "start_time": time(19)}))
        self.assertEqual(problem.field, "subject")

    def test_approval_of_a_new_class_follows_the_setting(self):
        values = {
            "session": self.session,
            "subject": factories.create_subject("L2"),
            "class_day": 3,
            "start_time": time(19),
        }
        self.assertFalse(class_offers.create_class(self.ada, ClassDraft(values)).manager_approved)
        with self.settings(ASSUME_CLASS_APPROVE=True):
            self.assertTrue(class_offers.create_class(self.ada, ClassDraft(values)).manager_approved)

    def test_teacher_is_not_also_an_assistant_of_the_class(self):
        tess, ash = self.tess.staff, self.ash.staff
        draft = ClassDraft({}, teachers=[tess], assistants=[ash, tess])
        class_offers.change_class(self.ada, self.class_offer, draft)
        roles = {(one.staff, one.role) for one in self.class_offer.assignments.all()}
        self.assertEqual(roles, {(tess, "teacher"), (ash, "assistant")})


class ChangedClassTest(OfferTestCase):
    def test_new_time_moves_every_remaining_meeting(self):
        preview = class_offers.change_class(self.ada, self.class_offer, ClassDraft({"start_time": time(20)}))
        self.assertEqual(len(preview.rows), 5)
        self.assertIn("7:00–8:00 PM", preview.rows[0].before)
        self.assertIn("8:00–9:00 PM", preview.rows[0].after)
        hours = {dates.to_local_time(meeting.starts_at).hour for meeting in self.class_offer.meetings.all()}
        self.assertEqual(hours, {20})

    def test_new_note_moves_nothing_and_leaves_calendars_alone(self):
        preview = class_offers.change_class(self.ada, self.class_offer, ClassDraft({"public_note": "Bring water"}))
        self.assertEqual(preview.rows, ())
        self.assertEqual(set(self.class_offer.meetings.values_list("revision", flat=True)), {0})
        self.assertEqual(Entry.objects.latest("id").details["changes"], {"public_note": ["", "Bring water"]})

    def test_new_location_updates_the_calendars(self):
        place = factories.create_location("Town Hall")
        preview = class_offers.change_class(self.ada, self.class_offer, ClassDraft({"location": place}))
        self.assertEqual(
            [(row.what, row.before, row.after) for row in preview.rows], [("Location", "Grange Hall", "Town Hall")]
        )
        self.assertEqual(set(self.class_offer.meetings.values_list("revision", flat=True)), {1})

    def test_new_weekday_refuses_an_outdated_skipped_date_with_the_right_one(self):
        skipped = factories.upcoming_thursday(1) - timedelta(2)
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({}, [skipped]))
        problem = self.refusal_of(ClassDraft({"class_day": 2}), self.class_offer)
        self.assertEqual(problem.proposal, {"skipped": [factories.upcoming_thursday(1) - timedelta(1)]})
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"class_day": 2}, problem.proposal["skipped"]))
        self.assertEqual(len(self.days()), 5)

    def test_past_meetings_stay_when_the_class_moves(self):
        now = self.class_offer.meetings.all()[1].ends_at
        before = self.days()
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"class_day": 2}), now=now)
        day = timedelta(1)
        self.assertEqual(self.days(), before[:2] + [one + day for one in before[2:]])

    def test_finished_class_is_not_moved_and_the_preview_says_so(self):
        now = self.class_offer.meetings.last().ends_at
        preview = class_offers.change_class(self.ada, self.class_offer, ClassDraft({"class_day": 2}), now=now)
        self.assertEqual(preview.rows, ())
        self.assertIn("this class has ended", preview.warnings[0])

    def test_repeated_approval_change_is_recorded_once(self):
        class_offers.set_class_approved(self.ada, self.class_offer, False, why="No teacher yet")
        class_offers.set_class_approved(self.ada, self.class_offer, False)
        self.assertEqual(Entry.objects.filter(action="classwork.class_hidden").count(), 1)
        self.assertNotIn(self.class_offer, ClassOffer.objects.approved())
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"manager_approved": True}))
        self.assertEqual(Entry.objects.filter(action="classwork.class_approved").count(), 1)

    def test_class_of_an_unapproved_subject_is_not_listed(self):
        subjects.set_subject_approved(self.ada, self.class_offer.subject, False)
        self.assertNotIn(self.class_offer, ClassOffer.objects.approved())


class WarningTest(OfferTestCase):
    def plan(self, **values):
        usual = {
            "session": self.session,
            "subject": factories.create_subject("L2"),
            "class_day": 1,
            "start_time": time(19, 30),
        }
        teachers = values.pop("teachers", [])
        return class_offers.plan_class(ClassOffer(), ClassDraft(usual | values, teachers=teachers)).warnings

    def test_double_booked_teacher_is_named_once(self):
        warnings = self.plan(teachers=[self.tess.staff])
        self.assertEqual(len(warnings), 1)
        self.assertIn("Tess Tanner is double-booked", warnings[0])

    def test_double_booked_location_is_named(self):
        self.assertIn("Grange Hall is double-booked", self.plan(location=self.hall)[0])

    def test_consecutive_classes_do_not_conflict(self):
        self.assertEqual(self.plan(location=self.hall, teachers=[self.tess.staff], start_time=time(20)), ())

    def test_canceled_day_of_another_class_is_free(self):
        self.class_offer.meetings.update(canceled_at=timezone.now())
        self.assertEqual(self.plan(location=self.hall, teachers=[self.tess.staff]), ())

    def test_unreachable_weekday_and_too_many_weeks_are_reported(self):
        warnings = self.plan(class_day=4, subject=factories.create_subject("L3", num_weeks=6))
        self.assertIn("outside the session's date range", warnings[0])
        self.assertIn("runs for 6 weeks, the session for 5", warnings[1])


class ChangedSubjectTest(OfferTestCase):
    def test_more_weeks_add_meetings_to_upcoming_classes(self):
        preview = subjects.change_subject(self.ada, self.class_offer.subject, {"num_weeks": 6})
        self.assertEqual([row.what for row in preview.rows], ["Class 6"])
        self.assertEqual(len(self.days()), 6)

    def test_fewer_weeks_remove_the_last_meetings(self):
        subjects.change_subject(self.ada, self.class_offer.subject, {"num_weeks": 2})
        self.assertEqual(len(self.days()), 2)

    def test_past_meeting_cannot_be_removed(self):
        now = self.class_offer.meetings.all()[2].ends_at
        with self.assertRaisesMessage(ChangeRefused, "class 3 is over and can’t be removed"):
            subjects.change_subject(self.ada, self.class_offer.subject, {"num_weeks": 2}, now=now)
        self.assertEqual(len(self.days()), 5)

    def test_finished_classes_get_no_more_meetings(self):
        now = self.class_offer.meetings.last().ends_at
        preview = subjects.change_subject(self.ada, self.class_offer.subject, {"num_weeks": 7}, now=now)
        self.assertEqual((preview.rows, len(self.days())), ((), 5))

    def test_discount_above_the_price_is_refused(self):
        with self.assertRaisesMessage(ChangeRefused, "A discount cannot be more than the price."):
            subjects.change_subject(self.ada, self.class_offer.subject, {"full_price": Decimal(3)})
        self.assertEqual(Subject.objects.get().full_price, Decimal(70))

    def test_new_name_updates_the_calendars(self):
        subjects.change_subject(self.ada, self.class_offer.subject, {"name": "First steps"})
        self.assertEqual(set(Meeting.objects.values_list("revision", flat=True)), {1})
