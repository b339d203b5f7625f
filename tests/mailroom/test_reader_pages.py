from django.test import Client
from django.urls import reverse

from common.personal import PersonRecords, apply_merge
from mailroom import personal
from mailroom.declare import MailKind
from mailroom.domain import bounces, preferences, reader_links
from mailroom.models import Message, MessageState, Preference, Suppression
from mailroom.testing import send_all
from tests.mailroom.base import ALICE, ChoirSchoolTestCase, again, stored, write


class MyMessagesTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.alice)

    def test_query_count_does_not_grow_with_the_number_of_messages(self) -> None:
        self.assertSameQueries(reverse("my_messages"), lambda count: [stored() for _ in range(count)])

    def test_readers_see_only_messages_that_were_addressed_to_them(self) -> None:
        own_messages = [
            stored(),
            stored(to="old@example.org", person_id=self.alice.pk),
            stored(MessageState.SUPPRESSED, text="Come at 7."),
        ]
        other_messages = [
            stored(person_id=self.gus.pk),
            stored(to="sam@example.org"),
            stored(MessageState.QUEUED),
            stored(MessageState.SUPPRESSED),  # It was not needed anymore when it was its turn.
        ]
        for message in own_messages:
            self.assertEqual(self.client.get(reverse("my_message", args=[message.pk])).status_code, 200)
        for message in other_messages:
            for name in ("my_message", "my_message_html"):
                self.assertEqual(self.client.get(reverse(name, args=[message.pk])).status_code, 404)

    def test_message_page_shows_whether_the_mail_was_sent_or_bounced(self) -> None:
        for state, text in (
            (MessageState.SENT, f"Sent to {ALICE}, "),
            (MessageState.SUPPRESSED, "Not emailed, "),
            (MessageState.BOUNCED, f"Sent to {ALICE}, but bounced, "),
        ):
            page = self.client.get(reverse("my_message", args=[stored(state, text="Come at 7.").pk]))
            self.assertContains(page, f'<p class="meta">{text}')

    def test_secret_link_of_a_mail_is_not_shown_on_the_message_page(self) -> None:
        message = write()
        send_all()
        for name in ("my_message", "my_message_html"):
            page = self.client.get(reverse(name, args=[message.pk]))
            self.assertContains(page, "welcome to" if name == "my_message" else "Flow My Tears")
            self.assertNotContains(page, "WzEyLCJhYmMiXQ")

    def test_message_list_shows_the_sent_subject(self) -> None:
        stored(subject="Receipt for order 39")
        self.assertContains(self.client.get(reverse("my_messages")), "Receipt for order 39</a>")

    def test_empty_message_list_shows_an_explanation(self) -> None:
        self.assertContains(self.client.get(reverse("my_messages")), "No messages yet")

    def test_preferences_are_saved(self) -> None:
        url = reverse("my_mail_choices")
        self.assertContains(
            self.client.post(url, {"promotional": "on"}, follow=True), "Your preferences have been saved."
        )
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})
        self.client.post(url, {"class": "on"})
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: True, MailKind.PROMOTIONAL: False})


class FooterLinkTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.footer = reader_links.footer_links(write(name="choir.rehearsal"))

    def test_one_click_unsubscribe_works_without_a_session_and_stops_only_this_kind_of_mail(self) -> None:
        csrf_client = Client(enforce_csrf_checks=True)
        response = csrf_client.post(self.footer.stop, {"List-Unsubscribe": "One-Click"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(preferences.preferences_of(ALICE)[MailKind.CLASS], False)
        unwanted, wanted = write(name="choir.rehearsal", key="2"), write()
        send_all()
        self.assertEqual((again(unwanted).state, again(wanted).state), (MessageState.SUPPRESSED, MessageState.SENT))

    def test_opening_the_unsubscribe_link_does_not_unsubscribe(self) -> None:
        self.assertContains(self.client.get(self.footer.stop), "Unsubscribe?")
        self.assertEqual(Preference.objects.count(), 0)

    def test_preferences_can_be_changed_from_a_mail_without_logging_in(self) -> None:
        self.assertContains(self.client.get(self.footer.choose), ALICE)
        self.client.post(self.footer.choose, {"promotional": "on"})
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})

    def test_footer_links_do_not_contain_the_email_address(self) -> None:
        self.assertNotIn("alice", self.footer.choose + self.footer.stop)

    def test_invalid_or_expired_footer_link_shows_an_explanation(self) -> None:
        Message.objects.all().delete()
        for link in (self.footer.choose, self.footer.stop, self.footer.stop[:-3] + "/", "/mail/stop/x/"):
            for method in (self.client.get, self.client.post):
                self.assertContains(method(link), "expired or is incomplete", status_code=404)
        self.assertEqual(Preference.objects.count(), 0)


class PersonalDataTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        write(data={"name": "Alice"})
        stored(to="old@example.org", person_id=self.alice.pk)
        stored(to="sam@example.org")
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE)
        self.person = PersonRecords(self.alice.pk, (), (ALICE,))

    def test_export_contains_the_messages_preferences_and_suppressions_of_a_person(self) -> None:
        exported = personal.export(self.person)
        self.assertEqual(
            {name: len(rows) for name, rows in exported.items()}, {"messages": 2, "choices": 1, "suppressed": 1}
        )  # type: ignore[arg-type]
        self.assertEqual(personal.export(PersonRecords()), {})

    def test_erasing_a_person_deletes_their_records_and_no_others(self) -> None:
        personal.erase(self.person)
        self.assertEqual(Message.objects.get().to, "sam@example.org")
        self.assertEqual((Preference.objects.count(), Suppression.objects.count()), (0, 0))

    def test_merging_accounts_moves_messages_to_the_other_account(self) -> None:
        target = PersonRecords(self.gus.pk, (), (self.gus.email,))
        self.assertEqual(apply_merge(personal.plan_merge(self.person, target)), ["Emails sent to them: 1."])
        self.assertEqual(personal.plan_merge(self.person, target), [])
        self.assertEqual(Message.objects.get(person_id=self.gus.pk).to, "old@example.org")
