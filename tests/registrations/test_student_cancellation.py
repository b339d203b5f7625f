"""The payer or the attendee cancels a registration, and its spot is released."""

import re
from datetime import timedelta

from django.http import HttpResponse
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from billing.domain.cancellations import cancellation_options, quoted_cancellation
from billing.domain.cancellations.cancellation_quote import CancellationQuote
from billing.models import Dispute, Order, Refund
from classwork.domain.resources import content
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.models import Meeting
from history.models import Entry
from mailroom.models import Message
from outbox.testing import delivery_problems, run_all
from registrations.domain import status_text
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.base import SchoolTestCase
from tests.classwork.cancellation_terms import usual
from tests.registrations import purchases
from users.models import Student

State = Registration.State


class AttendeeCancellationTest(SchoolTestCase):
    def setUp(self) -> None:
        usual()
        self.order = purchases.pay(
            purchases.place(
                purchases.cart(
                    (self.class_offer, purchases.other("Alice", "alice@example.org", "Arden")),
                    (self.class_offer, purchases.of(self.kit)),
                    payer=self.gus,
                )
            )
        )
        self.registration, self.child_registration = (
            line.registrations.get() for line in self.order.lines.order_by("pk")
        )

    def url(self, registration: Registration) -> str:
        return reverse("cancel_registration", args=[registration.pk])

    def state_of(self, registration: Registration) -> str:
        registration.refresh_from_db()
        return registration.state

    def mails(self) -> list[tuple[str, str]]:
        run_all()
        self.assertEqual(delivery_problems(), [])
        messages = Message.objects.exclude(
            template__in=["billing.receipt", "registrations.registered", "billing.refund_completed"]
        )
        return [(message.template, message.to) for message in messages.order_by("pk")]

    def click(self, url: str, page: HttpResponse) -> HttpResponse:
        form = dict(re.findall(r'name="(canceled_by|seen)" value="([^"]*)"', page.content.decode()))
        return self.client.post(url, form)  # type: ignore[return-value]

    def test_attendee_cancels_their_registration_and_the_payer_is_refunded(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("my_classes")), self.url(self.registration))
        page = self.client.get(self.url(self.registration))
        self.assertNotContains(page, "$")
        self.assertRedirects(self.click(self.url(self.registration), page), reverse("my_classes"))
        self.assertEqual(
            (self.state_of(self.registration), self.state_of(self.child_registration)),
            (State.CANCELED, State.CONFIRMED),
        )
        self.assertEqual(Refund.objects.get().payment.order, self.order)
        self.assertEqual(Entry.objects.get(action="billing.canceled_by_attendee").actor_id, self.alice.pk)
        self.assertEqual(
            sorted(self.mails()),
            [("billing.line_canceled", self.gus.email), ("registrations.registration_canceled", self.alice.email)],
        )
        self.assertContains(self.client.get(self.url(self.registration), follow=True), "already canceled")

    def test_payer_sees_the_refund_amount_and_gets_the_only_mail_about_their_child(self) -> None:
        self.log_in(self.gus)
        page = self.client.get(self.url(self.child_registration), follow=True)
        url = page.redirect_chain[-1][0]
        self.assertContains(page, "Your refund to")
        self.assertEqual(self.click(url, page).status_code, 302)  # type: ignore[arg-type]
        self.assertEqual(self.state_of(self.child_registration), State.CANCELED)
        self.assertEqual(self.mails(), [("billing.line_canceled", self.gus.email)])

    def test_student_registered_at_the_desk_is_the_payer_once_their_address_is_confirmed(self) -> None:
        other = factories.create_class_offer(self.session, factories.create_subject(version="B"))
        order = purchases.register_at_desk(self.ada, other, self.student)
        self.log_in(self.alice)
        self.assertEqual(self.client.get(self.url(purchases.line(order).registrations.get())).status_code, 200)
        self.alice.email_confirmed_at = timezone.now()
        self.alice.save()
        page = self.client.get(self.url(purchases.line(order).registrations.get()), follow=True)
        self.assertContains(page, "Nothing will be due.")

    def test_other_people_cannot_open_the_cancellation_page(self) -> None:
        for person in (self.sam, self.tess, self.ada):
            self.log_in(person)
            self.assertEqual(self.client.get(self.url(self.registration)).status_code, 404)
            self.assertEqual(self.client.post(self.url(self.registration)).status_code, 404)

    def test_attendee_is_not_told_about_a_payment_dispute(self) -> None:
        Dispute.objects.create(payment=self.order.payments.get(), reference="d", amount=70)
        self.log_in(self.alice)
        page = self.client.get(self.url(self.registration))
        self.assertContains(page, "can’t be canceled here")
        self.assertNotContains(page, "bank")
        self.assertEqual(self.client.post(self.url(self.registration), {"seen": "x"}).status_code, 409)

    def test_cancellation_without_a_current_quote_is_refused(self) -> None:
        self.log_in(self.alice)
        for seen in ("", "x", "ñ"):
            answer = self.client.post(self.url(self.registration), {"seen": seen})
            self.assertContains(answer, "nothing has been canceled yet", status_code=409)
        self.assertEqual(self.state_of(self.registration), State.CONFIRMED)

    def test_canceled_attendee_loses_access_to_resources(self) -> None:
        values = {"kind": "text", "title": "x", "text": "y", "audience": "student", "when": "sign_up"}
        words = content.add_resource(self.tess.staff, self.class_offer, values, {})
        self.log_in(self.alice)
        url = reverse("resource_detail", args=[words.pk])
        self.assertEqual(self.client.get(url).status_code, 200)
        self.cancel_registration()
        self.assertEqual(self.client.get(url).status_code, 404)

    def test_canceled_spot_is_offered_to_the_waitlist(self) -> None:
        class_offers.change_class(self.ada, self.class_offer, ClassDraft({"capacity": 2}))
        entry = entries.join_waitlist(
            self.class_offer, [WaitlistRequest(purchases.me())], Contact("Sam", self.sam.email, self.sam)
        )
        self.cancel_registration()
        run_all()
        entry.refresh_from_db()
        self.assertEqual(entry.state, WaitlistEntry.State.OFFERED)

    def cancel_registration(self) -> CancellationQuote:
        line, at = self.registration.line, timezone.now()
        assert line is not None
        option = cancellation_options.options_for_lines(self.order, [line], at)[0]
        quote = quoted_cancellation.quote_cancellation(self.order, option, at)
        return quoted_cancellation.cancel_as_quoted(self.order, option, at, seen=quote.fingerprint)

    def let_days_pass(self, days: float) -> None:
        """Move the class so that this many days have passed since the purchase."""
        for meeting in Meeting.objects.filter(class_offer=self.class_offer):
            meeting.starts_at -= timedelta(days=days)
            meeting.ends_at -= timedelta(days=days)
            meeting.save()
        self.order.lines.update(sold_terms=None)

    def test_refund_steps_apply_in_order_as_time_passes(self) -> None:
        first = self.class_offer.meetings.first()
        until = (first.starts_at - timezone.now()).days  # type: ignore[union-attr]
        refunds = []
        for days in (0, until - 3, 4, 7):
            self.let_days_pass(days)
            line = self.order.lines.get(pk=self.registration.line_id)
            step = cancellation_options.options_for_lines(self.order, [line], timezone.now())[0].steps[line.pk]
            refunds.append((step.percent, step.gives if step.percent else ""))
        self.assertEqual(refunds, [(100, "refund"), (50, "credit"), (50, "credit"), (0, "")])

    @override_settings(WITHDRAWAL_DAYS=14)
    def test_withdrawal_is_confirmed_by_mail_and_refunded(self) -> None:
        order = purchases.pay(
            purchases.place(purchases.cart((self.class_offer, purchases.other("Pim")), payer=self.ash))
        )
        self.log_in(self.ash)
        url = purchases.line(order).cancel_address
        page = self.client.get(url)
        self.assertContains(page, "Confirm withdrawal")
        self.click(url, page)  # type: ignore[arg-type]
        self.assertEqual(self.mails(), [("billing.withdrawal_received", self.ash.email)])
        unpaid = purchases.place(
            purchases.cart((self.class_offer, purchases.other("Pia")), payer=self.ash), Order.Due.DOOR
        )
        page = self.client.get(unpaid.cancel_address)
        self.click(unpaid.cancel_address, page)  # type: ignore[arg-type]
        self.assertEqual(self.mails()[-1], ("billing.withdrawal_received", self.ash.email))
        self.assertNotIn("billing.order_canceled", dict(self.mails()))


class MyClassesQueryTest(SchoolTestCase):
    @tag("rows")
    def test_my_classes_runs_the_same_queries_with_many_registrations(self) -> None:
        self.log_in(self.gus)

        def places(count: int) -> None:
            for _ in range(count):
                child = factories.create_child(self.gus, f"Kim{Student.objects.count()}")
                purchases.place(purchases.cart((self.class_offer, purchases.of(child)), payer=self.gus), Order.Due.DOOR)

        self.assertSameQueries(reverse("my_classes"), places)


class LineStatusTest(SchoolTestCase):
    def test_my_classes_shows_the_payment_status_of_each_line(self) -> None:
        other = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        order = purchases.pay(
            purchases.place(
                purchases.cart((self.class_offer, purchases.me()), (other, purchases.me()), payer=self.alice)
            )
        )
        line = order.lines.get(product_id=other.pk)
        [quote] = [
            quoted_cancellation.quote_cancellation(order, option, timezone.now())
            for option in cancellation_options.options_for_lines(order, [line], timezone.now())
        ]
        quoted_cancellation.cancel_as_quoted(order, quote.option, timezone.now(), seen=quote.fingerprint)
        registrations = Registration.objects.select_related("line__order").order_by("pk")
        statuses = {
            one.class_offer.pk: str(status_text.spot_payment_status(one, timezone.now())) for one in registrations
        }
        self.assertEqual(statuses, {self.class_offer.pk: "Paid", other.pk: "Refunded"})
