from django.db import transaction

from mailroom.declare import MailKind
from mailroom.domain import bounces, draft_message, preferences, release_message
from mailroom.models import Message, MessageState, Suppression
from mailroom.registry import UnknownMail
from mailroom.testing import send_all
from outbox.models import Delivery, Event
from tests.mailroom.base import ALICE, ChoirTestCase, again, write


class DraftingTest(ChoirTestCase):
    def test_the_second_draft_is_the_first_one(self) -> None:
        first, second = write(), write("Alice@Example.org ")
        self.assertEqual(first, second)
        self.assertEqual((Message.objects.count(), Event.objects.count()), (1, 1))
        self.assertEqual(len(send_all()), 1)

    def test_another_key_or_mail_or_address_is_another_message(self) -> None:
        messages = {write().pk, write(key="2").pk, write(name="choir.rehearsal").pk, write("bob@example.org").pk}
        self.assertEqual(len(messages), 4)

    def test_a_draft_goes_with_the_transaction_that_is_undone(self) -> None:
        with transaction.atomic():
            draft_message("choir.welcome", to=ALICE, key="1")
            transaction.set_rollback(True)
        self.assertEqual((Message.objects.count(), Delivery.objects.count()), (0, 0))

    def test_a_mail_that_nobody_declares_is_refused(self) -> None:
        with self.assertRaisesMessage(UnknownMail, "'choir.wellcome'"):
            write(name="choir.wellcome")

    def test_a_key_that_does_not_fit_is_refused_before_it_is_cut(self) -> None:
        with self.assertRaisesMessage(ValueError, "120 characters"):
            write(key="x" * 121)

    def test_the_event_carries_numbers_and_no_address(self) -> None:
        message = write(data={"name": "Alice"})
        self.assertEqual(Event.objects.get().data, {"message_id": message.pk, "template": "choir.welcome"})

    def test_what_is_held_waits_until_it_is_released(self) -> None:
        message = write(hold=True)
        self.assertEqual((message.state, send_all()), (MessageState.DRAFTED, []))
        with transaction.atomic():
            release_message(message)
        self.assertEqual(len(send_all()), 1)
        self.assertEqual(again(message).state, MessageState.SENT)

    def test_releasing_twice_sends_once(self) -> None:
        message = write(hold=True)
        release_message(Message.objects.get(pk=message.pk))
        release_message(message)
        self.assertEqual(len(send_all()), 1)

    def test_what_is_no_address_is_written_down_and_not_sent(self) -> None:
        for address in ("nobody", "a@b\nBcc: c@d.org", "x@", "", "a" * 60 + "@" + "b" * 60 + ".c" * 99):
            with self.subTest(address):
                message = write(address, key=address[:9])
                self.assertEqual(message.state, MessageState.SUPPRESSED)
                self.assertIn("not an address", message.reason)
        self.assertEqual(send_all(), [])


class BarrierTest(ChoirTestCase):
    def kinds_sent(self) -> list[str]:
        for name in ("welcome", "rehearsal", "concert"):
            write(name=f"choir.{name}", key="barrier")
        send_all()
        return sorted(Message.objects.filter(state=MessageState.SENT).values_list("kind", flat=True))

    def test_news_are_sent_to_who_asked_for_them(self) -> None:
        self.assertEqual(self.kinds_sent(), ["class", "transactional"])
        self.assertIn("does not want", Message.objects.get(kind="promotional").reason)

    def test_a_school_may_send_news_unasked_to_who_has_not_refused(self) -> None:
        with self.settings(NEWS_UNASKED=True):
            self.assertEqual(len(self.kinds_sent()), 3)

    def test_each_kind_has_its_own_switch_and_what_is_about_orders_has_none(self) -> None:
        preferences.save_preferences(ALICE, {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})
        self.assertEqual(self.kinds_sent(), ["promotional", "transactional"])

    def test_an_address_from_which_mail_came_back_gets_nothing(self) -> None:
        bounces.suppress_address(ALICE.upper(), Suppression.Cause.BOUNCE)
        self.assertEqual(self.kinds_sent(), [])
        self.assertEqual(write().reason, "Nothing is sent to this address. Email bounced.")

    def test_what_was_chosen_meanwhile_counts_when_it_is_sent(self) -> None:
        message = write(name="choir.rehearsal")
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).state, MessageState.SUPPRESSED)

    def test_choices_follow_a_changed_address(self) -> None:
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        preferences.save_preferences("new@example.org", {MailKind.CLASS: True})
        preferences.move_preferences(ALICE, "New@Example.org")
        self.assertEqual(preferences.preferences_of("new@example.org")[MailKind.CLASS], False)
        self.assertEqual(preferences.preferences_of(ALICE)[MailKind.CLASS], True)
