from django.test import override_settings

from history.models import Entry
from mailroom.testing import send_all
from pages.domain import contact
from pages.models import ContactMessage
from tests import factories
from tests.base import SchoolTestCase

MESSAGE_DATA = {"name": "Zoë 李", "email": "Zoe@Example.org", "text": "Do I need a partner?"}


class ContactFormTest(SchoolTestCase):
    def test_message_is_stored_as_written(self) -> None:
        response = self.client.post("/contact/", MESSAGE_DATA)
        self.assertRedirects(response, "/contact/thanks/")
        message = ContactMessage.objects.get()
        self.assertEqual(
            (message.name, message.text, message.sender), (MESSAGE_DATA["name"], MESSAGE_DATA["text"], None)
        )

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_office_receives_the_message_unchanged_by_mail(self) -> None:
        self.client.post("/contact/", MESSAGE_DATA | {"text": "Hello *you*\n# not a title"})
        mail = send_all()[0]
        self.assertEqual((mail.to, mail.subject), (["office@example.org"], "Zoë 李 wrote to the school"))
        self.assertIn("Hello *you*", mail.body)
        self.assertIn("zoe@example.org", mail.body.lower())

    def test_message_is_shown_at_the_desk_when_no_office_email_is_set(self) -> None:
        self.client.post("/contact/", MESSAGE_DATA)
        self.assertEqual(send_all(), [])
        self.log_in(self.ada)
        self.assertContains(self.client.get("/desk/contact/"), MESSAGE_DATA["text"])

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_deleted_message_is_not_mailed(self) -> None:
        self.client.post("/contact/", MESSAGE_DATA)
        ContactMessage.objects.all().delete()
        self.assertEqual(send_all(), [])

    def test_logged_in_visitors_email_is_prefilled_and_account_is_stored_as_sender(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get("/contact/"), 'value="alice@example.org"')
        self.client.post("/contact/", MESSAGE_DATA)
        self.assertEqual(ContactMessage.objects.get().sender, self.alice)

    def test_invalid_input_is_refused_beside_its_field(self) -> None:
        for field, text, sentence in (
            ("name", " ", "Please tell us your name."),
            ("name", "x" * 121, "at most 120 characters"),
            ("email", "nonsense", "Please enter a complete email address."),
            ("email", "a@example.org\nBcc: all@example.org", "Please enter a complete email address."),
            ("text", "", "Please write a message."),
            ("text", "x" * 5001, "at most 5000 characters"),
            ("text", "a\0b", "Null characters are not allowed."),
        ):
            with self.subTest(field, text=text[:30]):
                response = self.client.post("/contact/", MESSAGE_DATA | {field: text})
                self.assertContains(response, sentence)
                self.assertContains(response, f'aria-describedby="{helptext_id(field)}id_{field}_error"')
                self.assertContains(response, f'<a href="#id_{field}">')
        self.assertFalse(ContactMessage.objects.exists())

    def test_message_marked_answered_twice_keeps_the_first_person_and_one_history_entry(self) -> None:
        message = factories.create_contact_message()
        contact.mark_answered(message, self.ada)
        contact.mark_answered(message, self.tess)
        message.refresh_from_db()
        self.assertEqual(message.answered_by, self.ada)
        self.assertEqual(Entry.objects.filter(action="pages.contact_answered").count(), 1)


class ContactInboxTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def test_query_count_does_not_grow_with_the_number_of_messages(self) -> None:
        self.assertSameQueries(
            "/desk/contact/",
            lambda count: [factories.create_contact_message(f"Sam{number}") for number in range(count)],
        )

    def test_answered_message_moves_to_the_answered_list(self) -> None:
        message = factories.create_contact_message()
        self.client.post(f"/desk/contact/{message.pk}/answered/")
        self.assertNotContains(self.client.get("/desk/contact/"), message.text)
        self.assertContains(self.client.get("/desk/contact/?show=answered"), message.text)

    def test_invalid_page_number_still_shows_a_page(self) -> None:
        factories.create_contact_message()
        for page in ("99", "nonsense", "-1"):
            self.assertEqual(self.client.get(f"/desk/contact/?page={page}").status_code, 200)


def helptext_id(field: str) -> str:
    return "id_email_helptext " if field == "email" else ""
