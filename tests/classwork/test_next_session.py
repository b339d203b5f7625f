from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from classwork.domain.schedule import next_session
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer, Session
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.planning import everything


class NextSessionTest(SchoolTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        factories.create_class_offer(
            cls.session,
            factories.create_subject("L2"),
            cls.tess.staff,
            class_day=3,
            price=Decimal(50),
            capacity=12,
            public_note="Only this time",
            skipped=[factories.upcoming_thursday(1)],
        )

    def test_every_class_is_repeated_without_its_notes_and_skipped_dates(self):
        values, repeats = next_session.propose_next_session(self.session)
        self.assertEqual(values["key_day_date"], factories.upcoming_thursday(5))
        created = next_session.create_next_session(self.ada, values, repeats)
        again = created.class_offers.get(class_day=3)
        self.assertEqual((again.price, again.capacity, again.public_note), (Decimal(50), 12, ""))
        self.assertEqual(list(again.teachers.all()), [self.tess.staff])
        self.assertEqual(
            [meeting.local_date for meeting in again.meetings.all()],
            [factories.upcoming_thursday(week) for week in range(5, 10)],
        )
        self.assertEqual(created.class_offers.count(), 2)

    def test_new_session_is_public_only_after_its_publish_date_and_approval(self):
        created = next_session.create_next_session(self.ada, *next_session.propose_next_session(self.session))
        self.assertFalse(created.class_offers.approved().exists())
        created.class_offers.update(manager_approved=True)
        eve = created.publish_date - timedelta(1)
        self.assertFalse(ClassOffer.objects.published(eve).filter(session=created).exists())
        self.assertEqual(ClassOffer.objects.published(created.publish_date).filter(session=created).count(), 2)

    def test_preview_shows_all_dates_and_stores_nothing(self):
        values, repeats = next_session.propose_next_session(self.session)
        before = everything()
        preview = next_session.preview_next_session(values, repeats)
        self.assertEqual(everything(), before)
        self.assertEqual([len(effect.after) for effect in preview.effects], [5, 5])
        created = next_session.create_next_session(self.ada, values, repeats)
        made = [
            [meeting.slot for meeting in class_offer.meetings.all()]
            for class_offer in created.class_offers.order_by("pk")
        ]
        self.assertEqual([list(effect.after) for effect in preview.effects], made)

    def test_preview_reports_conflicts_between_the_new_classes(self):
        values, repeats = next_session.propose_next_session(self.session)
        same_time = [repeats[0], replace(repeats[1], class_day=1, start_time=repeats[0].start_time)]
        self.assertIn("Tess Tanner is double-booked", next_session.preview_next_session(values, same_time).warnings[0])

    def test_one_invalid_class_refuses_the_session_and_is_named_by_its_number(self):
        values, repeats = next_session.propose_next_session(self.session)
        wrong = [repeats[0], replace(repeats[1], class_day=9)]
        self.assertEqual(next_session.preview_next_session(values, wrong).problems[0].field, "1-class_day")
        before = everything()
        with self.assertRaises(ChangeRefused) as caught:
            next_session.create_next_session(self.ada, values, wrong)
        self.assertEqual(caught.exception.problems[0].field, "1-class_day")
        self.assertEqual(everything(), before)

    def test_overlapping_session_is_refused_with_the_next_free_day(self):
        values, repeats = next_session.propose_next_session(self.session)
        wrong = values | {"key_day_date": factories.upcoming_thursday(1)}
        self.assertEqual(
            next_session.preview_next_session(wrong, repeats).problems[0].proposal,
            {"key_day_date": factories.upcoming_thursday(5)},
        )
        self.assertEqual(Session.objects.count(), 1)
