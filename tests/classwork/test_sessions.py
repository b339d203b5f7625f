from datetime import date, timedelta
from unittest.mock import ANY

from django.test import override_settings, tag
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from classwork.domain.schedule import sessions
from classwork.domain.schedule.previews import Preview, PreviewRow
from classwork.errors import ChangeRefused, PreviewOutdated
from classwork.models import Session
from common import dates
from common.formats import format_date
from history.models import Entry
from outbox.models import Event
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.planning import everything


def releases(effects):
    return Preview(rows=tuple(PreviewRow("Videos", "opens", "", str(each.after[0])) for each in effects))


class SessionTestCase(SchoolTestCase):
    def refusal_of(self, values, session=None):
        before = everything()
        preview = sessions.plan_session(session or Session(), values)
        with self.assertRaises(ChangeRefused) as caught:
            if session is None:
                sessions.create_session(self.ada, values)
            else:
                sessions.change_session(self.ada, session, values)
        self.assertEqual(caught.exception.problems, preview.problems)
        self.assertEqual(everything(), before)
        return preview.problems[0]


class NewSessionTest(SessionTestCase):
    def test_next_session_is_proposed_after_the_last(self):
        proposed = sessions.propose_session()
        self.assertEqual(proposed["key_day_date"], self.session.key_day_date + timedelta(weeks=5))
        self.assertEqual(proposed["publish_date"], self.session.expire_date)
        created = sessions.create_session(self.ada, proposed)
        self.assertEqual(created.expire_date, created.key_day_date + timedelta(8))
        self.assertEqual(Entry.objects.latest("id").action, "classwork.session_created")

    def test_first_session_can_be_created_as_proposed(self):
        self.class_offer.delete()
        Session.objects.all().delete()
        created = sessions.create_session(self.ada, sessions.propose_session())
        self.assertEqual((created.key_day_date.weekday(), created.publish_date), (3, dates.local_today()))
        self.assertIn(created.key_day_date - dates.local_today(), [timedelta(days) for days in range(7)])

    def test_name_in_use_gets_a_number(self):
        day = date(dates.local_today().year + 20, 1, 10)
        self.assertEqual(sessions.free_session_name(day), f"Jan_{day.year}")
        factories.create_session(f"jan_{day.year}", day)
        self.assertEqual(sessions.free_session_name(day), f"Jan_{day.year}_2")

    def test_overlapping_session_is_refused_with_a_free_key_day_and_changes_nothing(self):
        key_day = self.session.key_day_date + timedelta(weeks=3)
        problem = self.refusal_of({"name": "Next", "key_day_date": key_day, "publish_date": dates.local_today()})
        self.assertEqual(problem.field, "key_day_date")
        self.assertIn("overlaps with Open session", problem.sentence)
        fits = sessions.create_session(
            self.ada, {"name": "Next", "publish_date": dates.local_today()} | dict(problem.proposal)
        )
        self.assertEqual(fits.key_day_date, self.session.key_day_date + timedelta(weeks=5))
        self.assertEqual(fits.max_day_shift, -2)

    def test_publish_date_after_the_expiry_is_refused_with_a_valid_one(self):
        key_day = self.session.key_day_date + timedelta(weeks=5)
        values = {
            "name": "Next",
            "key_day_date": key_day,
            "publish_date": key_day,
            "expire_date": key_day - timedelta(1),
        }
        problem = self.refusal_of(values)
        self.assertEqual((problem.field, problem.proposal), ("publish_date", {"expire_date": key_day + timedelta(8)}))
        late = values | {"publish_date": key_day + timedelta(40)}
        problem = self.refusal_of(late)
        self.assertEqual(problem.proposal, {"publish_date": key_day - timedelta(2)})
        sessions.create_session(self.ada, late | dict(problem.proposal) | {"expire_date": None})

    def test_key_day_is_required(self):
        problem = self.refusal_of({"name": "Next", "key_day_date": None, "publish_date": dates.local_today()})
        self.assertEqual(problem.field, "key_day_date")

    def test_name_that_is_in_use_or_invalid_in_addresses_is_refused(self):
        key_day = self.session.key_day_date + timedelta(weeks=5)
        values = {"key_day_date": key_day, "publish_date": key_day}
        self.assertEqual(self.refusal_of(values | {"name": "a,b"}).field, "name")
        self.assertIn("has this name", self.refusal_of(values | {"name": "open_session"}).sentence)

    def test_flipped_last_day_without_skipped_weeks_is_reset(self):
        created = factories.create_session("Next", factories.upcoming_thursday(20), flip_last_day=True)
        self.assertFalse(created.flip_last_day)


class ChangedSessionTest(SessionTestCase):
    def test_saving_an_unchanged_session_moves_nothing(self):
        preview = sessions.change_session(self.ada, self.session, {})
        self.assertEqual((preview.rows, preview.problems), ((), ()))
        self.assertFalse(Event.objects.filter(type="classwork.schedule_changed").exists())

    def test_moving_the_key_day_moves_every_class(self):
        before = [meeting.slot for meeting in self.class_offer.meetings.all()]
        values = {"key_day_date": self.session.key_day_date + timedelta(weeks=1)}
        preview = sessions.plan_session(self.session, values)
        own = ["First class day", "Last class day", "Published until"]
        self.assertEqual([row.what for row in preview.rows], own + [f"Class {n}" for n in range(1, 6)])
        sessions.change_session(self.ada, self.session, values, seen=preview.fingerprint)
        after = [meeting.slot for meeting in self.class_offer.meetings.all()]
        self.assertEqual([slot.starts_at.date() for slot in after[:-1]], [slot.starts_at.date() for slot in before[1:]])
        self.assertEqual(set(self.class_offer.meetings.values_list("revision", flat=True)), {1})

    def test_default_expiry_follows_the_key_day_and_a_chosen_one_stays(self):
        week = timedelta(weeks=1)
        sessions.change_session(self.ada, self.session, {"key_day_date": self.session.key_day_date + week})
        moved = Session.objects.get(pk=self.session.pk)
        self.assertEqual(moved.expire_date, self.session.expire_date + week)
        chosen = moved.expire_date + timedelta(3)
        sessions.change_session(self.ada, moved, {"expire_date": chosen})
        sessions.change_session(self.ada, moved, {"key_day_date": moved.key_day_date + week})
        again = Session.objects.get(pk=self.session.pk)
        self.assertEqual((again.expire_date, again.publish_date), (chosen, self.session.publish_date))

    def test_saving_a_session_does_not_change_the_next_one(self):
        following = factories.create_session(
            "Next", factories.upcoming_thursday(5), publish_date=factories.upcoming_thursday(2)
        )
        sessions.change_session(self.ada, self.session, {"expire_date": factories.upcoming_thursday(3)})
        self.assertEqual(Session.objects.get(pk=following.pk).publish_date, factories.upcoming_thursday(2))

    def test_moving_a_session_onto_the_next_one_is_refused(self):
        factories.create_session("Next", factories.upcoming_thursday(5))
        problem = self.refusal_of({"key_day_date": factories.upcoming_thursday(1)}, self.session)
        self.assertEqual(problem.proposal, {"key_day_date": factories.upcoming_thursday(10)})

    def test_outdated_preview_is_not_applied(self):
        values = {"key_day_date": factories.upcoming_thursday(1)}
        seen = sessions.plan_session(self.session, values).fingerprint
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=2)
        before = everything()
        with self.assertRaises(PreviewOutdated):
            sessions.change_session(self.ada, self.session, values, seen=seen)
        self.assertEqual(everything(), before)

    def test_change_and_reason_are_recorded_and_an_event_is_sent(self):
        sessions.change_session(
            self.ada, self.session, {"key_day_date": factories.upcoming_thursday(1)}, why="The hall floods"
        )
        entry = Entry.objects.get(action="classwork.session_changed")
        self.assertEqual((entry.actor_id, entry.reason), (self.ada.pk, "The hall floods"))
        self.assertEqual(
            entry.details["changes"]["key_day_date"],
            [format_date(factories.upcoming_thursday()), format_date(factories.upcoming_thursday(1))],
        )
        event = Event.objects.get(type="classwork.schedule_changed")
        self.assertEqual(event.payload.class_offer_id, self.class_offer.pk)
        moves = Entry.objects.get(pk=event.payload.change).details["moves"]
        self.assertEqual(len(moves), 5)
        self.assertEqual(moves[0], {"meeting": ANY, "before": ANY, "after": ANY})

    @override_settings(PREVIEW_CONTRIBUTORS=["tests.classwork.test_sessions.releases"])
    def test_preview_includes_rows_from_other_apps(self):
        preview = sessions.plan_session(self.session, {"key_day_date": factories.upcoming_thursday(1)})
        self.assertEqual(preview.rows[-1], PreviewRow("Videos", "opens", "", str(preview.effects[0].after[0])))

    def test_preview_warns_about_a_weekday_that_becomes_unreachable(self):
        factories.create_class_offer(
            self.session, factories.create_subject("L2"), class_day=4
        )  # Friday is unreachable too, but it was before the change
        warnings = sessions.plan_session(self.session, {"max_day_shift": -1}).warnings
        self.assertEqual(len(warnings), 1)
        self.assertIn("BegA, Tuesdays 7:00 PM: this weekday is outside", warnings[0])


@tag("long")
class PreviewLaw(HypothesisTestCase, SchoolTestCase):
    @settings(max_examples=40)
    @given(
        st.fixed_dictionaries(
            {
                "key_day_date": st.integers(-8, 8).map(factories.upcoming_thursday),
                "max_day_shift": st.integers(-6, 6),
                "num_weeks": st.integers(1, 8),
                "skip_weeks": st.integers(0, 2),
                "flip_last_day": st.booleans(),
            }
        ),
        st.sampled_from([3, 7]),
    )
    def test_applied_change_equals_its_preview(self, values, weeks):
        values["publish_date"] = dates.local_today() - timedelta(weeks=20)
        factories.create_class_offer(self.session, factories.create_subject("L2", num_weeks=weeks), class_day=3)
        preview = sessions.plan_session(self.session, values)
        predicted = {effect.class_offer.pk: list(effect.after) for effect in preview.effects}
        sessions.change_session(self.ada, self.session, values, seen=preview.fingerprint)
        for class_offer in self.session.class_offers.all():
            stored = [meeting.slot for meeting in class_offer.meetings.all()]
            self.assertEqual(stored, predicted.get(class_offer.pk, stored))
            self.assertEqual(len(stored), class_offer.subject.num_weeks)
        again = sessions.plan_session(Session.objects.get(pk=self.session.pk), {})
        self.assertEqual(again.rows, ())
