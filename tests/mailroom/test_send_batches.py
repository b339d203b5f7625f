"""Sending of messages with the mail backend of the tests. A real mail server is used in tests/mailroom/test_smtp.py."""

from contextlib import closing

from django.core import mail
from django.test import override_settings

from mailroom.domain import send_batches
from mailroom.models import Message, MessageState, Template
from mailroom.testing import send_all
from outbox.work_queues import never_stop
from tests.mailroom.base import ChoirTestCase, again, stored, write


class SendingTest(ChoirTestCase):
    def test_drafted_message_is_sent_once_as_text_and_html(self) -> None:
        message = write()
        (sent,) = send_all()
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertEqual((sent.to, sent.subject), (["alice@example.org"], "Alice, welcome to Hepcat Test School"))
        self.assertIn("Open the door (http://testserver/choir/open/", sent.body)
        self.assertIn("<strong>Flow My Tears</strong>", sent.alternatives[0].content)
        self.assertEqual(len(send_all()), 1)

    def test_message_that_another_worker_is_sending_is_skipped(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertEqual(send_batches.send_due_messages(never_stop), 0)
        self.assertEqual((mail.outbox, again(message).state), ([], MessageState.SENDING))

    def test_message_that_another_worker_took_after_it_was_loaded_is_not_sent_again(self) -> None:
        message = write()
        batch = send_batches.SendBatch()
        send_all()
        with closing(send_batches.MailConnection()) as mail_connection:
            self.assertFalse(send_batches.send_message(batch.messages[0], batch, mail_connection))
        self.assertEqual((len(mail.outbox), again(message).state), (1, MessageState.SENT))

    def test_more_messages_than_fit_into_one_batch_are_sent_in_one_run(self) -> None:
        count = send_batches.BATCH_SIZE + 5
        for number in range(count):
            write(f"reader{number}@example.org")
        self.assertEqual(send_batches.send_due_messages(never_stop), count)
        self.assertEqual(len(mail.outbox), count)

    def test_worker_that_is_stopping_leaves_the_other_messages_in_the_queue(self) -> None:
        for number in range(3):
            write(f"reader{number}@example.org")
        self.assertEqual(send_batches.send_due_messages(lambda: len(mail.outbox) == 2), 2)
        self.assertEqual(Message.objects.filter(state=MessageState.QUEUED, tries=0).count(), 1)

    def test_mail_that_is_no_longer_needed_is_not_sent(self) -> None:
        message = write(data={"called_off": True})
        self.assertEqual(send_all(), [])
        self.assertEqual(
            (again(message).state, message.reason), (MessageState.SUPPRESSED, "The rehearsal was called off.")
        )

    def test_message_that_cannot_be_rendered_is_parked_and_the_others_are_sent(self) -> None:
        Template.objects.create(name="choir.rehearsal", subject="Hello", body="{{ nmae }}")
        unrenderable, unaffected = write(name="choir.rehearsal"), write()
        self.assertEqual([message.to for message in send_all()], [[unaffected.to]])
        self.assertEqual(again(unrenderable).state, MessageState.PARKED)
        self.assertIn("Its text cannot be rendered. It uses {{ nmae }}", unrenderable.reason)

    def test_message_whose_context_fails_is_parked_without_the_error_message(self) -> None:
        message = write(data={"gone": True})
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).reason, "The record it is about can’t be found (LookupError).")

    def test_message_of_a_mail_that_is_no_longer_declared_is_parked(self) -> None:
        message = write()
        Message.objects.update(template="choir.gone")
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).state, MessageState.PARKED)

    def test_custom_text_of_the_school_is_sent(self) -> None:
        Template.objects.create(name="choir.welcome", subject="Ahoy {{ name }}", body="Come *now*.")
        write()
        self.assertEqual(send_all()[0].subject, "Ahoy Alice")

    def test_subject_is_stored_as_it_was_sent(self) -> None:
        message = write()
        send_all()
        self.assertEqual(again(message).subject, "Alice, welcome to Hepcat Test School")

    def test_no_secret_is_stored_with_the_subject(self) -> None:
        Template.objects.create(name="choir.welcome", subject="{{ code }} opens {{ link }}", body="Come.")
        message = write()
        self.assertIn("AB-12 opens http://testserver/choir/open/Wz", send_all()[0].subject)
        self.assertEqual(again(message).subject, "[link removed] opens [link removed]")

    def test_batch_of_messages_is_prepared_with_four_queries_however_many_there_are(self) -> None:
        for number in range(20):
            write(f"reader{number}@example.org", "choir.rehearsal")
        with self.assertNumQueries(4):
            send_batches.SendBatch()


class StoredTextTest(ChoirTestCase):
    def test_text_is_stored_as_it_was_sent_without_secret_links_and_codes(self) -> None:
        Template.objects.create(
            name="choir.welcome", subject="Hi", body="[Enter]({{ link }}) with **{{ code }}** today"
        )
        message = write()
        (sent,) = send_all()
        self.assertIn("Enter (http://testserver/choir/open/Wz", sent.body)
        self.assertIn("with AB-12 today", sent.body)
        self.assertTrue(again(message).text.startswith("Enter ([link removed]) with [link removed] today\n"))
        self.assertIn("Enter [link removed] with <strong", message.html)
        for secret in ("WzEyLCJhYmMiXQ", "AB-12"):
            self.assertNotIn(secret, message.text + message.html)

    def test_stored_text_does_not_change_with_the_text_of_the_school(self) -> None:
        message = write()
        send_all()
        Template.objects.create(name="choir.welcome", subject="Hi", body="Something else")
        self.assertIn("Flow My Tears", again(message).text)

    def test_text_of_a_mail_that_its_recipient_does_not_want_is_stored_for_their_account(self) -> None:
        message = write(name="choir.concert")
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).state, MessageState.SUPPRESSED)
        self.assertIn("Flow My Tears", message.text)


class HeaderTest(ChoirTestCase):
    def sent_headers(self, name: str) -> dict[str, str]:
        write(name=name)
        sent = send_all()[-1]
        return {key: str(value) for key, value in sent.message().items()}

    @override_settings(NEWS_WITHOUT_CONSENT=True)
    def test_class_and_promotional_mail_has_one_click_unsubscribe_headers(self) -> None:
        for name in ("choir.rehearsal", "choir.concert"):
            headers = self.sent_headers(name)
            self.assertRegex(headers["List-Unsubscribe"], r"\A<http://testserver/mail/stop/[^>]+>\Z")
            self.assertEqual(headers["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")

    def test_transactional_mail_has_no_unsubscribe_header(self) -> None:
        self.assertNotIn("List-Unsubscribe", self.sent_headers("choir.welcome"))

    def test_mail_is_marked_as_auto_generated(self) -> None:
        self.assertEqual(self.sent_headers("choir.welcome")["Auto-Submitted"], "auto-generated")

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_replies_go_to_the_office(self) -> None:
        self.assertEqual(self.sent_headers("choir.welcome")["Reply-To"], "office@example.org")

    def test_line_break_in_a_name_cannot_add_a_header(self) -> None:
        write(data={"name": "Eve\r\nBcc: everybody@example.org", "song": "x" * 1000})
        (sent,) = send_all()
        self.assertNotIn("Bcc", dict(sent.message().items()))
        self.assertEqual(sent.recipients(), ["alice@example.org"])

    def test_long_name_in_any_script_is_sent_completely(self) -> None:
        name = "Владислава-Ἀλεξάνδρα 鈴木さくら " * 8
        write(data={"name": name})
        (sent,) = send_all()
        self.assertIn("Владислава-Ἀλεξάνδρα 鈴木さくら", sent.subject)
        self.assertIn(name.strip(), sent.body)
        self.assertTrue(sent.message().as_bytes())
