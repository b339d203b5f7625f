"""Classes that run only if enough people register."""

from datetime import timedelta

from django.core import mail
from django.test import override_settings, tag
from django.urls import reverse

from billing.models import Order, Refund
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer
from common import dates
from common.work_lists import open_work_for
from history.models import Entry
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.domain import minimum_enrollment
from registrations.models import ClassCancellation, Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, pay, place


class MinimumTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.day = dates.local_today() + timedelta(days=3)
        self.set_minimum(2)

    def set_minimum(self, people: int) -> None:
        class_offers.change_class(
            self.ada, self.class_offer, ClassDraft({"minimum_enrollment": people, "decision_date": self.day})
        )
        self.class_offer.refresh_from_db()

    def buy(self, name: str = "Ann") -> Order:
        return pay(place(cart((self.class_offer, me()), name=name, email=f"{name.lower()}@example.org")))

    def decide_due(self) -> int:
        return minimum_enrollment.decide_due_classes(self.day + timedelta(days=1))

    def recipients_of(self, subject: str) -> list[str]:
        run_all()
        send_all()
        return sorted(letter.to[0] for letter in mail.outbox if subject in letter.subject)


class MinimumDecisionTest(MinimumTestCase):
    def test_minimum_is_shown_before_buying_and_stored_on_the_order_line(self) -> None:
        sentence = minimum_enrollment.minimum_text(self.class_offer)
        self.assertIn("Needs 2 sign-ups by", sentence)
        for page in (self.class_offer.get_absolute_url(), reverse("classoffer_list"), reverse("register")):
            self.assertContains(self.client.get(page), sentence)
        self.assertIn("or you get a full refund", self.buy().lines.get().detail)

    def test_reaching_the_minimum_confirms_the_class_at_once_and_mails_everybody_once(self) -> None:
        self.buy()
        self.assertEqual(self.recipients_of("is confirmed"), [])
        self.buy("Ben")
        self.assertEqual(self.recipients_of("is confirmed"), ["ann@example.org", "ben@example.org"])
        minimum_enrollment.confirm_if_minimum_reached(self.class_offer.pk)
        self.assertEqual(len(self.recipients_of("is confirmed")), 2)

    @override_settings(CONFIRM_CLASS_AT_MINIMUM=False)
    def test_school_can_confirm_on_the_decision_day_instead(self) -> None:
        self.buy()
        self.buy("Ben")
        run_all()
        self.assertTrue(ClassOffer.objects.get(pk=self.class_offer.pk).is_tentative)
        self.assertEqual((self.decide_due(), self.decide_due()), (1, 0))
        self.assertFalse(ClassOffer.objects.get(pk=self.class_offer.pk).is_tentative)

    def test_pay_at_the_door_registrations_count_toward_the_minimum_and_holds_do_not(self) -> None:
        place(cart((self.class_offer, me()), name="Ann", email="ann@example.org"))
        self.assertEqual(minimum_enrollment.registered_count(self.class_offer), 0)
        place(cart((self.class_offer, me()), name="Ben", email="ben@example.org"), Order.Due.DOOR)
        self.assertEqual(minimum_enrollment.registered_count(self.class_offer), 1)

    @override_settings(OFFICE_EMAIL="office@example.org")
    def test_class_below_the_minimum_is_put_before_the_office_once_and_not_canceled(self) -> None:
        self.buy()
        self.assertEqual(minimum_enrollment.decide_due_classes(self.day), 0)
        self.assertEqual((self.decide_due(), self.decide_due()), (1, 0))
        self.assertEqual(self.recipients_of("Confirm or cancel"), ["office@example.org"])
        self.assertIn("class needs a decision on its minimum", [work.label for work in open_work_for(self.ada)])
        self.assertFalse(ClassCancellation.objects.exists())

    @override_settings(MINIMUM_NOT_REACHED="cancel")
    def test_school_can_cancel_below_the_minimum_and_refund_everybody(self) -> None:
        order = self.buy()
        self.assertEqual((self.decide_due(), self.decide_due()), (1, 0))
        order.refresh_from_db()
        self.assertEqual((order.amount_charged, Refund.objects.get().amount), (0, order.payments.get().captured_amount))
        self.assertEqual(Registration.objects.get().state, Registration.State.CANCELED)
        self.assertIn("ann@example.org", self.recipients_of("canceled"))

    def test_class_confirmed_by_hand_needs_no_decision(self) -> None:
        self.assertTrue(minimum_enrollment.confirm_class(self.class_offer, why="Worth it", by=self.ada))
        self.assertFalse(minimum_enrollment.confirm_class(self.class_offer, why="Again", by=self.ada))
        self.assertEqual(self.decide_due(), 0)
        self.assertTrue(Entry.objects.filter(action="registrations.class_confirmed", reason="Worth it").exists())

    def test_decision_is_postponed_and_everybody_is_told(self) -> None:
        self.buy()
        self.decide_due()
        later = self.day + timedelta(days=1)
        minimum_enrollment.postpone_decision(self.class_offer, later, why="Holidays", by=self.ada)
        self.class_offer.refresh_from_db()
        self.assertEqual((self.class_offer.decision_date, self.class_offer.decision_requested_at), (later, None))
        self.assertEqual(self.recipients_of("decide later"), ["ann@example.org"])
        self.assertEqual(minimum_enrollment.decide_due_classes(later + timedelta(days=1)), 1)

    def test_decision_day_in_the_past_or_after_the_first_class_is_refused(self) -> None:
        for day in (dates.local_today() - timedelta(days=1), self.class_offer.meetings.get(number=1).local_date):
            with self.subTest(day), self.assertRaises(ChangeRefused):
                minimum_enrollment.postpone_decision(self.class_offer, day, why="x", by=self.ada)
            with self.subTest(day), self.assertRaises(ChangeRefused):
                class_offers.change_class(
                    self.ada, self.class_offer, ClassDraft({"minimum_enrollment": 3, "decision_date": day})
                )

    def test_minimum_and_decision_day_must_be_given_together(self) -> None:
        with self.assertRaisesMessage(
            ChangeRefused, "Enter both the minimum enrollment and the decision date, or neither."
        ):
            class_offers.change_class(
                self.ada, self.class_offer, ClassDraft({"minimum_enrollment": 3, "decision_date": None})
            )


class MinimumDeskTest(MinimumTestCase):
    def test_desk_confirms_or_postpones_a_class_with_a_reason(self) -> None:
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk_minimum")), "0 of 2: 2 more to go")
        later = {"why": "Holidays", "day": (self.day + timedelta(days=1)).isoformat()}
        for name, form in (("desk_postpone_decision", later), ("desk_confirm_class", {"why": "Worth it"})):
            self.assertRedirects(
                self.client.post(reverse(name, args=[self.class_offer.pk]), form), reverse("desk_minimum")
            )
        self.assertContains(self.client.get(reverse("desk_minimum")), "No decisions pending")
        empty = self.client.post(reverse("desk_confirm_class", args=[self.class_offer.pk]), {"why": ""}, follow=True)
        self.assertContains(empty, "Please enter a reason")

    @tag("rows")
    def test_list_runs_the_same_queries_for_thirty_classes(self) -> None:
        self.log_in(self.ada)

        def rows(count: int) -> None:
            for number in range(count):
                subject = (
                    factories.create_subject("L2", f"V{ClassOffer.objects.count()}"[:2])
                    if not number
                    else self.class_offer.subject
                )
                factories.create_class_offer(self.session, subject, minimum_enrollment=3, decision_date=self.day)

        self.assertSameQueries(reverse("desk_minimum"), rows)

    def test_cancellation_wizard_opens_for_the_whole_class(self) -> None:
        self.log_in(self.ada)
        query = {"class": self.class_offer.pk, "whole": "on"}
        self.assertContains(self.client.get(reverse("desk_cancel_classes"), query), "Compensation")
