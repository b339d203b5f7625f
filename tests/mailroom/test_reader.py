from django.test import Client
from django.urls import reverse

from common.personal import PersonRecords
from mailroom import personal
from mailroom.declare import MailKind
from mailroom.domain import bounces, preferences, reader_links
from mailroom.models import Message, MessageState, Preference, Suppression
from tests.mailroom.base import ALICE, ChoirSchoolTestCase, stored, write


class MessagesTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.alice)

    def test_the_page_asks_as_often_for_thirty_messages_as_for_one(self) -> None:
        self.assertSameQueries(reverse("my_messages"), lambda count: [stored() for _ in range(count)])

    def test_one_sees_what_was_sent_to_oneself(self) -> None:
        mine = [stored(), stored(to="old@example.org", person_id=self.alice.pk), stored(MessageState.SUPPRESSED)]
        foreign = [stored(person_id=self.gus.pk), stored(to="sam@example.org"), stored(MessageState.QUEUED)]
        for message in mine:
            self.assertEqual(self.client.get(reverse("my_message", args=[message.pk])).status_code, 200)
        for message in foreign:
            for name in ("my_message", "my_message_html"):
                self.assertEqual(self.client.get(reverse(name, args=[message.pk])).status_code, 404)

    def test_the_page_says_how_the_mail_fared(self) -> None:
        for state, text in (
            (MessageState.SENT, f"Sent to {ALICE}, "),
            (MessageState.SUPPRESSED, "Not emailed, "),
            (MessageState.BOUNCED, f"Sent to {ALICE}, but bounced, "),
        ):
            page = self.client.get(reverse("my_message", args=[stored(state).pk]))
            self.assertContains(page, f'<p class="meta">{text}')

    def test_a_key_does_not_leave_the_mail_it_was_in(self) -> None:
        message = stored(kind="transactional")
        for name in ("my_message", "my_message_html"):
            page = self.client.get(reverse(name, args=[message.pk]))
            self.assertContains(page, "welcome to" if name == "my_message" else "Flow My Tears")
            self.assertNotContains(page, "WzEyLCJhYmMiXQ")

    def test_the_list_shows_the_subject_that_was_sent(self) -> None:
        stored(subject="Receipt for order 39")
        self.assertContains(self.client.get(reverse("my_messages")), "Receipt for order 39</a>")

    def test_nothing_yet_is_said_in_words(self) -> None:
        self.assertContains(self.client.get(reverse("my_messages")), "No messages yet")

    def test_choices_are_kept(self) -> None:
        url = reverse("my_mail_choices")
        self.assertContains(
            self.client.post(url, {"promotional": "on"}, follow=True), "Your preferences have been saved."
        )
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})
        self.client.post(url, {"class": "on"})
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: True, MailKind.PROMOTIONAL: False})


class LinkTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.footer = reader_links.footer_links(write(name="choir.rehearsal"))

    def test_one_click_in_a_mail_program_stops_this_kind_without_a_session(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        response = strict.post(self.footer.stop, {"List-Unsubscribe": "One-Click"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(preferences.preferences_of(ALICE)[MailKind.CLASS], False)
        self.assertEqual(write(name="choir.rehearsal", key="2").state, MessageState.SUPPRESSED)
        self.assertEqual(write().state, MessageState.QUEUED)

    def test_looking_stops_nothing(self) -> None:
        self.assertContains(self.client.get(self.footer.stop), "Unsubscribe?")
        self.assertEqual(Preference.objects.count(), 0)

    def test_one_chooses_without_logging_in(self) -> None:
        self.assertContains(self.client.get(self.footer.choose), ALICE)
        self.client.post(self.footer.choose, {"promotional": "on"})
        self.assertEqual(preferences.preferences_of(ALICE), {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})

    def test_the_address_holds_no_address(self) -> None:
        self.assertNotIn("alice", self.footer.choose + self.footer.stop)

    def test_a_mangled_old_or_foreign_link_says_what_to_do(self) -> None:
        Message.objects.all().delete()
        for link in (self.footer.choose, self.footer.stop, self.footer.stop[:-3] + "/", "/mail/stop/x/"):
            for method in (self.client.get, self.client.post):
                self.assertContains(method(link), "expired or is incomplete", status_code=404)
        self.assertEqual(Preference.objects.count(), 0)


class PersonalTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        write(data={"name": "Alice"})
        stored(to="old@example.org", person_id=self.alice.pk)
        stored(to="sam@example.org")
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        bounces.suppress_address(ALICE, Suppression.Cause.BOUNCE)
        self.person = PersonRecords(self.alice.pk, (), (ALICE,))

    def test_what_is_told_is_what_there_is(self) -> None:
        told = personal.export(self.person)
        self.assertEqual(
            {name: len(rows) for name, rows in told.items()}, {"messages": 2, "choices": 1, "suppressed": 1}
        )  # type: ignore[arg-type]
        self.assertEqual(personal.export(PersonRecords()), {})

    def test_what_is_erased_is_gone_and_no_more_than_that(self) -> None:
        personal.erase(self.person)
        self.assertEqual(Message.objects.get().to, "sam@example.org")
        self.assertEqual((Preference.objects.count(), Suppression.objects.count()), (0, 0))

    def test_what_belonged_to_one_account_belongs_to_the_other(self) -> None:
        target = PersonRecords(self.gus.pk, (), (self.gus.email,))
        self.assertEqual(personal.merge(self.person, target), ["Emails sent to them: 1."])
        self.assertEqual(personal.merge(self.person, target), [])
        self.assertEqual(Message.objects.get(person_id=self.gus.pk).to, "old@example.org")
