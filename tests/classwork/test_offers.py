from datetime import time, timedelta
from decimal import Decimal

from django.utils import timezone

from classwork.domain.catalog import subjects
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.problems import ChangeRefused
from classwork.models import ClassOffer, Meeting, Subject
from common import dates
from history.models import Entry
from outbox.models import Event
from tests import make
from tests.base import SchoolTestCase
from tests.classwork.planning import everything


class OfferTestCase(SchoolTestCase):
    def days(self, offer=None):
        return [meeting.local_date for meeting in (offer or self.offer).meetings.all()]

    def refused(self, draft, offer=None):
        before = everything()
        with self.assertRaises(ChangeRefused) as caught:
            if offer is None:
                class_offers.create_class(self.ada, draft)
            else:
                class_offers.change_class(self.ada, offer, draft)
        self.assertEqual(everything(), before)
        return caught.exception.faults[0]


class NewOfferTest(OfferTestCase):
    def test_a_class_meets_once_a_week_as_often_as_its_subject_says(self):
        first = make.thursday() - timedelta(2)
        self.assertEqual(self.days(), [first + timedelta(weeks=week) for week in range(5)])
        workshop = make.offer(self.session, make.subject("WS", "N", name="Charleston", num_weeks=1), class_day=2)
        self.assertEqual(self.days(workshop), [make.thursday() - timedelta(1)])

    def test_a_skipped_date_is_made_up_for_at_the_end(self):
        first = make.thursday()
        offer = make.offer(
            self.session, make.subject("L2"), class_day=3, skipped=[make.thursday(1)], skip_tagline="Thanksgiving"
        )
        self.assertEqual(self.days(offer), [first] + [make.thursday(week) for week in range(2, 6)])

    def test_a_skipped_date_that_is_no_class_day_is_refused_with_the_nearest_one(self):
        values = {"session": self.session, "subject": make.subject("L2"), "class_day": 3, "start_time": time(19)}
        friday = make.thursday(1) + timedelta(1)
        fault = self.refused(ClassDraft(values, [friday]))
        self.assertEqual((fault.field, fault.proposal), ("skipped", {"skipped": [make.thursday(1)]}))
        offer = class_offers.create_class(self.ada, ClassDraft(values, fault.proposal["skipped"]))
        self.assertNotIn(make.thursday(1), self.days(offer))

    def test_what_is_missing_is_asked_for(self):
        fault = self.refused(ClassDraft({"session": self.session, "start_time": time(19)}))
        self.assertEqual(fault.field, "subject")

    def test_whether_a_new_class_is_approved_is_a_setting(self):
        values = {"session": self.session, "subject": make.subject("L2"), "class_day": 3, "start_time": time(19)}
        self.assertFalse(class_offers.create_class(self.ada, ClassDraft(values)).manager_approved)
        with self.settings(ASSUME_CLASS_APPROVE=True):
            self.assertTrue(class_offers.create_class(self.ada, ClassDraft(values)).manager_approved)

    def test_a_teacher_is_not_an_assistant_of_the_same_class_as_well(self):
        tess, ash = self.tess.staff, self.ash.staff
        draft = ClassDraft({}, teachers=[tess], assistants=[ash, tess])
        class_offers.change_class(self.ada, self.offer, draft)
        roles = {(one.staff, one.role) for one in self.offer.assignments.all()}
        self.assertEqual(roles, {(tess, "teacher"), (ash, "assistant")})


class ChangedOfferTest(OfferTestCase):
    def test_another_time_moves_every_meeting_to_come(self):
        preview = class_offers.change_class(self.ada, self.offer, ClassDraft({"start_time": time(20)}))
        self.assertEqual(len(preview.rows), 5)
        self.assertIn("7:00–8:00 PM", preview.rows[0].before)
        self.assertIn("8:00–9:00 PM", preview.rows[0].after)
        hours = {dates.to_local_time(meeting.starts_at).hour for meeting in self.offer.meetings.all()}
        self.assertEqual(hours, {20})

    def test_another_text_moves_nothing_and_no_calendar_hears_of_it(self):
        preview = class_offers.change_class(self.ada, self.offer, ClassDraft({"public_note": "Bring water"}))
        self.assertEqual(preview.rows, ())
        self.assertEqual(set(self.offer.meetings.values_list("revision", flat=True)), {0})
        self.assertEqual(Entry.objects.latest("id").details["changes"], {"public_note": ["", "Bring water"]})

    def test_another_place_reaches_the_calendars(self):
        place = make.location("Town Hall")
        preview = class_offers.change_class(self.ada, self.offer, ClassDraft({"location": place}))
        self.assertEqual(
            [(row.what, row.before, row.after) for row in preview.rows], [("Location", "Grange Hall", "Town Hall")]
        )
        self.assertEqual(set(self.offer.meetings.values_list("revision", flat=True)), {1})

    def test_another_weekday_makes_a_skipped_date_wrong_and_says_which_would_be_right(self):
        skipped = make.thursday(1) - timedelta(2)
        class_offers.change_class(self.ada, self.offer, ClassDraft({}, [skipped]))
        fault = self.refused(ClassDraft({"class_day": 2}), self.offer)
        self.assertEqual(fault.proposal, {"skipped": [make.thursday(1) - timedelta(1)]})
        class_offers.change_class(self.ada, self.offer, ClassDraft({"class_day": 2}, fault.proposal["skipped"]))
        self.assertEqual(len(self.days()), 5)

    def test_dates_already_held_stay_when_the_rest_of_a_class_moves(self):
        now = self.offer.meetings.all()[1].ends_at
        before = self.days()
        class_offers.change_class(self.ada, self.offer, ClassDraft({"class_day": 2}), now=now)
        day = timedelta(1)
        self.assertEqual(self.days(), before[:2] + [one + day for one in before[2:]])

    def test_a_class_that_is_over_is_left_alone_and_this_is_said(self):
        now = self.offer.meetings.last().ends_at
        preview = class_offers.change_class(self.ada, self.offer, ClassDraft({"class_day": 2}), now=now)
        self.assertEqual(preview.rows, ())
        self.assertIn("this class has ended", preview.warnings[0])

    def test_approval_is_told_once(self):
        class_offers.set_class_approved(self.ada, self.offer, False, why="No teacher yet")
        class_offers.set_class_approved(self.ada, self.offer, False)
        self.assertEqual(Event.objects.filter(type="classwork.offer_hidden").count(), 1)
        self.assertNotIn(self.offer, ClassOffer.objects.approved())
        class_offers.change_class(self.ada, self.offer, ClassDraft({"manager_approved": True}))
        self.assertEqual(Event.objects.filter(type="classwork.offer_approved").count(), 1)

    def test_a_class_of_a_subject_that_is_not_approved_is_not_listed(self):
        subjects.set_subject_approved(self.ada, self.offer.subject, False)
        self.assertNotIn(self.offer, ClassOffer.objects.approved())


class WarningTest(OfferTestCase):
    def plan(self, **values):
        usual = {"session": self.session, "subject": make.subject("L2"), "class_day": 1, "start_time": time(19, 30)}
        teachers = values.pop("teachers", [])
        return class_offers.plan_class(ClassOffer(), ClassDraft(usual | values, teachers=teachers)).warnings

    def test_a_teacher_who_is_wanted_twice_is_named_once(self):
        warnings = self.plan(teachers=[self.tess.staff])
        self.assertEqual(len(warnings), 1)
        self.assertIn("Tess Tanner is double-booked", warnings[0])

    def test_a_place_that_is_taken_is_named(self):
        self.assertIn("Grange Hall is double-booked", self.plan(location=self.hall)[0])

    def test_one_class_after_the_other_is_no_clash(self):
        self.assertEqual(self.plan(location=self.hall, teachers=[self.tess.staff], start_time=time(20)), ())

    def test_a_day_on_which_the_other_class_is_cancelled_is_free(self):
        self.offer.meetings.update(cancelled_at=timezone.now())
        self.assertEqual(self.plan(location=self.hall, teachers=[self.tess.staff]), ())

    def test_a_weekday_out_of_reach_and_too_many_weeks_are_said(self):
        warnings = self.plan(class_day=4, subject=make.subject("L3", num_weeks=6))
        self.assertIn("outside the session's date range", warnings[0])
        self.assertIn("runs for 6 weeks, the session for 5", warnings[1])


class ChangedSubjectTest(OfferTestCase):
    def test_more_weeks_give_classes_to_come_more_meetings(self):
        preview = subjects.change_subject(self.ada, self.offer.subject, {"num_weeks": 6})
        self.assertEqual([row.what for row in preview.rows], ["Class 6"])
        self.assertEqual(len(self.days()), 6)

    def test_fewer_weeks_take_the_last_ones_away(self):
        subjects.change_subject(self.ada, self.offer.subject, {"num_weeks": 2})
        self.assertEqual(len(self.days()), 2)

    def test_a_meeting_that_was_held_cannot_be_taken_away(self):
        now = self.offer.meetings.all()[2].ends_at
        with self.assertRaisesMessage(ChangeRefused, "class 3 is over and can’t be removed"):
            subjects.change_subject(self.ada, self.offer.subject, {"num_weeks": 2}, now=now)
        self.assertEqual(len(self.days()), 5)

    def test_classes_that_are_over_get_no_meeting_more(self):
        now = self.offer.meetings.last().ends_at
        preview = subjects.change_subject(self.ada, self.offer.subject, {"num_weeks": 7}, now=now)
        self.assertEqual((preview.rows, len(self.days())), ((), 5))

    def test_a_discount_above_the_price_is_refused(self):
        with self.assertRaisesMessage(ChangeRefused, "A discount cannot be more than the price."):
            subjects.change_subject(self.ada, self.offer.subject, {"full_price": Decimal(3)})
        self.assertEqual(Subject.objects.get().full_price, Decimal(70))

    def test_a_new_name_reaches_the_calendars(self):
        subjects.change_subject(self.ada, self.offer.subject, {"name": "First steps"})
        self.assertEqual(set(Meeting.objects.values_list("revision", flat=True)), {1})
