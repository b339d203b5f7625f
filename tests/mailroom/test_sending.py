"""What becomes of a message when its turn comes, with any connection; tests/mailroom/test_smtp.py has a real one."""

from django.core import mail
from django.test import override_settings

from mailroom.domain import sending
from mailroom.models import Message, MessageState, Template
from mailroom.testing import send_all
from outbox.models import Delivery
from outbox.testing import delivery_problems
from tests.mailroom.base import ChoirTestCase, again, stored, write


class SendingTest(ChoirTestCase):
    def test_a_draft_is_sent_once_with_both_parts(self) -> None:
        message = write()
        (sent,) = send_all()
        self.assertEqual(again(message).state, MessageState.SENT)
        self.assertEqual((sent.to, sent.subject), (["alice@example.org"], "Alice, welcome to Hepcat Test School"))
        self.assertIn("Open the door (http://testserver/choir/open/", sent.body)
        self.assertIn("<strong>Flow My Tears</strong>", sent.alternatives[0].content)
        self.assertEqual(len(send_all()), 1)

    def test_the_event_told_twice_sends_once(self) -> None:
        message = write()
        for _ in range(2):
            self.assertEqual(list(sending.send_messages([message.pk, message.pk])), [None, None])
        self.assertEqual(len(mail.outbox), 1)

    def test_a_message_in_somebody_elses_hands_is_left_to_them(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertEqual(list(sending.send_messages([message.pk])), [None])
        self.assertEqual((mail.outbox, again(message).state), ([], MessageState.SENDING))

    def test_a_message_that_is_gone_is_nothing_to_do(self) -> None:
        self.assertEqual(list(sending.send_messages([0])), [None])

    def test_what_is_no_longer_needed_is_not_sent(self) -> None:
        message = write(data={"called_off": True})
        self.assertEqual(send_all(), [])
        self.assertEqual(
            (again(message).state, message.reason), (MessageState.SUPPRESSED, "The rehearsal was called off.")
        )

    def test_a_text_that_cannot_be_made_is_parked_whole_and_the_others_go_on(self) -> None:
        Template.objects.create(name="choir.rehearsal", subject="Hello", body="{{ nmae }}")
        broken, fine = write(name="choir.rehearsal"), write()
        self.assertEqual([one.to for one in send_all()], [[fine.to]])
        self.assertEqual(again(broken).state, MessageState.PARKED)
        self.assertIn("Its text cannot be rendered. It uses {{ nmae }}", broken.reason)
        self.assertEqual(delivery_problems(), [])

    def test_a_context_that_fails_is_parked_without_what_it_said(self) -> None:
        message = write(data={"gone": True})
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).reason, "The record it is about can’t be found (LookupError).")

    def test_a_mail_that_its_app_took_away_is_parked(self) -> None:
        message = write()
        Message.objects.update(template="choir.gone")
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).state, MessageState.PARKED)

    def test_the_schools_own_words_are_sent(self) -> None:
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

    def test_two_thousand_readers_are_one_question_about_barriers(self) -> None:
        ids = [write(f"reader{number}@example.org").pk for number in range(20)]
        with self.assertNumQueries(4):
            sending.SendBatch(ids)


class HeaderTest(ChoirTestCase):
    def headers(self, name: str) -> dict[str, str]:
        write(name=name)
        sent = send_all()[-1]
        return {key: str(value) for key, value in sent.message().items()}

    @override_settings(NEWS_UNASKED=True)
    def test_what_can_be_stopped_says_how_in_one_click(self) -> None:
        for name in ("choir.rehearsal", "choir.concert"):
            found = self.headers(name)
            self.assertRegex(found["List-Unsubscribe"], r"\A<http://testserver/mail/stop/[^>]+>\Z")
            self.assertEqual(found["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")

    def test_what_cannot_be_stopped_does_not_pretend(self) -> None:
        self.assertNotIn("List-Unsubscribe", self.headers("choir.welcome"))

    def test_no_answering_machine_answers(self) -> None:
        self.assertEqual(self.headers("choir.welcome")["Auto-Submitted"], "auto-generated")

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_answers_go_to_the_office(self) -> None:
        self.assertEqual(self.headers("choir.welcome")["Reply-To"], "office@example.org")

    def test_a_line_break_in_a_name_makes_no_header(self) -> None:
        write(data={"name": "Eve\r\nBcc: everybody@example.org", "song": "x" * 1000})
        (sent,) = send_all()
        self.assertNotIn("Bcc", dict(sent.message().items()))
        self.assertEqual(sent.recipients(), ["alice@example.org"])

    def test_long_names_of_any_script_arrive(self) -> None:
        name = "Владислава-Ἀλεξάνδρα 鈴木さくら " * 8
        write(data={"name": name})
        (sent,) = send_all()
        self.assertIn("Владислава-Ἀλεξάνδρα 鈴木さくら", sent.subject)
        self.assertIn(name.strip(), sent.body)
        self.assertTrue(sent.message().as_bytes())


class QueueTest(ChoirTestCase):
    def test_messages_are_sent_by_one_delivery_each(self) -> None:
        write(), write(key="2")
        send_all()
        self.assertEqual(set(Delivery.objects.values_list("state", flat=True)), {"done"})
