from mailroom.models import Message, State
from mailroom.testing import send_all
from tests.mailroom.base import ChoirTestCase, again, write


class SendingTest(ChoirTestCase):
    def test_a_draft_is_sent_once_with_both_parts(self) -> None:
        message = write()
        (mail,) = send_all()
        self.assertEqual(again(message).state, State.SENT)
        self.assertEqual((mail.to, mail.subject), (["alice@example.org"], "Alice, welcome to Hepcat Test School"))
        self.assertIn("Open the door (http://testserver/choir/open/", mail.body)
        self.assertIn("<strong>Flow My Tears</strong>", mail.alternatives[0].content)
        self.assertEqual(len(send_all()), 1)

    def test_the_second_draft_is_the_first_one(self) -> None:
        first, second = write(), write("Alice@Example.org ")
        self.assertEqual(first, second)
        self.assertEqual(len(send_all()), 1)
        self.assertEqual(Message.objects.count(), 1)
