"""Sending to a real mail server. Its answer decides the state of a message, and no reader gets a mail twice."""

from datetime import timedelta

from django.test import override_settings
from django.utils import timezone

from mailroom.domain import housekeeping
from mailroom.models import Message, MessageState, Suppression
from mailroom.testing import send_all
from outbox.domain.health import queue_health
from tests.fakes.smtp_server import SMTP_BACKEND, smtp_server
from tests.mailroom.base import ChoirTestCase, again, stored, write


class SmtpServerTest(ChoirTestCase):
    def setUp(self) -> None:
        self.server = self.enterContext(smtp_server())

    def test_several_messages_are_sent_over_one_connection(self) -> None:
        for number in range(5):
            write(f"reader{number}@example.org")
        send_all()
        self.assertEqual((len(self.server.taken), len(self.server.sessions)), (5, 1))
        self.assertEqual(set(Message.objects.values_list("state", flat=True)), {MessageState.SENT})

    def send_with_answers(self, at_recipient: str = "", at_text: str = "") -> Message:
        self.server.at_recipient = [at_recipient] if at_recipient else []
        self.server.at_text = [at_text] if at_text else []
        message = write()
        send_all()
        return again(message)

    def test_unknown_address_is_marked_as_bounced_and_suppressed(self) -> None:
        message = self.send_with_answers(at_recipient="550 5.1.1 alice@example.org: no such user")
        self.assertEqual(message.state, MessageState.BOUNCED)
        self.assertEqual(message.reason, "There is no such address. The mail server answered 550 5.1.1.")
        self.assertEqual(Suppression.objects.get().email, "alice@example.org")

    def test_permanently_refused_message_is_parked_without_suppressing_the_address(self) -> None:
        for at in ("at_recipient", "at_text"):
            Message.objects.all().delete()
            message = self.send_with_answers(**{at: "554 5.7.1 we know alice@example.org and want nothing"})
            self.assertEqual(
                (message.state, message.reason), (MessageState.PARKED, "The mail server answered 554 5.7.1.")
            )
            self.assertEqual(Suppression.objects.count(), 0)

    def test_log_contains_the_message_id_but_no_address(self) -> None:
        with self.assertLogs("mailroom") as logged:
            message = self.send_with_answers(at_text="554 5.7.1 we know alice@example.org and want nothing")
        self.assertEqual(logged.output, [f"WARNING:mailroom:Message {message.pk}: The mail server answered 554 5.7.1."])

    def test_message_deferred_by_a_busy_server_is_retried_and_sent_once(self) -> None:
        for at in ("at_recipient", "at_text"):
            Message.objects.all().delete()
            message = self.send_with_answers(**{at: "451 4.3.0 later, alice@example.org"})
            self.assertEqual(
                (message.state, message.reason), (MessageState.QUEUED, "The mail server answered 451 4.3.0.")
            )
            before = len(self.server.taken)
            send_all(retries=True)
            self.assertEqual((again(message).state, len(self.server.taken) - before), (MessageState.SENT, 1))

    def test_message_is_parked_if_the_server_stays_busy(self) -> None:
        with override_settings(OUTBOX_TRIES=2):
            self.server.at_text = ["451 later"] * 2
            message = write()
            send_all(retries=True)
        self.assertEqual((again(message).state, message.tries), (MessageState.PARKED, 2))

    def test_message_is_retried_if_the_server_hangs_up_before_the_text(self) -> None:
        message = self.send_with_answers(at_recipient="hang up")
        self.assertEqual(message.state, MessageState.QUEUED)
        self.assertIn("before the email was handed over", message.reason)
        send_all(retries=True)
        self.assertEqual((again(message).state, len(self.server.taken)), (MessageState.SENT, 1))

    def test_message_is_possibly_sent_and_not_retried_if_the_server_hangs_up_after_the_text(self) -> None:
        message = self.send_with_answers(at_text="hang up")
        self.assertEqual(message.state, MessageState.PERHAPS)
        send_all(retries=True)
        self.assertEqual((again(message).state, len(self.server.taken)), (MessageState.PERHAPS, 1))

    def test_other_messages_are_sent_after_a_connection_breaks(self) -> None:
        self.server.at_text = ["hang up"]
        interrupted, unaffected = write("a@example.org"), write("b@example.org")
        send_all()
        self.assertEqual((again(interrupted).state, again(unaffected).state), (MessageState.PERHAPS, MessageState.SENT))

    def test_message_is_retried_after_the_server_ends_the_session(self) -> None:
        self.server.at_recipient = ["250 OK", "421 4.7.0 enough for now"]
        write("a@example.org"), write("b@example.org")
        send_all()
        send_all(retries=True)
        self.assertEqual(len(self.server.taken), 2)

    def test_retried_message_has_a_hashed_message_id_at_the_domain_of_the_site(self) -> None:
        self.server.at_text = ["451 later"]
        write()
        send_all(retries=True)
        message_id_headers = [
            line for line in self.server.taken[0].content.splitlines() if line.startswith(b"Message-ID")
        ]
        self.assertRegex(message_id_headers[0], rb"<[0-9a-f]{32}@testserver>")


@override_settings(EMAIL_BACKEND=SMTP_BACKEND, EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
class UnreachableServerTest(ChoirTestCase):
    def test_messages_wait_without_a_try_while_the_server_is_unreachable_and_the_queue_is_reported_as_late(
        self,
    ) -> None:
        for number in range(3):
            write(f"reader{number}@example.org")
        send_all()
        self.assertEqual(set(Message.objects.values_list("state", "tries")), {(MessageState.QUEUED, 0)})
        self.assertIn("The mail server cannot be reached. (ConnectionRefusedError)", Message.objects.all()[0].reason)
        self.assertFalse(queue_health().late)
        Message.objects.update(changed_at=timezone.now() - timedelta(minutes=6))
        self.assertEqual((queue_health().due, queue_health().late), (3, True))

    def test_messages_are_sent_once_the_server_is_reachable_again(self) -> None:
        message = write()
        send_all()
        with smtp_server() as server:
            send_all()
            self.assertEqual(len(server.taken), 0)  # It is tried again in a minute.
            send_all(retries=True)
            self.assertEqual((again(message).state, len(server.taken)), (MessageState.SENT, 1))


class HousekeepingTest(ChoirTestCase):
    def test_message_abandoned_by_a_dead_process_becomes_possibly_sent(self) -> None:
        message = stored(MessageState.SENDING, changed_at=timezone.now() - timedelta(seconds=301))
        recent = stored(MessageState.SENDING)
        self.assertEqual((housekeeping.close_abandoned_sendings(), housekeeping.close_abandoned_sendings()), (1, 0))
        self.assertEqual((again(message).state, again(recent).state), (MessageState.PERHAPS, MessageState.SENDING))

    def test_old_messages_are_deleted_except_open_ones(self) -> None:
        old = timezone.now() - timedelta(days=401)
        for state in MessageState:
            stored(state, changed_at=old)
        recent = stored(MessageState.SENT)
        self.assertEqual(housekeeping.delete_old_messages(), len(MessageState) - 3)
        remaining_states = set(Message.objects.exclude(pk=recent.pk).values_list("state", flat=True))
        self.assertEqual(remaining_states, {MessageState.DRAFTED, MessageState.QUEUED, MessageState.SENDING})
