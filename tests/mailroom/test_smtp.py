"""With a real mail server: what it answers decides, and nobody gets a mail twice."""

from datetime import timedelta

from django.test import override_settings
from django.utils import timezone

from mailroom.domain import housekeeping
from mailroom.models import Message, MessageState, Suppression
from mailroom.testing import send_all
from outbox.models import Delivery
from outbox.testing import delivery_problems, run_all
from tests.fakes.smtp_server import SMTP_BACKEND, smtp_server
from tests.mailroom.base import ChoirTestCase, again, stored, write


class ServerTest(ChoirTestCase):
    def setUp(self) -> None:
        self.server = self.enterContext(smtp_server())

    def test_many_go_through_one_connection(self) -> None:
        for number in range(5):
            write(f"reader{number}@example.org")
        send_all()
        self.assertEqual((len(self.server.taken), len(self.server.sessions)), (5, 1))
        self.assertEqual(set(Message.objects.values_list("state", flat=True)), {MessageState.SENT})

    def answered(self, at_recipient: str = "", at_text: str = "") -> Message:
        self.server.at_recipient = [at_recipient] if at_recipient else []
        self.server.at_text = [at_text] if at_text else []
        message = write()
        send_all()
        return again(message)

    def test_an_address_that_does_not_exist_came_back_and_gets_nothing_more(self) -> None:
        message = self.answered(at_recipient="550 5.1.1 alice@example.org: no such user")
        self.assertEqual(message.state, MessageState.BOUNCED)
        self.assertEqual(message.reason, "There is no such address. The mail server answered 550 5.1.1.")
        self.assertEqual(Suppression.objects.get().email, "alice@example.org")
        self.assertEqual(delivery_problems(), [])

    def test_a_refusal_for_good_needs_a_person(self) -> None:
        for at in ("at_recipient", "at_text"):
            Message.objects.all().delete()
            message = self.answered(**{at: "554 5.7.1 we know alice@example.org and want nothing"})
            self.assertEqual(
                (message.state, message.reason), (MessageState.PARKED, "The mail server answered 554 5.7.1.")
            )
            self.assertEqual(Suppression.objects.count(), 0)

    def test_the_log_names_the_message_and_nobody(self) -> None:
        with self.assertLogs("mailroom") as logged:
            message = self.answered(at_text="554 5.7.1 we know alice@example.org and want nothing")
        self.assertEqual(logged.output, [f"WARNING:mailroom:Message {message.pk}: The mail server answered 554 5.7.1."])

    def test_a_busy_server_is_asked_again_and_gets_it_once(self) -> None:
        for at in ("at_recipient", "at_text"):
            Message.objects.all().delete()
            message = self.answered(**{at: "451 4.3.0 later, alice@example.org"})
            self.assertEqual(
                (message.state, message.reason), (MessageState.QUEUED, "The mail server answered 451 4.3.0.")
            )
            self.assertNotIn("alice", "".join(delivery_problems()))
            before = len(self.server.taken)
            run_all(retries=True)
            self.assertEqual((again(message).state, len(self.server.taken) - before), (MessageState.SENT, 1))

    def test_a_server_that_stays_busy_is_left_alone_in_the_end(self) -> None:
        with override_settings(OUTBOX_TRIES=2):
            self.server.at_text = ["451 later"] * 2
            message = write()
            run_all(retries=True)
        self.assertEqual((again(message).state, message.tries), (MessageState.PARKED, 2))

    def test_a_server_that_hangs_up_before_the_text_has_nothing(self) -> None:
        message = self.answered(at_recipient="hang up")
        self.assertEqual(message.state, MessageState.QUEUED)
        self.assertIn("before the email was handed over", message.reason)
        run_all(retries=True)
        self.assertEqual((again(message).state, len(self.server.taken)), (MessageState.SENT, 1))

    def test_a_server_that_hangs_up_after_the_text_may_have_it_and_is_not_sent_it_again(self) -> None:
        message = self.answered(at_text="hang up")
        self.assertEqual(message.state, MessageState.PERHAPS)
        run_all(retries=True)
        self.assertEqual((again(message).state, len(self.server.taken)), (MessageState.PERHAPS, 1))

    def test_the_others_go_on_after_a_connection_broke(self) -> None:
        self.server.at_text = ["hang up"]
        broken, fine = write("a@example.org"), write("b@example.org")
        send_all()
        self.assertEqual((again(broken).state, again(fine).state), (MessageState.PERHAPS, MessageState.SENT))

    def test_a_server_that_sends_us_away_after_some_is_asked_anew(self) -> None:
        self.server.at_recipient = ["250 OK", "421 4.7.0 enough for now"]
        write("a@example.org"), write("b@example.org")
        send_all()
        run_all(retries=True)
        self.assertEqual(len(self.server.taken), 2)

    def test_the_name_of_a_mail_is_the_same_whenever_it_is_sent(self) -> None:
        self.server.at_text = ["451 later"]
        write()
        run_all(retries=True)
        names = [line for line in self.server.taken[0].content.splitlines() if line.startswith(b"Message-ID")]
        self.assertRegex(names[0], rb"<[0-9a-f]{32}@testserver>")


@override_settings(EMAIL_BACKEND=SMTP_BACKEND, EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
class AwayTest(ChoirTestCase):
    def test_while_the_server_is_away_everything_waits_and_nothing_is_begun(self) -> None:
        for number in range(3):
            write(f"reader{number}@example.org")
        run_all()
        self.assertEqual(set(Message.objects.values_list("state", "tries")), {(MessageState.QUEUED, 0)})
        self.assertIn("The mail server cannot be reached. (ConnectionRefusedError)", delivery_problems()[0])
        self.assertEqual(set(Delivery.objects.values_list("state", flat=True)), {"waiting"})

    def test_after_a_long_absence_what_is_queued_is_remembered(self) -> None:
        with override_settings(OUTBOX_TRIES=1):
            message = write()
            run_all()
        self.assertEqual(Delivery.objects.get().state, "parked")
        Message.objects.update(changed_at=timezone.now() - timedelta(hours=2))
        with smtp_server() as server:
            self.assertEqual(
                (housekeeping.requeue_forgotten_messages(), housekeeping.requeue_forgotten_messages()), (1, 0)
            )
            run_all()
            self.assertEqual((again(message).state, len(server.taken)), (MessageState.SENT, 1))

    def test_what_a_delivery_speaks_of_is_not_told_again(self) -> None:
        write()
        Message.objects.update(changed_at=timezone.now() - timedelta(hours=2))
        self.assertEqual(housekeeping.requeue_forgotten_messages(), 0)


class TendingTest(ChoirTestCase):
    def test_what_a_dead_process_was_sending_is_perhaps_sent(self) -> None:
        message = stored(MessageState.SENDING, changed_at=timezone.now() - timedelta(seconds=301))
        fresh = stored(MessageState.SENDING)
        self.assertEqual((housekeeping.close_abandoned_sendings(), housekeeping.close_abandoned_sendings()), (1, 0))
        self.assertEqual((again(message).state, again(fresh).state), (MessageState.PERHAPS, MessageState.SENDING))

    def test_old_messages_are_forgotten_and_open_ones_are_not(self) -> None:
        old = timezone.now() - timedelta(days=401)
        for state in MessageState:
            stored(state, changed_at=old)
        recent = stored(MessageState.SENT)
        self.assertEqual(housekeeping.delete_old_messages(), len(MessageState) - 3)
        left = set(Message.objects.exclude(pk=recent.pk).values_list("state", flat=True))
        self.assertEqual(left, {MessageState.DRAFTED, MessageState.QUEUED, MessageState.SENDING})
