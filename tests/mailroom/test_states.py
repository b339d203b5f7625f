from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.models import Message, MessageState
from tests.mailroom.base import ChoirTestCase, again, stored

S = MessageState
# Each arrow: what moves a message, from which states, to which.
ARROWS: dict[str, tuple[Callable[[Message], bool], set[MessageState], MessageState]] = {
    "queue": (transitions.queue_message, {S.DRAFTED}, S.QUEUED),
    "suppress": (lambda m: transitions.suppress_message(m, "No."), {S.DRAFTED, S.QUEUED}, S.SUPPRESSED),
    "begin": (lambda m: transitions.start_sending(m, "me"), {S.QUEUED}, S.SENDING),
    "put back": (lambda m: transitions.return_to_queue(m, "me", "Busy."), {S.SENDING}, S.QUEUED),
    "sent": (lambda m: transitions.mark_sent(m, "me"), {S.SENDING, S.PERHAPS}, S.SENT),
    "arrived": (transitions.mark_delivered, {S.PERHAPS}, S.SENT),
    "perhaps": (lambda m: transitions.mark_possibly_sent(m, "me", "Cut."), {S.SENDING}, S.PERHAPS),
    "park": (lambda m: transitions.park_message(m, "Broken."), {S.QUEUED}, S.PARKED),
    "refused": (lambda m: transitions.mark_refused(m, "me", "No."), {S.SENDING}, S.PARKED),
    "returned": (lambda m: transitions.mark_bounced(m, "Gone."), {S.SENDING, S.SENT, S.PERHAPS}, S.BOUNCED),
    "set aside": (lambda m: transitions.mark_dismissed(m, "No."), {S.QUEUED, S.PARKED, S.PERHAPS}, S.SUPPRESSED),
    "again": (transitions.requeue_message, set(S) - {S.DRAFTED, S.SENDING}, S.QUEUED),
}
LEASED = {"put back", "sent", "perhaps", "refused"}


class ArrowTest(ChoirTestCase):
    def test_each_arrow_begins_where_it_may_and_nowhere_else(self) -> None:
        for name, (move, allowed, end) in ARROWS.items():
            for state in MessageState:
                with self.subTest(f"{name} from {state}"):
                    message = stored(state, lease="me")
                    self.assertEqual(move(message), state in allowed)
                    self.assertEqual(again(message).state, end if state in allowed else state)

    def test_an_arrow_taken_by_two_is_taken_once(self) -> None:
        for name, (move, allowed, end) in ARROWS.items():
            if end in allowed:
                continue
            with self.subTest(name):
                message = stored(min(allowed), lease="me")
                second = Message.objects.get(pk=message.pk)
                self.assertEqual((move(message), move(second)), (True, False))

    def test_who_lost_the_lease_changes_nothing(self) -> None:
        for name in LEASED:
            with self.subTest(name):
                message = stored(MessageState.SENDING, lease="somebody else")
                self.assertFalse(ARROWS[name][0](message))
                self.assertEqual(again(message).state, MessageState.SENDING)

    def test_who_sent_it_after_all_is_believed(self) -> None:
        message = stored(MessageState.SENDING, lease="me")
        transitions.mark_abandoned_possibly_sent(timezone.now() + timedelta(seconds=1))
        self.assertEqual(again(message).state, MessageState.PERHAPS)
        self.assertTrue(transitions.mark_sent(message, "me"))
        self.assertEqual((again(message).state, message.reason), (MessageState.SENT, ""))

    def test_what_was_just_begun_is_not_given_up(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertEqual(transitions.mark_abandoned_possibly_sent(timezone.now() - timedelta(minutes=5)), 0)
        self.assertEqual(again(message).state, MessageState.SENDING)


class ConstraintTest(ChoirTestCase):
    def refused(self, **fields: object) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            stored(**fields)  # type: ignore[arg-type]

    def test_what_was_not_sent_says_why(self) -> None:
        for state in (MessageState.SUPPRESSED, MessageState.PARKED, MessageState.BOUNCED):
            self.refused(state=state, reason="")

    def test_what_is_being_sent_is_sent_by_somebody(self) -> None:
        self.refused(state=MessageState.SENDING, lease="")

    def test_one_mail_about_one_thing_to_one_address(self) -> None:
        stored(key="a")
        self.refused(key="a")
