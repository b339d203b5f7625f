from collections.abc import Callable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from mailroom.domain import transitions
from mailroom.models import Message, State
from tests.mailroom.base import ChoirTestCase, again, stored

S = State
# Each arrow: what moves a message, from which states, to which.
ARROWS: dict[str, tuple[Callable[[Message], bool], set[State], State]] = {
    "queue": (transitions.queue, {S.DRAFTED}, S.QUEUED),
    "suppress": (lambda m: transitions.suppress(m, "No."), {S.DRAFTED, S.QUEUED}, S.SUPPRESSED),
    "begin": (lambda m: transitions.begin(m, "me"), {S.QUEUED}, S.SENDING),
    "put back": (lambda m: transitions.put_back(m, "me", "Busy."), {S.SENDING}, S.QUEUED),
    "sent": (lambda m: transitions.sent(m, "me"), {S.SENDING, S.PERHAPS}, S.SENT),
    "arrived": (transitions.arrived, {S.PERHAPS}, S.SENT),
    "perhaps": (lambda m: transitions.perhaps(m, "me", "Cut."), {S.SENDING}, S.PERHAPS),
    "park": (lambda m: transitions.park(m, "Broken."), {S.QUEUED}, S.PARKED),
    "refused": (lambda m: transitions.refused(m, "me", "No."), {S.SENDING}, S.PARKED),
    "returned": (lambda m: transitions.returned(m, "Gone."), {S.SENDING, S.SENT, S.PERHAPS}, S.BOUNCED),
    "set aside": (lambda m: transitions.set_aside(m, "No."), {S.QUEUED, S.PARKED, S.PERHAPS}, S.SUPPRESSED),
    "again": (transitions.again, set(S) - {S.DRAFTED, S.SENDING}, S.QUEUED),
}
LEASED = {"put back", "sent", "perhaps", "refused"}


class ArrowTest(ChoirTestCase):
    def test_each_arrow_begins_where_it_may_and_nowhere_else(self) -> None:
        for name, (move, allowed, end) in ARROWS.items():
            for state in State:
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
                message = stored(State.SENDING, lease="somebody else")
                self.assertFalse(ARROWS[name][0](message))
                self.assertEqual(again(message).state, State.SENDING)

    def test_who_sent_it_after_all_is_believed(self) -> None:
        message = stored(State.SENDING, lease="me")
        transitions.give_up(timezone.now() + timedelta(seconds=1))
        self.assertEqual(again(message).state, State.PERHAPS)
        self.assertTrue(transitions.sent(message, "me"))
        self.assertEqual((again(message).state, message.reason), (State.SENT, ""))

    def test_what_was_just_begun_is_not_given_up(self) -> None:
        message = stored(State.SENDING)
        self.assertEqual(transitions.give_up(timezone.now() - timedelta(minutes=5)), 0)
        self.assertEqual(again(message).state, State.SENDING)


class ConstraintTest(ChoirTestCase):
    def refused(self, **fields: object) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            stored(**fields)  # type: ignore[arg-type]

    def test_what_was_not_sent_says_why(self) -> None:
        for state in (State.SUPPRESSED, State.PARKED, State.BOUNCED):
            self.refused(state=state, reason="")

    def test_what_is_being_sent_is_sent_by_somebody(self) -> None:
        self.refused(state=State.SENDING, lease="")

    def test_one_mail_about_one_thing_to_one_address(self) -> None:
        stored(key="a")
        self.refused(key="a")
