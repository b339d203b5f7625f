import re
from datetime import timedelta

from django.test import tag
from django.urls import reverse

from classwork.domain import proposals
from classwork.domain.schedule import calendar_feeds, meetings
from classwork.models import ClassOffer, Meeting, Proposal, Session, Subject
from common.formats import format_date
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.planning import as_it_opens, everything
from tests.page_text import text_of


class DeskTestCase(SchoolTestCase):
    def fingerprint_on(self, response):
        return re.search(r'name="seen" value="([^"]*)"', response.content.decode())[1]

    def preview_and_confirm(self, url, data):
        """Post the form for a preview, check that it stores nothing, then confirm it."""
        before = everything()
        preview = self.client.post(url, data)
        self.assertEqual(preview.status_code, 200)
        self.assertEqual(everything(), before)
        response = self.client.post(url, data | {"seen": self.fingerprint_on(preview)})
        self.assertEqual(response.status_code, 302)
        return preview


@tag("once")
class NextSessionPageTest(DeskTestCase):
    def setUp(self):
        self.log_in(self.ada)
        factories.create_class_offer(self.session, factories.create_subject("L2"), self.tess.staff, class_day=3)
        self.url = reverse("desk_next_session", args=[self.session.pk])

    def values(self):
        return as_it_opens(self.client, self.url)

    def test_next_session_is_created_after_a_preview(self):
        preview = self.preview_and_confirm(self.url, self.values())
        self.assertContains(preview, format_date(factories.upcoming_thursday(5)))
        planned = Session.objects.latest("id")
        self.assertEqual((planned.key_day_date, planned.class_offers.count()), (factories.upcoming_thursday(5), 2))
        self.assertFalse(planned.class_offers.approved().exists())

    def test_excluded_classes_are_left_out_and_edited_values_are_used(self):
        values = self.values() | {"class-1-class_day": "2", "class-1-start_time": "18:30", "class-1-teaching": []}
        del values["class-0-keep"]
        self.preview_and_confirm(self.url, values)
        (class_offer,) = Session.objects.latest("id").class_offers.all()
        self.assertEqual(
            (class_offer.weekday, class_offer.time_range, class_offer.teachers.count()),
            ("Wednesday", "6:30–7:30 PM", 0),
        )
        sessions = self.client.get(reverse("desk_sessions"))
        self.assertContains(sessions, "has been created with 1 class. It is not approved yet.")

    def test_overlap_offers_a_button_with_the_next_free_day(self):
        response = self.client.post(
            self.url, self.values() | {"key_day_date": factories.upcoming_thursday(2).isoformat()}
        )
        self.assertContains(response, f"Use {format_date(factories.upcoming_thursday(5))}")
        self.assertEqual(Session.objects.count(), 1)

    def test_invalid_time_is_reported_at_its_class(self):
        response = self.client.post(self.url, self.values() | {"class-0-start_time": "25:00"})
        self.assertContains(response, "Enter a valid time.")

    def test_session_list_runs_the_same_queries_for_thirty_sessions(self):
        def rows(count):
            for _ in range(count):
                factories.create_session(
                    f"S{Session.objects.count()}", factories.upcoming_thursday(10 + 6 * Session.objects.count())
                )

        self.assertSameQueries(reverse("desk_sessions"), rows)

    def test_school_without_sessions_is_told_to_create_the_first(self):
        ClassOffer.objects.all().delete()
        Session.objects.all().delete()
        self.assertContains(self.client.get(reverse("desk_sessions")), "Create the first session")


@tag("once")
class ClassDayPageTest(DeskTestCase):
    def setUp(self):
        self.log_in(self.ada)
        self.day = self.class_offer.meetings.all()[1]

    def test_canceled_day_is_restored(self):
        meetings.cancel_meeting(self.ada, self.day, "Snow")
        self.assertContains(self.client.get(reverse("desk_class", args=[self.class_offer.pk])), "Snow")
        self.preview_and_confirm(reverse("desk_restore_day", args=[self.day.pk]), {})
        self.assertFalse(Meeting.objects.get(pk=self.day.pk).is_canceled)

    def test_class_days_are_numbered_without_canceled_days_like_resources(self):
        """The third day is class 2 after the second is canceled. An extra day is numbered in the order of dates."""
        meetings.cancel_meeting(self.ada, self.day, "Snow")
        third, last = self.class_offer.meetings.all()[2], self.class_offer.meetings.all()[4]
        Meeting.objects.create(
            class_offer=self.class_offer, starts_at=third.starts_at + timedelta(1), ends_at=third.ends_at + timedelta(1)
        )
        Meeting.objects.filter(pk=last.pk).update(moved_from=last.starts_at)
        page = text_of(self.client.get(reverse("desk_class", args=[self.class_offer.pk])))
        labels = re.findall(r"Class \d|Canceled|Extra|Moved from", page)
        self.assertEqual(
            labels, ["Class 1", "Canceled", "Class 2", "Class 3", "Extra", "Class 4", "Class 5", "Moved from"]
        )

    def test_day_is_moved_after_a_preview(self):
        data = {"day": (self.day.local_date + timedelta(1)).isoformat(), "start_time": "18:00", "reason": "Concert"}
        preview = self.preview_and_confirm(reverse("desk_move_day", args=[self.day.pk]), data)
        self.assertContains(preview, "6:00–7:00 PM")
        self.assertEqual(Meeting.objects.get(pk=self.day.pk).local_date, self.day.local_date + timedelta(1))

    def test_occupied_day_is_refused_with_a_free_one(self):
        data = {"day": self.class_offer.meetings.first().local_date.isoformat(), "start_time": "19:00"}
        response = self.client.post(reverse("desk_move_day", args=[self.day.pk]), data)
        self.assertContains(response, "The class already meets at that time.")
        self.assertContains(
            response, f"Use {format_date(self.class_offer.meetings.last().local_date + timedelta(weeks=1))}"
        )

    def test_extra_day_is_added(self):
        data = {"day": (self.day.local_date + timedelta(3)).isoformat(), "start_time": "18:00", "minutes": "90"}
        self.assertEqual(self.client.post(reverse("desk_add_day", args=[self.class_offer.pk]), data).status_code, 302)
        self.assertEqual(self.class_offer.meetings.filter(number=None).count(), 1)

    def test_double_booked_day_is_added_only_after_a_preview(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=2, location=self.hall)
        data = {"day": (self.day.local_date + timedelta(1)).isoformat(), "start_time": "19:00"}
        preview = self.preview_and_confirm(reverse("desk_add_day", args=[self.class_offer.pk]), data)
        self.assertContains(preview, "Grange Hall is double-booked")

    def test_substitute_is_assigned_without_a_preview(self):
        url = reverse("desk_substitutes_day", args=[self.day.pk])
        self.assertEqual(self.client.post(url, {"people": [self.ash.staff.pk]}).status_code, 302)
        self.assertEqual(list(self.day.substitutes.all()), [self.ash.staff])


@tag("once")
class ProposalPageTest(DeskTestCase):
    def propose(self):
        self.log_in(self.tess)
        level = factories.create_subject("L2").level_id
        data = {"level": level, "version": "D", "name": "Slow", "num_weeks": "3", "num_minutes": "60"}
        form = text_of(self.client.get(reverse("propose_subject")))
        self.assertIn("Save draft Cancel", form)
        self.client.post(reverse("propose_subject"), data)
        return Proposal.objects.get()

    def test_subject_proposal_is_answered_changed_and_approved(self):
        proposal = self.propose()
        self.assertFalse(proposal.subject.manager_approved)
        page, hand_in = reverse("proposal", args=[proposal.pk]), reverse("submit_proposal", args=[proposal.pk])
        self.client.post(hand_in, {"message": "What do you think?"})
        self.assertContains(self.client.get(page), "Waiting for an answer")
        self.assertEqual(self.client.get(reverse("edit_proposal", args=[proposal.pk])).status_code, 302)
        self.log_in(self.ada)
        desk = reverse("desk_proposal", args=[proposal.pk])
        self.assertContains(self.client.get(desk), "What do you think?")
        self.client.post(desk, {"answer": "Two weeks, please", "answer_back": ""})
        self.log_in(self.tess)
        self.assertContains(self.client.get(page), "Two weeks, please")
        edit = reverse("edit_proposal", args=[proposal.pk])
        values = {"level": proposal.subject.level_id, "version": "D", "name": "Slow", "num_minutes": "60"}
        self.client.post(edit, values | {"num_weeks": "2"})
        self.client.post(hand_in, {"message": "Like this?"})
        self.log_in(self.ada)
        self.client.post(desk, {"approve": "", "seen": self.fingerprint_on(self.client.get(desk))})
        subject = Subject.objects.get(pk=proposal.subject.pk)
        self.assertEqual((subject.manager_approved, subject.num_weeks), (True, 2))
        self.assertContains(self.client.get(reverse("desk_proposals") + "?show=decided"), "Slow")

    def test_teacher_proposes_a_class_for_an_upcoming_session(self):
        self.log_in(self.tess)
        values = {
            "session": self.session.pk,
            "subject": factories.create_subject("L2").pk,
            "class_day": "3",
            "start_time": "18:00",
        }
        self.client.post(reverse("propose_class"), values)
        class_offer = Proposal.objects.get().class_offer
        self.assertEqual((class_offer.manager_approved, list(class_offer.teachers.all())), (False, [self.tess.staff]))

    def test_change_request_shows_the_office_what_it_moves(self):
        self.log_in(self.tess)
        url = reverse("change_class", args=[self.class_offer.pk])
        values = {"location": self.hall.pk, "class_day": "1", "start_time": "20:00", "message": "Trains"}
        self.client.post(url, values)
        proposal = Proposal.objects.get()
        self.assertEqual((proposal.state, list(proposal.changes)), ("submitted", ["start_time"]))
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_proposal", args=[proposal.pk]))
        for words in ("Trains", "Starts at", "7:00 PM", "8:00 PM", "8:00–9:00 PM"):
            self.assertContains(page, words)
        self.client.post(reverse("desk_proposal", args=[proposal.pk]), {"approve": "", "seen": "something else"})
        self.assertEqual(ClassOffer.objects.get().start_time.hour, 19)
        self.client.post(
            reverse("desk_proposal", args=[proposal.pk]), {"approve": "", "seen": self.fingerprint_on(page)}
        )
        self.assertEqual(ClassOffer.objects.get().start_time.hour, 20)

    def test_change_request_without_a_change_is_refused(self):
        self.log_in(self.tess)
        values = {"location": self.hall.pk, "class_day": "1", "start_time": "19:00"}
        response = self.client.post(reverse("change_class", args=[self.class_offer.pk]), values)
        self.assertContains(response, "Nothing differs from what is published.")

    def test_withdrawn_proposal_cannot_be_submitted_again(self):
        proposal = self.propose()
        self.client.post(reverse("submit_proposal", args=[proposal.pk]), {"withdraw": ""})
        self.assertEqual(Proposal.objects.get().state, "withdrawn")
        self.client.post(reverse("submit_proposal", args=[proposal.pk]), {"message": "After all"})
        self.assertEqual(Proposal.objects.get().state, "withdrawn")

    def test_teaching_page_shows_classes_proposals_and_the_calendar(self):
        self.propose()
        page = self.client.get(reverse("teaching"))
        for words in ("Beginning A", "L2D: Slow", "Get calendar link"):
            self.assertContains(page, words)
        self.client.post(reverse("renew_calendar"))
        old = calendar_feeds.teacher_feed_url(self.tess.staff)
        self.assertContains(self.client.get(reverse("teaching")), old.rpartition(":")[0].rpartition(":")[0])
        self.client.post(reverse("renew_calendar"))
        self.assertEqual(self.client.get(old).status_code, 404)

    def test_office_cannot_see_drafts(self):
        proposal = self.propose()
        self.log_in(self.ada)
        self.assertEqual(self.client.get(reverse("desk_proposal", args=[proposal.pk])).status_code, 404)

    def test_proposal_lists_run_the_same_queries_for_thirty_proposals(self):
        level = factories.create_subject("L2").level

        def rows(count):
            for number in range(count):
                idea = {"level": level, "name": f"Idea {number}"}
                proposals.submit_proposal(self.tess.staff, proposals.propose_subject(self.tess.staff, idea))

        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk_proposals"), rows)
        self.log_in(self.tess)
        self.assertSameQueries(reverse("teaching"), rows)
