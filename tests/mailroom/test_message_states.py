from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.models import Message, MessageState
from tests.mailroom.base import ChoirTestCase, again, stored

S = MessageState
# Each transition has a function, the states in which it is allowed, and the state that follows.
TRANSITIONS: dict[str, tuple[Callable[[Message], bool], set[MessageState], MessageState]] = {
    "queue": (transitions.queue_message, {S.DRAFTED}, S.QUEUED),
    "suppress": (lambda m: transitions.suppress_message(m, "No."), {S.DRAFTED, S.QUEUED}, S.SUPPRESSED),
    "begin": (lambda m: transitions.start_sending(m, "me"), {S.QUEUED}, S.SENDING),
    "put back": (lambda m: transitions.return_to_queue(m, "me", "Busy.", timedelta(minutes=1)), {S.SENDING}, S.QUEUED),
    "sent": (lambda m: transitions.mark_sent(m, "me"), {S.SENDING, S.PERHAPS}, S.SENT),
    "arrived": (transitions.mark_delivered, {S.PERHAPS}, S.SENT),
    "perhaps": (lambda m: transitions.mark_possibly_sent(m, "me", "Cut."), {S.SENDING}, S.PERHAPS),
    "park": (lambda m: transitions.park_message(m, "Broken."), {S.QUEUED}, S.PARKED),
    "refused": (lambda m: transitions.mark_refused(m, "me", "No."), {S.SENDING}, S.PARKED),
    "returned": (lambda m: transitions.mark_bounced(m, "Gone."), {S.SENDING, S.SENT, S.PERHAPS}, S.BOUNCED),
    "set aside": (lambda m: transitions.mark_dismissed(m, "No."), {S.QUEUED, S.PARKED, S.PERHAPS}, S.SUPPRESSED),
    "again": (transitions.requeue_message, set(S) - {S.DRAFTED, S.SENDING}, S.QUEUED),
}
LEASE_REQUIRED = {"put back", "sent", "perhaps", "refused"}


class TransitionTest(ChoirTestCase):
    def test_transition_changes_a_message_only_in_an_allowed_state(self) -> None:
        for name, (transition, allowed, new_state) in TRANSITIONS.items():
            for state in MessageState:
                with self.subTest(f"{name} from {state}"):
                    message = stored(state, lease="me")
                    self.assertEqual(transition(message), state in allowed)
                    self.assertEqual(again(message).state, new_state if state in allowed else state)

    def test_transition_by_two_processes_succeeds_only_once(self) -> None:
        for name, (transition, allowed, new_state) in TRANSITIONS.items():
            if new_state in allowed:
                continue
            with self.subTest(name):
                message = stored(min(allowed), lease="me")
                second = Message.objects.get(pk=message.pk)
                self.assertEqual((transition(message), transition(second)), (True, False))

    def test_process_that_lost_its_lease_changes_nothing(self) -> None:
        for name in LEASE_REQUIRED:
            with self.subTest(name):
                message = stored(MessageState.SENDING, lease="somebody else")
                self.assertFalse(TRANSITIONS[name][0](message))
                self.assertEqual(again(message).state, MessageState.SENDING)

    def test_possibly_sent_message_becomes_sent_if_its_sender_confirms_it(self) -> None:
        message = stored(MessageState.SENDING, lease="me")
        transitions.mark_abandoned_possibly_sent(timezone.now() + timedelta(seconds=1))
        self.assertEqual(again(message).state, MessageState.PERHAPS)
        self.assertTrue(transitions.mark_sent(message, "me"))
        self.assertEqual((again(message).state, message.reason), (MessageState.SENT, ""))

    def test_message_whose_sending_just_started_is_not_abandoned(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertEqual(transitions.mark_abandoned_possibly_sent(timezone.now() - timedelta(minutes=5)), 0)
        self.assertEqual(again(message).state, MessageState.SENDING)


class ConstraintTest(ChoirTestCase):
    def expect_refusal(self, **fields: object) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            stored(**fields)  # type: ignore[arg-type]

    def test_unsent_message_must_have_a_reason(self) -> None:
        for state in (MessageState.SUPPRESSED, MessageState.PARKED, MessageState.BOUNCED):
            self.expect_refusal(state=state, reason="")

    def test_message_that_is_being_sent_must_have_a_lease(self) -> None:
        self.expect_refusal(state=MessageState.SENDING, lease="")

    def test_second_message_with_the_same_template_address_and_key_is_refused(self) -> None:
        stored(key="a")
        self.expect_refusal(key="a")
