"""Several workers handle the same message at the same time, each with its own database connection."""

from threading import Barrier

from django.core import mail
from django.test import TransactionTestCase, tag

from mailroom.domain import send_batches, transitions
from mailroom.models import Message, MessageState
from outbox.work_queues import never_stop
from tests.mailroom.base import PLUGIN, stored, write
from tests.racing import run_at_once


@tag("postgres")
@PLUGIN
class RaceTest(TransactionTestCase):
    def test_mail_drafted_by_several_processes_is_one_message(self) -> None:
        messages = run_at_once(*[write] * 4)
        self.assertEqual(len({message.pk for message in messages}), 1)
        self.assertEqual(Message.objects.count(), 1)

    def test_only_one_of_several_workers_starts_sending_a_message(self) -> None:
        message = stored(MessageState.QUEUED)
        copies = [Message.objects.get(pk=message.pk) for _ in range(4)]
        results = run_at_once(
            *[lambda copy=copy, n=n: transitions.start_sending(copy, f"worker {n}") for n, copy in enumerate(copies)]
        )
        self.assertEqual(sorted(results), [False, False, False, True])

    def test_messages_sent_by_several_workers_are_sent_once(self) -> None:
        for number in range(20):
            stored(MessageState.QUEUED, f"reader{number}@example.org")
        counts = run_at_once(*[lambda: send_batches.send_due_messages(never_stop)] * 4)
        self.assertEqual(sum(counts), 20)
        self.assertEqual(
            sorted(sent.to[0] for sent in mail.outbox), sorted(f"reader{n}@example.org" for n in range(20))
        )

    def test_several_workers_start_sending_a_message_if_they_read_before_they_write(self) -> None:
        """This is the control: it shows that the other tests would fail without the conditional update."""
        message = stored(MessageState.QUEUED)
        all_have_read = Barrier(4)

        def read_then_write() -> bool:
            was_queued = Message.objects.get(pk=message.pk).state == MessageState.QUEUED
            all_have_read.wait()
            return was_queued and bool(
                Message.objects.filter(pk=message.pk).update(state=MessageState.SENDING, lease="me", due_at=None)
            )

        self.assertEqual(run_at_once(*[read_then_write] * 4), [True] * 4)
