from django.db import transaction

from mailroom.declare import MailKind
from mailroom.domain import bounces, draft_message, preferences, release_message
from mailroom.models import Message, MessageState, Suppression
from mailroom.registry import UnknownMail
from mailroom.testing import send_all
from tests.mailroom.base import ALICE, ChoirTestCase, again, write


class DraftingTest(ChoirTestCase):
    def test_same_mail_drafted_twice_is_one_message_sent_once(self) -> None:
        first, second = write(), write("Alice@Example.org ")
        self.assertEqual(first, second)
        self.assertEqual(Message.objects.count(), 1)
        self.assertEqual(len(send_all()), 1)

    def test_different_key_mail_or_address_makes_a_different_message(self) -> None:
        messages = {write().pk, write(key="2").pk, write(name="choir.rehearsal").pk, write("bob@example.org").pk}
        self.assertEqual(len(messages), 4)

    def test_draft_is_rolled_back_with_its_transaction(self) -> None:
        with transaction.atomic():
            draft_message("choir.welcome", to=ALICE, key="1")
            transaction.set_rollback(True)
        self.assertEqual(Message.objects.count(), 0)

    def test_undeclared_mail_is_refused(self) -> None:
        with self.assertRaisesMessage(UnknownMail, "'choir.wellcome'"):
            write(name="choir.wellcome")

    def test_key_that_is_too_long_is_refused_instead_of_shortened(self) -> None:
        with self.assertRaisesMessage(ValueError, "120 characters"):
            write(key="x" * 121)

    def test_drafting_takes_one_statement(self) -> None:
        with self.assertNumQueries(1), transaction.atomic(savepoint=False):
            draft_message("choir.welcome", to=ALICE, key="1")

    def test_held_message_is_not_sent_until_it_is_released(self) -> None:
        message = write(hold=True)
        self.assertEqual((message.state, send_all()), (MessageState.DRAFTED, []))
        with transaction.atomic():
            release_message(message)
        self.assertEqual(len(send_all()), 1)
        self.assertEqual(again(message).state, MessageState.SENT)

    def test_message_released_twice_is_sent_once(self) -> None:
        message = write(hold=True)
        release_message(Message.objects.get(pk=message.pk))
        release_message(message)
        self.assertEqual(len(send_all()), 1)

    def test_message_to_an_invalid_address_is_stored_but_not_sent(self) -> None:
        for address in ("nobody", "a@b\nBcc: c@d.org", "x@", "", "a" * 60 + "@" + "b" * 60 + ".c" * 99):
            with self.subTest(address):
                message = write(address, key=address[:9])
                self.assertEqual(send_all(), [])
                self.assertEqual(again(message).state, MessageState.SUPPRESSED)
                self.assertIn("not an address", message.reason)


class PreferenceTest(ChoirTestCase):
    def kinds_sent(self) -> list[str]:
        for name in ("welcome", "rehearsal", "concert"):
            write(name=f"choir.{name}", key="barrier")
        send_all()
        return sorted(Message.objects.filter(state=MessageState.SENT).values_list("kind", flat=True))

    def test_promotional_mail_is_not_sent_to_readers_who_have_not_opted_in(self) -> None:
        self.assertEqual(self.kinds_sent(), ["class", "transactional"])
        self.assertIn("does not want", Message.objects.get(kind="promotional").reason)

    def test_promotional_mail_is_sent_without_opt_in_if_the_school_allows_it(self) -> None:
        with self.settings(NEWS_WITHOUT_CONSENT=True):
            self.assertEqual(len(self.kinds_sent()), 3)

    def test_each_kind_of_mail_can_be_turned_off_except_transactional_mail(self) -> None:
        preferences.save_preferences(ALICE, {MailKind.CLASS: False, MailKind.PROMOTIONAL: True})
        self.assertEqual(self.kinds_sent(), ["promotional", "transactional"])

    def test_nothing_is_sent_to_an_address_that_bounced(self) -> None:
        bounces.suppress_address(ALICE.upper(), Suppression.Cause.BOUNCE)
        self.assertEqual(self.kinds_sent(), [])
        self.assertIn("Nothing is sent to this address. Email bounced.", {m.reason for m in Message.objects.all()})

    def test_preference_changed_after_drafting_applies_when_the_message_is_sent(self) -> None:
        message = write(name="choir.rehearsal")
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        self.assertEqual(send_all(), [])
        self.assertEqual(again(message).state, MessageState.SUPPRESSED)

    def test_preferences_move_to_the_new_address(self) -> None:
        preferences.save_preferences(ALICE, {MailKind.CLASS: False})
        preferences.save_preferences("new@example.org", {MailKind.CLASS: True})
        preferences.move_preferences(ALICE, "New@Example.org")
        self.assertEqual(preferences.preferences_of("new@example.org")[MailKind.CLASS], False)
        self.assertEqual(preferences.preferences_of(ALICE)[MailKind.CLASS], True)
