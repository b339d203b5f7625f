"""The cancellation wizard at the desk, and the mail and pages about a cancellation."""

from typing import Any

from django.core import mail
from django.test import tag
from django.urls import reverse
from django.utils import timezone

from billing.models import Order
from common.formats import format_date
from history.models import Entry
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.domain.cancellations import notifications
from registrations.domain.cancellations.class_cancellation import cancel_classes
from registrations.domain.cancellations.plan import plan_cancellation
from registrations.domain.cancellations.request import CancellationRequest
from registrations.models import ClassCancellation, CompensationPolicy
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, of, other, pay, place

WIZARD = reverse("desk_cancel_classes")


@tag("once")
class CancellationWizardTest(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)
        self.day = self.class_offer.meetings.get(number=2)

    def query(self, **more: Any) -> dict[str, Any]:
        return {"class": self.class_offer.pk, "meeting": [self.day.pk]} | more

    def buy(self) -> Order:
        return pay(place(cart((self.class_offer, me()), payer=self.alice)))

    def address(self, **more: Any) -> str:
        return self.client.get(WIZARD, self.query(**more)).wsgi_request.get_full_path()

    def test_class_day_is_canceled_step_by_step(self) -> None:
        self.buy()
        self.assertContains(self.client.get(WIZARD, {"class": self.class_offer.pk}), "Choose what to cancel")
        self.assertContains(self.client.get(WIZARD, self.query()), "Compensation")
        preview = self.client.get(WIZARD, self.query(policy="refund"))
        self.assertContains(preview, "Preview")
        self.assertContains(preview, "Alice Arden")
        self.assertFalse(ClassCancellation.objects.exists())
        form = {"do": "1", "why": "Snow", "seen": preview.context["quote"].fingerprint}
        answer = self.client.post(self.address(policy="refund"), form)
        self.assertRedirects(answer, ClassCancellation.objects.get().get_absolute_url())
        self.assertTrue(Entry.objects.filter(action="registrations.classes_canceled", reason="Snow").exists())

    def test_compensation_changed_after_the_preview_is_shown_again_and_cancels_nothing(self) -> None:
        order = self.buy()
        preview = self.client.get(WIZARD, self.query(policy="refund"))
        place_id = order.lines.get().registrations.get().pk
        form = {
            "do": "1",
            "why": "Snow",
            "seen": preview.context["quote"].fingerprint,
            f"for_registration_{place_id}": "credit",
        }
        again = self.client.post(self.address(policy="refund"), form)
        self.assertContains(again, "please read it again")
        self.assertContains(again, "as credit")
        self.assertFalse(ClassCancellation.objects.exists())

    def test_wizard_can_return_to_earlier_steps(self) -> None:
        how = self.client.get(WIZARD, self.query(policy="extension", step="how"))
        self.assertContains(how, "Compensation")
        self.assertTrue(how.context["how"].data["policy"], "extension")
        self.assertContains(self.client.get(WIZARD, self.query(step="what")), "Choose what to cancel")

    def test_make_up_day_needs_a_future_date_and_time(self) -> None:
        self.assertContains(self.client.get(WIZARD, self.query(policy="make_up")), "Please enter the day and time")
        when = {f"day_{self.day.pk}": "2001-01-01", f"time_{self.day.pk}": "19:00"}
        self.assertContains(self.client.get(WIZARD, self.query(policy="make_up") | when), "has passed. Please choose")

    def test_one_day_cancels_all_classes_or_those_at_one_location(self) -> None:
        elsewhere = factories.create_class_offer(
            self.session, factories.create_subject("L2"), location=factories.create_location("Other hall")
        )
        day = self.day.local_date.isoformat()
        both = self.client.get(WIZARD, {"day": day}).context["what"].meetings
        here = self.client.get(WIZARD, {"day": day, "place": self.hall.pk}).context["what"].meetings
        self.assertEqual((len(both), len(here)), (2, 1))
        self.assertNotIn(elsewhere.pk, [meeting.class_offer_id for meeting in here.values()])

    def test_class_days_are_optional_only_when_the_whole_class_can_be_canceled(self) -> None:
        on = self.day.local_date.isoformat()
        self.assertContains(self.client.get(WIZARD, {"class": self.class_offer.pk}), "(optional)")
        day = self.client.get(WIZARD, {"day": on})
        self.assertContains(day, "Choose what to cancel")
        self.assertNotContains(day, "(optional)")
        self.assertNotContains(day, "Please choose")
        self.assertContains(self.client.get(WIZARD, {"day": on, "asked": 1}), "Please choose at least one class day.")

    def test_invalid_input_is_answered_with_a_message(self) -> None:
        for query in ({"day": "x"}, {"class": self.class_offer.pk, "meeting": "99999"}, self.query(policy="nonsense")):
            with self.subTest(query):
                self.assertEqual(self.client.get(WIZARD, query).status_code, 200)
        self.assertEqual(self.client.get(WIZARD, {"class": "99999"}).status_code, 404)
        self.assertContains(self.client.get(WIZARD, {"day": "2001-01-01"}), "No classes to cancel")

    def test_only_the_office_can_cancel(self) -> None:
        for person, status in ((self.tess, 403), (self.alice, 403)):
            browser = self.browser_of(person)
            self.assertEqual(browser.post(self.address(policy="refund"), {"do": "1"}).status_code, status)

    def test_preview_runs_the_same_queries_for_thirty_registrations(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                number = Order.objects.count()
                name, email = f"N{number}", f"n{number}@example.org"
                pay(place(cart((self.class_offer, me()), name=name, email=email)))

        self.assertSameQueries(self.address(policy="refund"), rows, exactly=19)


@tag("once")
class CancellationMailTest(SchoolTestCase):
    def cancel(self, request: CancellationRequest) -> None:
        cancel_classes(self.ada, request, "Snow", seen=plan_cancellation(request, timezone.now()).fingerprint)
        mail.outbox.clear()
        run_all()
        send_all()

    def test_each_address_gets_one_mail_about_the_cancellation(self) -> None:
        pay(place(cart((self.class_offer, of(self.kit)), payer=self.gus)))
        run_all()
        send_all()
        self.cancel(
            CancellationRequest(CompensationPolicy.REFUND, frozenset([self.class_offer.meetings.get(number=2).pk]))
        )
        letters = {letter.to[0]: letter for letter in mail.outbox if "canceled on" in letter.subject}
        self.assertEqual(sorted(letters), ["gus@example.org", "tess@example.org"])
        self.assertEqual(
            len([letter for letter in mail.outbox if letter.to == ["gus@example.org"]]), 2
        )  # and the refund
        body = str(letters["gus@example.org"].body)
        day = self.class_offer.meetings.get(number=2)
        self.assertIn(f"We’re sorry: {self.class_offer.subject.title} on {day.slot} is canceled. Reason: Snow.", body)
        for words in ("Kit Gray", "Snow", "will be refunded to your original payment method"):
            self.assertIn(words, body)
        self.assertIn("You’re not teaching on", str(letters["tess@example.org"].body))

    def test_payer_who_does_not_attend_reads_which_class_is_canceled(self) -> None:
        order = pay(
            place(cart((self.class_offer, other("Kim", email="kim@example.org")), name="Pat", email="pat@example.org"))
        )
        self.cancel(
            CancellationRequest(CompensationPolicy.REFUND, frozenset([self.class_offer.meetings.get(number=2).pk]))
        )
        (letter,) = [
            letter for letter in mail.outbox if letter.to == ["pat@example.org"] and "canceled on" in letter.subject
        ]
        self.assertIn(str(order.lines.get().title), str(letter.body))
        self.assertNotIn("ready to be picked up", str(letter.body))

    def test_drafting_the_mails_twice_sends_them_once(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.cancel(
            CancellationRequest(CompensationPolicy.NOTHING, frozenset([self.class_offer.meetings.get(number=2).pk]))
        )
        before = len(mail.outbox)
        cancellation = ClassCancellation.objects.get()
        spots = [outcome.registration for outcome in cancellation.compensations.all()]
        notifications.draft_cancellation_mails(cancellation, spots, notifications.canceled_meetings(cancellation))
        run_all()
        send_all()
        self.assertEqual(len(mail.outbox), before)

    def test_class_page_and_calendar_show_the_canceled_day(self) -> None:
        day = self.class_offer.meetings.get(number=2)
        self.cancel(CancellationRequest(CompensationPolicy.NOTHING, frozenset([day.pk])))
        page = self.client.get(self.class_offer.get_absolute_url())
        self.assertContains(page, format_date(day.local_date))
        self.assertContains(self.client.get(f"/classes/{self.class_offer.pk}/calendar.ics"), "STATUS:CANCELLED")
