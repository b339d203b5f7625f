"""Transferring a spot to another person: the new registration, the mail and the refusals."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.core import mail
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from billing.domain.pricing import balances
from billing.models import Order, PaymentIssue
from classwork.models import ClassRole
from common.formats import format_moment
from history.models import Entry
from mailroom.models import Message
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.domain import capacity, change_deadlines, notifications, status_text
from registrations.domain.attendees import TypedPerson
from registrations.domain.line_details import AttendeeDetails
from registrations.domain.transfers import to_person
from registrations.domain.transfers.to_class import DeskOverride
from registrations.errors import RegistrationRefused
from registrations.models import Registration
from tests.registrations import purchases
from tests.registrations.transfers import State, TransferTestCase
from users.models import Student, User

LEE = TypedPerson("Lee", "Lind", "lee@example.org")


class TransferToPersonTestCase(TransferTestCase):
    def transfer(
        self, spot: Registration, to: TypedPerson = LEE, by: User | DeskOverride | None = None
    ) -> Registration:
        return to_person.transfer_to_person(spot, to, by or self.alice, timezone.now())

    def mails(self) -> dict[str, str]:
        run_all()
        send_all()
        return {message.to[0]: f"{message.subject} {message.body}" for message in mail.outbox}


class TransferToPersonTest(TransferToPersonTestCase):
    def test_transferred_spot_belongs_to_the_recipient_and_no_money_moves(self) -> None:
        spot = self.bought()
        received = self.transfer(spot)
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED)])
        self.assertEqual(
            (str(received.student), received.state, received.line), ("Lee Lind", State.CONFIRMED, spot.line)
        )
        self.assertEqual(
            (
                balances.amount_received(spot.line.order),
                capacity.availability_of(self.tuesday, timezone.now()).spots_taken,
            ),
            (65, 1),
        )  # type: ignore[union-attr]

    def test_recipient_payer_and_attendee_each_get_their_own_mail(self) -> None:
        order = purchases.cart((self.tuesday, purchases.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        spot = self.place(purchases.pay(purchases.place(order)))
        self.mails()
        mail.outbox.clear()
        self.transfer(spot)
        mails = self.mails()
        self.assertEqual(sorted(mails), ["alice@example.org", "lee@example.org", "sam@example.org"])
        self.assertIn("Alice Arden transferred a spot to you", mails["lee@example.org"])
        self.assertIn("Create a password", mails["lee@example.org"])
        self.assertIn("Lee Lind is taking Alice Arden’s spot", mails["sam@example.org"])
        self.assertNotIn("lee@example.org", mails["sam@example.org"])

    def test_role_is_transferred_with_the_spot(self) -> None:
        for name in ("lead", "follow"):
            ClassRole.objects.create(class_offer=self.tuesday, name=name)
        order = purchases.cart(payer=self.alice)
        order.lines.create(
            kind="class",
            product_id=self.tuesday.pk,
            details=AttendeeDetails(purchases.me()).as_json(),
            role="lead",
        )
        self.assertEqual(self.transfer(self.place(purchases.pay(purchases.place(order)))).role, "lead")

    def test_payer_reads_the_name_that_was_typed_and_not_the_stored_one(self) -> None:
        other = Student.objects.create(
            first_name="LEE", last_name="LIND", user=User.objects.create_user("lee@example.org", None)
        )
        spot = self.bought()
        received = self.transfer(spot)
        self.assertEqual(received.student, other)
        received.line.refresh_from_db()  # type: ignore[union-attr]
        self.assertIn("Lee Lind", received.line.detail)  # type: ignore[union-attr]
        self.assertIn("Lee Lind", self.mails()["alice@example.org"])

    def test_recipient_already_in_the_class_gets_a_second_record_and_a_case(self) -> None:
        purchases.pay(
            purchases.place(purchases.cart((self.tuesday, purchases.me()), name="Lee Lind", email="lee@example.org"))
        )
        received = self.transfer(self.bought())
        notifications.report_conflicts()
        self.assertEqual(Student.objects.filter(first_name="Lee").count(), 2)
        self.assertTrue(
            PaymentIssue.objects.filter(order=received.line.order, description__contains="registered twice").exists()
        )  # type: ignore[union-attr]

    def test_transferred_spot_can_be_transferred_back(self) -> None:
        spot = self.transfer(self.bought())
        lee = User.objects.get(email="lee@example.org")
        again = self.transfer(spot, TypedPerson("Alice", "Arden", "alice@example.org"), lee)
        self.assertEqual(again.student, self.student)
        self.mails()
        subjects = [message.subject for message in mail.outbox if message.to == ["alice@example.org"]]
        self.assertTrue(any(subject.startswith("You’re registered for") for subject in subjects), subjects)

    def test_recipient_of_a_spot_that_was_moved_is_told_of_it(self) -> None:
        self.move(self.bought(), self.thursday, self.alice)
        self.transfer(Registration.objects.get(state=State.CONFIRMED))
        self.assertIn("transferred a spot to you", self.mails()["lee@example.org"])

    def test_recipient_can_exchange_the_spot_at_the_same_price(self) -> None:
        spot = self.transfer(self.bought())
        lee = User.objects.get(email="lee@example.org")
        self.move(spot, self.thursday, lee)
        self.assertEqual(Registration.objects.get(state=State.CONFIRMED).student.first_name, "Lee")

    def test_exchange_after_a_transfer_is_not_called_a_transfer(self) -> None:
        for due in (Order.Due.DOOR, Order.Due.NOW):
            with self.subTest(due), transaction.atomic():
                spot = self.bought(due=due)
                received = self.transfer(spot)
                self.move(
                    received,
                    self.thursday,
                    User.objects.get(email="lee@example.org") if due == "now" else self.office_override(),
                )
                self.assertEqual(
                    self.statuses_of(spot, received), ["Transferred to Lee Lind", "Moved to another class"]
                )
                run_all()
                given = Message.objects.filter(template="registrations.transferred_to_person")
                self.assertEqual(set(given.values_list("to", flat=True)), {"alice@example.org"})
                transaction.set_rollback(True)

    def test_spot_transferred_back_does_not_name_its_attendee_as_the_recipient(self) -> None:
        spot = self.bought()
        received = self.transfer(spot)
        lee = User.objects.get(email="lee@example.org")
        self.transfer(received, TypedPerson("Alice", "Arden", "alice@example.org"), lee)
        self.assertEqual(
            self.statuses_of(spot, received), ["Transferred to someone else", "Transferred to Alice Arden"]
        )

    def office_override(self) -> DeskOverride:
        return DeskOverride(self.ada, "By telephone")

    def statuses_of(self, *spots: Registration) -> list[str]:
        registrations = Registration.objects.for_lists().in_bulk([spot.pk for spot in spots])
        return [status_text.registration_status(registrations[spot.pk], timezone.now()).text for spot in spots]


class TransferToPersonRefusedTest(TransferToPersonTestCase):
    def assertRefusedWith(self, words: str, spot: Registration, to: TypedPerson = LEE) -> None:
        with self.assertRaisesMessage(RegistrationRefused, words):
            self.transfer(spot, to)
        self.assertFalse(Student.objects.filter(first_name="Lee").exists())

    def test_refusal_after_the_deadline_names_the_deadline(self) -> None:
        spot = self.bought()
        begins = self.tuesday.meetings.all()[1].starts_at
        with mock.patch("django.utils.timezone.now", lambda: begins + timedelta(minutes=1)):
            self.assertRefusedWith(f"could change this spot until {format_moment(begins)}.", spot)

    def test_transfer_to_oneself_after_the_deadline_or_during_an_exchange_is_refused(self) -> None:
        spot = self.bought()
        self.assertRefusedWith("already has this spot", spot, TypedPerson("ALICE", "Arden", "alice@example.org"))
        late = self.tuesday.meetings.all()[1].starts_at + timedelta(minutes=1)
        with mock.patch("django.utils.timezone.now", lambda: late):
            self.assertRefusedWith("could change this spot until", spot)
        self.exchange_at_a_higher_price(spot)
        self.assertRefusedWith("is being exchanged", spot)
        self.assertRefusedWith(to_person.PAY_FIRST, Registration.objects.latest("pk"))

    def exchange_at_a_higher_price(self, spot: Registration) -> None:
        self.thursday.price = 100  # type: ignore[assignment]
        self.thursday.save()
        self.move(spot, self.thursday)

    def test_spot_can_be_transferred_only_once(self) -> None:
        spot = self.bought()
        self.transfer(spot)
        with self.assertRaisesMessage(RegistrationRefused, to_person.NOT_HERE):
            self.transfer(spot, TypedPerson("Kim", "Kant", "kim@example.org"))
        self.assertEqual(capacity.availability_of(self.tuesday, timezone.now()).spots_taken, 1)

    def test_spot_that_somebody_else_still_has_to_pay_for_cannot_be_transferred(self) -> None:
        order = purchases.cart((self.tuesday, purchases.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        self.assertRefusedWith(to_person.PAY_FIRST, self.place(purchases.place(order, Order.Due.DOOR)))


class TransferToPersonPagesTest(TransferToPersonTestCase):
    def post(self, spot: Registration, **values: Any) -> Any:
        self.log_in(self.alice)
        usual = {"first_name": "Lee", "last_name": "Lind", "email": "lee@example.org"}
        return self.client.post(reverse("transfer_to_person", args=[spot.pk]), usual | values, follow=True)

    def test_attendee_transfers_the_spot_with_one_form(self) -> None:
        page = self.post(self.bought())
        self.assertContains(page, "The spot was transferred to Lee.")
        self.assertContains(page, "Transferred to Lee")

    def test_known_and_unknown_addresses_get_the_same_answer(self) -> None:
        pages = []
        for email in ("gus@example.org", "nobody@example.org"):
            spot = self.bought(self.another("CD"[len(pages)], class_day=4 + len(pages)))
            pages.append(self.post(spot, email=email).context["messages"]._loaded_data)
        self.assertEqual(*([str(message) for message in messages] for messages in pages))

    def test_invalid_input_is_answered_with_a_message(self) -> None:
        spot = self.bought()
        for wrong in ({"email": "x"}, {"first_name": ""}, {"first_name": "x" * 500}, {"email": "a@b.c\nBcc: d@e.f"}):
            self.assertContains(self.post(spot, **wrong), "Please check the following")
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])

    def test_office_transfers_a_spot_with_a_reason(self) -> None:
        spot = self.bought()
        self.log_in(self.ada)
        form = {"first_name": "Lee", "last_name": "Lind", "email": "lee@example.org", "why": "By telephone"}
        self.client.post(reverse("desk_transfer_to_person", args=[spot.pk]), form)
        entry = Entry.objects.get(action="registrations.transferred_to_person")
        self.assertEqual((entry.reason, entry.actor_id), ("By telephone", self.ada.pk))

    def test_desk_can_transfer_after_the_deadline(self) -> None:
        spot = self.bought()
        late = change_deadlines.change_deadline(spot, 2)
        assert late is not None
        to_person.transfer_to_person(spot, LEE, DeskOverride(self.ada, "x"), late + timedelta(days=1))
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED)])
