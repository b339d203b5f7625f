import json
from datetime import timedelta

from django.contrib.admin.templatetags.admin_list import result_headers
from django.test import tag
from django.urls import reverse

from classwork.domain.schedule import class_offers
from classwork.models import ClassOffer, Session, Subject
from common import dates
from common.formats import format_date
from history.models import Entry
from tests import factories
from tests.classwork.admin_case import OfficeTestCase
from tests.classwork.planning import everything

SAVED = 302


@tag("once")
class SessionAdminTest(OfficeTestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse("admin:classwork_session_change", args=[self.session.pk])
        self.add = reverse("admin:classwork_session_add")

    def test_list_shows_dates_with_their_weekday(self):
        page = self.client.get(reverse("admin:classwork_session_changelist")).content.decode()
        for day in (
            self.session.start_date,
            self.session.end_date,
            self.session.publish_date,
            self.session.expire_date,
        ):
            self.assertIn(format_date(day), page)

    def test_new_session_form_starts_with_the_proposed_values(self):
        response = self.post(self.add, self.values_of(self.add))
        self.assertEqual(response.status_code, SAVED)
        self.assertEqual(Session.objects.latest("id").key_day_date, factories.upcoming_thursday(5))

    def test_first_session_of_a_school_can_be_created(self):
        self.class_offer.delete()
        self.session.delete()
        self.assertEqual(self.post(self.add, self.values_of(self.add)).status_code, SAVED)
        key_day = Session.objects.get().key_day_date
        self.assertEqual((key_day.weekday(), (key_day - dates.local_today()).days // 7), (3, 0))  # DEFAULT_KEY_DAY

    def test_overlap_offers_a_button_with_the_next_free_day(self):
        values = self.values_of(self.add) | {"key_day_date": factories.upcoming_thursday(2).isoformat()}
        before = everything()
        response = self.post(self.add, values)
        self.assertContains(response, "overlaps with Open session")
        self.assertEqual(everything(), before)
        self.assertEqual(
            json.loads(self.taking(response)), {"key_day_date": factories.upcoming_thursday(5).isoformat()}
        )
        self.assertEqual(self.post(self.add, values, take=self.taking(response)).status_code, SAVED)
        self.assertEqual(Session.objects.latest("id").key_day_date, factories.upcoming_thursday(5))

    def test_publish_date_after_the_last_day_offers_a_valid_one(self):
        values = self.values_of(self.add) | {"publish_date": factories.upcoming_thursday(30).isoformat()}
        response = self.post(self.add, values)
        self.assertContains(response, "It would be published on")
        self.assertEqual(self.post(self.add, values, take=self.taking(response)).status_code, SAVED)

    def test_invalid_date_is_reported_at_its_field(self):
        self.assertContains(self.post(self.add, self.values_of(self.add), key_day_date="soon"), "Enter a valid date.")

    def test_moved_dates_are_previewed_before_they_are_saved(self):
        values = self.values_of(self.url) | {"key_day_date": factories.upcoming_thursday(1).isoformat()}
        before = everything()
        response = self.post(self.url, values)
        self.assertContains(response, "<caption>Changes</caption>")
        self.assertContains(response, format_date(factories.upcoming_thursday(1) - timedelta(2)))
        self.assertEqual(everything(), before)
        self.assertEqual(self.post(self.url, values, seen=self.seen(response)).status_code, SAVED)
        self.assertEqual(self.class_offer.meetings.first().local_date, factories.upcoming_thursday(1) - timedelta(2))
        self.assertEqual(Entry.objects.filter(action="classwork.session_changed", actor_id=self.ada.pk).count(), 1)

    def test_change_that_moves_nothing_is_saved_at_once(self):
        self.assertEqual(self.post(self.url, self.values_of(self.url), break_weeks="2").status_code, SAVED)
        self.assertEqual(Session.objects.get(pk=self.session.pk).break_weeks, 2)

    def test_empty_expiry_is_calculated(self):
        self.assertEqual(self.post(self.url, self.values_of(self.url), expire_date="").status_code, SAVED)
        self.assertEqual(Session.objects.get(pk=self.session.pk).expire_date, self.session.expire_date)

    def test_classes_are_added_and_changed_within_their_session(self):
        values = self.values_of(self.url)
        row = {
            "class_offers-TOTAL_FORMS": "2",
            "class_offers-1-subject": factories.create_subject("L2").pk,
            "class_offers-1-class_day": "3",
            "class_offers-1-start_time": "20:00",
            "class_offers-1-teaching": [self.ash.staff.pk],
        }
        self.assertEqual(self.post(self.url, values, **row).status_code, SAVED)
        added = ClassOffer.objects.latest("id")
        self.assertEqual((added.session, added.meetings.count()), (self.session, 5))
        values = self.values_of(self.url) | {"class_offers-0-start_time": "20:00"}
        response = self.post(self.url, values)
        self.assertContains(response, "8:00–9:00 PM")
        self.assertEqual(self.post(self.url, values, seen=self.seen(response)).status_code, SAVED)
        self.assertEqual(dates.to_local_time(self.class_offer.meetings.first().starts_at).hour, 20)
        self.assertEqual(list(self.class_offer.teachers.all()), [self.tess.staff])

    def test_form_runs_the_same_queries_for_thirty_classes(self):
        subject = factories.create_subject("L2")
        self.assertSameQueries(
            self.url,
            lambda count: [factories.create_class_offer(self.session, subject) for _ in range(count)],
            exactly=17,
        )

    def test_invalid_time_is_reported_and_the_other_rows_stay_unchanged(self):
        before = everything()
        response = self.post(self.url, self.values_of(self.url), **{"class_offers-0-start_time": "25:00"})
        self.assertContains(response, "Enter a valid time.")
        self.assertEqual(everything(), before)


@tag("once")
class ClassAdminTest(OfficeTestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse("admin:classwork_classoffer_change", args=[self.class_offer.pk])
        self.list = reverse("admin:classwork_classoffer_changelist")

    def act(self, name, *chosen):
        return self.client.post(self.list, {"action": name, "_selected_action": [one.pk for one in chosen]})

    def test_list_shows_formatted_times_and_dates_with_weekdays(self):
        page = self.client.get(self.list).content.decode()
        first, last = self.class_offer.meetings.first(), self.class_offer.meetings.last()
        for words in (
            "7:00–8:00 PM",
            format_date(first.local_date),
            format_date(last.local_date),
            "Tess Tanner",
            "Grange Hall",
        ):
            self.assertIn(words, page)

    def test_weekday_filter_lists_only_weekdays_in_use(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3)
        page = self.client.get(self.list).content.decode()
        self.assertIn("?class_day=3", page)
        self.assertNotIn("?class_day=2", page)
        self.assertNotIn(
            "Level 2", self.client.get(self.list + "?class_day=1").context["cl"].result_list[0].subject.title
        )
        self.assertEqual(self.client.get(self.list + "?class_day=nonsense").status_code, 200)

    def test_session_is_named_once_per_group(self):
        factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=3)
        rows = self.client.get(self.list).context["cl"].result_list
        self.assertEqual([row.group_shown for row in rows], ["Open session", ""])

    def test_list_runs_the_same_queries_for_many_classes(self):
        subject = factories.create_subject("L2")
        self.assertSameQueries(
            self.list,
            lambda count: [factories.create_class_offer(self.session, subject) for _ in range(count)],
            exactly=17,
        )

    def test_skipped_date_without_a_class_is_refused_with_the_nearest_class_day(self):
        values = self.values_of(self.url) | {"skipped": factories.upcoming_thursday(1).isoformat()}
        response = self.post(self.url, values)
        self.assertContains(response, "The class does not meet on")
        taken = self.post(self.url, values, take=self.taking(response))
        self.assertContains(taken, "<caption>Changes</caption>")
        right = (factories.upcoming_thursday(1) - timedelta(2)).isoformat()
        self.assertEqual(taken.context["adminform"].form["skipped"].value(), right)
        values["skipped"] = right
        self.assertEqual(self.post(self.url, values, seen=self.seen(taken)).status_code, SAVED)
        self.assertEqual([str(skipped.day) for skipped in self.class_offer.skipped_dates.all()], [right])

    def test_invalid_skipped_date_is_refused(self):
        self.assertContains(self.post(self.url, self.values_of(self.url), skipped="Tuesday"), "“Tuesday” isn’t a date")

    def test_teachers_stay_on_saving_and_can_be_replaced(self):
        values = self.values_of(self.url)
        self.assertEqual(self.post(self.url, values).status_code, SAVED)
        self.assertEqual(list(self.class_offer.teachers.all()), [self.tess.staff])
        self.assertEqual(self.post(self.url, values, teaching=[], assisting=[self.ash.staff.pk]).status_code, SAVED)
        self.assertEqual([str(one) for one in self.class_offer.assignments.all()], ["Ash Abara (Assistant)"])

    def test_new_class_gets_its_meetings(self):
        url = reverse("admin:classwork_classoffer_add")
        values = {
            "session": self.session.pk,
            "subject": factories.create_subject("L2").pk,
            "class_day": 3,
            "start_time": "18:00",
        }
        self.assertEqual(self.client.post(url, values).status_code, SAVED)
        self.assertEqual(ClassOffer.objects.latest("id").meetings.count(), 5)

    def test_selected_classes_are_approved_or_copied(self):
        class_offers.set_class_approved(self.ada, self.class_offer, False)
        self.act("approve", self.class_offer)
        self.assertTrue(ClassOffer.objects.get().manager_approved)
        self.act("copy", self.class_offer)
        copied = ClassOffer.objects.latest("id")
        self.assertEqual(
            (copied.session, copied.subject, copied.manager_approved), (self.session, self.class_offer.subject, False)
        )
        self.assertEqual(list(copied.teachers.all()), [self.tess.staff])

    def test_class_that_has_begun_cannot_be_deleted(self):
        old = factories.create_class_offer(
            factories.create_session(
                "Old", factories.upcoming_thursday(-20), publish_date=factories.upcoming_thursday(-24)
            ),
            factories.create_subject("L2"),
        )
        response = self.client.post(
            reverse("admin:classwork_classoffer_delete", args=[old.pk]), {"post": "yes"}, follow=True
        )
        self.assertContains(response, "has started and cannot be deleted")
        self.assertTrue(ClassOffer.objects.filter(pk=old.pk).exists())
        self.client.post(reverse("admin:classwork_classoffer_delete", args=[self.class_offer.pk]), {"post": "yes"})
        self.assertFalse(ClassOffer.objects.filter(pk=self.class_offer.pk).exists())


@tag("once")
class CatalogueAdminTest(OfficeTestCase):
    def test_more_weeks_are_previewed_before_they_are_saved(self):
        url = reverse("admin:classwork_subject_change", args=[self.class_offer.subject_id])
        values = self.values_of(url) | {"num_weeks": "6"}
        response = self.post(url, values)
        self.assertContains(response, "Class 6")
        self.assertEqual(self.class_offer.meetings.count(), 5)
        self.assertEqual(self.post(url, values, seen=self.seen(response)).status_code, SAVED)
        self.assertEqual(self.class_offer.meetings.count(), 6)

    def test_forms_and_lists_use_the_same_terms_as_the_site(self):
        subject = self.client.get(reverse("admin:classwork_subject_add"))
        self.assertContains(subject, "Early price discount")
        self.assertNotContains(subject, "Pre pay")
        class_offer = self.client.get(reverse("admin:classwork_classoffer_change", args=[self.class_offer.pk]))
        self.assertContains(class_offer, '<option value="" selected>School default</option>', html=True)
        self.assertNotContains(class_offer, "Unknown")
        page = self.client.get(reverse("admin:registrations_registration_changelist"))
        names = [header["text"].lower() for header in result_headers(page.context["cl"])]
        self.assertIn("spot", names)
        self.assertNotIn("place", names)

    def test_late_joiner_setting_defaults_to_the_school(self):
        url = reverse("admin:classwork_classoffer_change", args=[self.class_offer.pk])
        for typed, kept in (("True", True), ("False", False), ("", None)):
            response = self.post(url, self.values_of(url) | {"pro_rata": typed})
            self.assertEqual(response.status_code, SAVED)
            self.class_offer.refresh_from_db()
            self.assertIs(self.class_offer.pro_rata, kept)

    def test_copied_subject_has_no_code_and_no_approval(self):
        subject = factories.create_subject("L2", code="X1")
        data = {"action": "copy", "_selected_action": [subject.pk]}
        self.client.post(reverse("admin:classwork_subject_changelist"), data)
        copied = Subject.objects.latest("id")
        self.assertEqual((copied.level, copied.code, copied.manager_approved), (subject.level, "", False))

    def test_invalid_level_rule_is_explained_at_its_field(self):
        url = reverse("admin:classwork_level_add")
        response = self.client.post(url, {"name": "Level 9", "code": "L9", "rank": "9", "rule": "A,,B"})
        self.assertContains(response, "Goal 2 has no version")
        self.client.post(
            url, {"name": "Level 9", "code": "L9", "rank": "9", "rule": "A, B", "planned_versions": "A, B"}
        )
        self.assertEqual(Entry.objects.latest("id").action, "classwork.level_added")
