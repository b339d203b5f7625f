"""Sending of messages with the mail backend of the tests. A real mail server is used in tests/mailroom/test_smtp.py."""

from django.core import mail
from django.test import override_settings

from mailroom.domain import send_batches
from mailroom.models import Message, MessageState, Template
from mailroom.testing import send_all
from outbox.models import Delivery
from outbox.testing import delivery_problems
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

    def test_message_is_sent_once_if_its_event_is_delivered_twice(self) -> None:
        message = write()
        for _ in range(2):
            self.assertEqual(list(send_batches.send_messages([message.pk, message.pk])), [None, None])
        self.assertEqual(len(mail.outbox), 1)

    def test_message_that_another_worker_is_sending_is_skipped(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertEqual(list(send_batches.send_messages([message.pk])), [None])
        self.assertEqual((mail.outbox, again(message).state), ([], MessageState.SENDING))

    def test_deleted_message_is_skipped_without_an_error(self) -> None:
        self.assertEqual(list(send_batches.send_messages([0])), [None])

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
        self.assertEqual(delivery_problems(), [])

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
        self.assertEqual(again(message).subject, "••••• opens http://testserver/choir/open/•••••/")

    def test_batch_of_messages_is_prepared_with_four_queries(self) -> None:
        ids = [write(f"reader{number}@example.org").pk for number in range(20)]
        with self.assertNumQueries(4):
            send_batches.SendBatch(ids)


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


class DeliveryTest(ChoirTestCase):
    def test_deliveries_of_sent_messages_are_done(self) -> None:
        write(), write(key="2")
        send_all()
        self.assertEqual(set(Delivery.objects.values_list("state", flat=True)), {"done"})
