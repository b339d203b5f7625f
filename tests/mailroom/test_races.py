"""The same message at the same moment, on connections of their own."""

from threading import Barrier

from django.core import mail
from django.test import TransactionTestCase, tag

from mailroom.domain import sending, transitions
from mailroom.models import Message, MessageState
from outbox.models import Event
from tests.mailroom.base import PLUGIN, stored, write
from tests.racing import at_once


@tag("postgres")
@PLUGIN
class RaceTest(TransactionTestCase):
    def test_a_mail_drafted_by_several_is_one_message_told_once(self) -> None:
        messages = at_once(*[write] * 4)
        self.assertEqual(len({message.pk for message in messages}), 1)
        self.assertEqual((Message.objects.count(), Event.objects.count()), (1, 1))

    def test_a_message_begun_by_several_is_begun_by_one(self) -> None:
        message = stored(MessageState.QUEUED)
        copies = [Message.objects.get(pk=message.pk) for _ in range(4)]
        begun = at_once(
            *[lambda copy=copy, n=n: transitions.start_sending(copy, f"worker {n}") for n, copy in enumerate(copies)]
        )
        self.assertEqual(sorted(begun), [False, False, False, True])

    def test_messages_sent_by_several_workers_go_out_once(self) -> None:
        ids = [stored(MessageState.QUEUED, f"reader{number}@example.org").pk for number in range(20)]
        outcomes = at_once(*[lambda: list(sending.send_messages(ids))] * 4)
        self.assertEqual(outcomes, [[None] * 20] * 4)
        self.assertEqual(len(mail.outbox), 20)

    def test_without_the_guard_several_begin_it(self) -> None:
        """The control: who looks first and writes afterwards is one of several who looked."""
        message = stored(MessageState.QUEUED)
        looked = Barrier(4)

        def look_then_write() -> bool:
            waiting = Message.objects.get(pk=message.pk).state == MessageState.QUEUED
            looked.wait()
            return waiting and bool(
                Message.objects.filter(pk=message.pk).update(state=MessageState.SENDING, lease="me")
            )

        self.assertEqual(at_once(*[look_then_write] * 4), [True] * 4)
