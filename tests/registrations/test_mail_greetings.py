"""Mail about a spot addresses its reader: the student or the guardian."""

from typing import Any

from mailroom import registry
from mailroom.domain import rendered_mail
from mailroom.models import Message
from outbox.testing import run_all
from registrations.mail_contexts import waitlist
from registrations.models import WaitlistEntry
from tests import factories
from tests.registrations.purchases import cart, me, of, pay, place
from tests.registrations.started_classes import ticket_cart
from tests.registrations.tickets import TicketTestCase
from users.models import Student


def render(name: str, to: str, **data: Any) -> tuple[str, str]:
    run_all()
    message = Message(template=name, to=to, data=data) if data else Message.objects.get(template=name, to=to)
    mail = registry.declared_mails()[name]
    letter = rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.context(message))
    return letter.subject, letter.text


class MailGreetingTest(TicketTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.gus = factories.create_account("gus2@example.org", "Gus", "Gray")
        self.kit = Student.objects.create(guardian=self.gus, first_name="Kit", last_name="Gray")

    def test_ticket_of_a_child_is_mailed_to_its_guardian(self) -> None:
        self.kit_ticket()
        subject, body = render("registrations.ticket", self.gus.email)
        self.assertIn("Kit Gray’s drop-in in Beginning A", subject)
        self.assertIn("Hi Gus,\n\nKit Gray has a spot in", body)

    def test_mail_about_ones_own_ticket_says_your(self) -> None:
        pay(self.buy(1, payer=self.alice))
        subject, body = render("registrations.ticket", self.alice.email)
        self.assertIn("Your drop-in in Beginning A", subject)
        self.assertIn("Hi Alice,\n\nYou have a spot in", body)

    def kit_ticket(self) -> Any:
        return pay(place(ticket_cart(self.days[1], of(self.kit), payer=self.gus)))

    def test_mail_about_a_duplicate_registration_addresses_student_or_guardian(self) -> None:
        alice = Student.objects.get(user=self.alice)
        subject, body = render(
            "registrations.registered_twice", self.alice.email, student_id=alice.pk, class_offer_id=self.class_offer.pk
        )
        self.assertIn("You were registered twice", subject)
        self.assertIn("Hi Alice,\n\nYou already have a spot in", body)
        subject, body = render(
            "registrations.registered_twice", self.gus.email, student_id=self.kit.pk, class_offer_id=self.class_offer.pk
        )
        self.assertIn("Kit Gray was registered twice", subject)
        self.assertIn("Hi Gus,\n\nKit Gray already has a spot in", body)

    def test_registration_of_a_child_greets_its_guardian(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        pay(place(cart((friday, of(self.kit)), payer=self.gus)))
        _, body = render("registrations.registered", self.gus.email)
        self.assertIn("Hi Gus,\n", body)

    def test_decision_about_a_class_greets_each_reader(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        pay(place(cart((friday, of(self.kit)), payer=self.gus)))
        pay(place(cart((friday, me()), payer=self.alice)))
        for reader, name in ((self.gus, "Gus"), (self.alice, "Alice")):
            _, body = render("registrations.class_confirmed", reader.email, class_offer_id=friday.pk)
            self.assertIn(f"Hi {name},\n", body)

    def test_waitlist_greets_by_first_name(self) -> None:
        entry = WaitlistEntry.objects.create(
            class_offer=self.class_offer,
            contact_name="Sam van der Berg",
            contact_email="sam@example.org",
            people=[],
            size=1,
            position=1,
        )
        self.assertEqual(waitlist.waitlist_context(Message(template="", data={"entry_id": entry.pk}))["name"], "Sam")
