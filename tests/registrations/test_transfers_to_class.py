"""Alice transfers from one class to another: the price, the consequences and the refusals."""

from datetime import timedelta
from decimal import Decimal
from unittest import mock

from django.contrib.auth.models import Permission
from django.core import mail
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from billing.domain import locks
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import due_dates, placement, transitions
from billing.domain.payments import disputes
from billing.domain.pricing import balances
from billing.gateways.facts import DisputeState
from billing.models import Order
from classwork.models import ClassOffer, ClassRole
from common.formats import format_moment
from history.models import Entry
from mailroom.testing import send_all
from outbox.testing import run_all
from registrations.domain import calendar_feeds, capacity, my_classes
from registrations.domain.transfers import options as alternatives
from registrations.domain.transfers import to_class
from registrations.domain.transfers.to_class import DeskOverride, TransferRequest
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.flows.budgets import measure_spending
from tests.page_text import text_of
from tests.registrations import purchases
from tests.registrations.transfers import State, TransferTestCase
from users.models import User

NOW, DOOR = Order.Due.NOW, Order.Due.DOOR


class TransferPriceTest(TransferTestCase):
    def test_transfer_at_the_same_price_happens_at_once_without_payment(self) -> None:
        order = self.move(self.bought(), self.thursday)
        self.assertEqual((order.state, order.amount_charged), (Order.State.PAID, 0))
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])

    def test_transfer_at_a_higher_price_keeps_the_old_spot_until_the_difference_is_paid(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday)
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED), ("Thursday", State.HELD)])
        purchases.pay(order)
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])

    def test_unpaid_transfer_keeps_the_old_spot_and_releases_the_new_one(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100, capacity=1)
        order = self.move(self.bought(), self.thursday)
        transitions.expire_order(order, timezone.now() + timedelta(days=1))
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED), ("Thursday", State.EXPIRED)])
        self.assertEqual(
            capacity.availability_of(ClassOffer.objects.get(pk=self.thursday.pk), timezone.now()).available_spots, 1
        )

    def test_transfer_at_a_lower_price_refunds_the_quoted_difference(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=40)
        spot = self.bought()
        paid = balances.amount_received(spot.line.order)  # type: ignore[union-attr]
        quote = to_class.plan_transfer(spot, TransferRequest(self.thursday), self.alice, timezone.now())
        self.move(spot, self.thursday)
        self.assertEqual(paid - balances.amount_received(spot.line.order), quote.refund_amount)  # type: ignore[union-attr]
        self.assertGreater(quote.refund_amount, 0)

    def test_page_with_the_quote_writes_and_locks_nothing(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        unpaid = self.another("C", class_day=4)
        for spot in (self.bought(), self.bought(unpaid, due=DOOR)):
            browser = self.browser_of(self.alice)
            with measure_spending() as spending:
                page = browser.get(reverse("transfer", args=[spot.pk, self.thursday.pk]))
            self.assertContains(page, "You pay")
            self.assertEqual(spending.changes, [])

    def test_spot_to_pay_at_the_door_stays_payable_at_the_door_after_a_transfer(self) -> None:
        spot = self.bought(due=DOOR)
        order = self.move(spot, self.thursday)
        self.assertEqual((order.state, order.due_kind), (Order.State.PLACED, DOOR))
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])
        self.assertEqual(Order.objects.get(lines=spot.line_id).state, Order.State.CANCELED)

    @override_settings(PAY_LATER_DAYS=14)
    def test_spot_to_pay_by_a_date_keeps_its_due_date_after_a_transfer(self) -> None:
        self.alice.user_permissions.add(Permission.objects.get(codename="pay_later"))
        on = due_dates.due_date_for(User.objects.get(pk=self.alice.pk), timezone.now())
        spot = self.bought(due=Order.Due.DATE, due_date=on)
        with mock.patch("django.utils.timezone.now", return_value=timezone.now() + timedelta(days=1)):
            order = self.move(spot, self.thursday)
        self.assertEqual((order.state, order.due_kind, order.due_date), (Order.State.PLACED, Order.Due.DATE, on))

    def test_spot_to_pay_at_the_door_is_not_moved_to_a_class_that_is_paid_in_advance(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(pay_at_door=False)
        with self.assertRaisesMessage(RegistrationRefused, placement.NOT_AT_THE_DOOR):
            self.move(self.bought(due=DOOR), self.thursday)

    def test_transfer_page_shows_the_new_price_the_payment_and_the_difference(self) -> None:
        spot = self.bought()
        for price, totals in ((38, "New price $33.00 You paid $65.00 You get back $32.00"),
                            (100, "New price $95.00 You paid $65.00 You pay $30.00")):  # fmt: skip
            ClassOffer.objects.filter(pk=self.thursday.pk).update(price=price)
            self.log_in(self.alice)
            page = self.client.get(reverse("transfer", args=[spot.pk, self.thursday.pk]))
            with self.subTest(price):
                self.assertIn(totals, text_of(page))

    def test_canceling_the_new_spot_refunds_the_whole_payment(self) -> None:
        spot = self.bought()
        order = self.move(spot, self.thursday)
        line_cancellation.cancel_line(purchases.line(order), at=timezone.now(), why="x")
        self.assertEqual(balances.amount_received(spot.line.order), 0)  # type: ignore[union-attr]
        self.assertEqual(self.states()[1], ("Thursday", State.CANCELED))

    def test_repeated_transfers_do_not_refund_classes_already_attended(self) -> None:
        spot = self.bought()
        at = self.tuesday.meetings.all()[0].starts_at + timedelta(hours=2)
        for class_offer in (self.thursday, self.another("C", class_day=4, pro_rata=True)):
            with mock.patch("django.utils.timezone.now", lambda: at):
                self.move(spot, class_offer)
            spot = Registration.objects.latest("pk")
        self.assertEqual(sum(balances.amount_received(order) for order in Order.objects.all()), 65)

    def test_transfer_to_a_class_accepts_the_waitlist_offer_for_it(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(capacity=1)
        spot, other = self.bought(), purchases.pay(purchases.place(purchases.cart((self.thursday, purchases.me()))))
        entry = entries.join_waitlist(
            self.thursday, [entries.WaitlistRequest(purchases.me())], Contact("Alice", "alice@example.org", self.alice)
        )
        line_cancellation.cancel_line(purchases.line(other), at=timezone.now(), why="x")
        run_all()
        self.move(spot, self.thursday)
        entry.refresh_from_db()
        self.assertEqual(entry.state, WaitlistEntry.State.ACCEPTED)


class TransferConsequencesTest(TransferTestCase):
    def test_released_spot_is_offered_to_the_waitlist(self) -> None:
        ClassOffer.objects.filter(pk=self.tuesday.pk).update(capacity=1)
        spot = self.bought()
        entry = entries.join_waitlist(
            self.tuesday, [entries.WaitlistRequest(purchases.me())], Contact("Ben", "ben@example.org")
        )
        self.move(spot, self.thursday)
        run_all()
        entry.refresh_from_db()
        self.assertEqual(entry.state, WaitlistEntry.State.OFFERED)

    def test_calendar_and_my_classes_show_the_new_class(self) -> None:
        self.move(self.bought(), self.thursday)
        calendar = calendar_feeds.student_calendar(self.student).decode()
        self.assertIn(f"/classes/{self.thursday.pk}", calendar)
        self.assertNotIn(f"/classes/{self.tuesday.pk}", calendar)
        alone = my_classes.classes_of_account(self.alice, timezone.now())[0][0]
        self.assertEqual([one.state.text for one in alone.all], ["Registered", "Moved to another class"])

    def test_attendee_gets_a_mail_about_the_transfer_and_the_payer_a_receipt(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday)
        run_all()
        send_all()
        mail.outbox.clear()
        purchases.pay(order)
        run_all()
        send_all()
        subjects = sorted(message.subject for message in mail.outbox)
        self.assertEqual(len(subjects), 2)
        self.assertIn("Receipt", subjects[0])
        self.assertIn("You’ve moved to Beginning B", subjects[1])

    def test_both_orders_name_the_exchanged_class(self) -> None:
        spot = self.bought()
        order = self.move(spot, self.thursday)
        self.log_in(self.alice)
        before = self.client.get(spot.line.order.address())  # type: ignore[union-attr]
        self.assertContains(before, f"Exchanged for Beginning B, order {order.number}")
        self.assertContains(self.client.get(order.address()), "Paid for Beginning A")
        send_all()
        receipt = next(one for one in mail.outbox if f"Receipt for order {order.number}" in one.subject)
        self.assertIn("instead of Beginning A", str(receipt.body))
        self.assertIn("There was nothing to pay", str(receipt.body))

    def test_mail_to_the_payer_does_not_reveal_the_address_of_the_attendee(self) -> None:
        order = purchases.cart((self.tuesday, purchases.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        self.move(self.place(purchases.pay(purchases.place(order))), self.thursday)
        run_all()
        send_all()
        to_payer = [message for message in mail.outbox if message.to == ["sam@example.org"]]
        self.assertTrue(to_payer)
        for message in to_payer:
            self.assertNotIn("alice@example.org", str(message.body))

    def test_dispute_of_the_original_payment_puts_the_new_spot_on_hold(self) -> None:
        spot = self.bought()
        self.move(spot, self.thursday)
        self.report_dispute(spot, "open")
        self.assertEqual(self.states()[1], ("Thursday", State.ON_HOLD))
        self.report_dispute(spot, "won")
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def report_dispute(self, spot: Registration, state: str) -> None:
        order = locks.lock_order(spot.line.order_id)  # type: ignore[union-attr]
        payment = order.payments.get()
        disputes.apply_dispute_fact(order, payment, DisputeState("d-1", payment.total, payment.currency, state))
        run_all()


class TransferRefusedTest(TransferTestCase):
    def assertRefusedWith(self, words: str, spot: Registration, class_offer: ClassOffer, by: object = None) -> None:
        before = self.states()
        with self.assertRaisesMessage(RegistrationRefused, words):
            self.move(spot, class_offer, by)  # type: ignore[arg-type]
        self.assertEqual(self.states(), before)
        self.assertFalse(Order.objects.filter(state=Order.State.CART).exists())

    def test_transfer_to_the_same_a_full_an_unapproved_or_a_past_class_is_refused(self) -> None:
        spot = self.bought()
        self.assertRefusedWith(to_class.SAME, spot, self.tuesday)
        full = self.another("C", class_day=4, capacity=1)
        purchases.pay(purchases.place(purchases.cart((full, purchases.me()))))
        self.assertRefusedWith("full", spot, full)
        self.assertRefusedWith("isn’t open", spot, self.another("D", class_day=5, manager_approved=False))
        begun = factories.upcoming_thursday(-20)
        past = factories.create_class_offer(
            factories.create_session("Past", begun, publish_date=begun), factories.create_subject(version="N")
        )
        self.assertRefusedWith("over", spot, past)

    def test_transfer_to_a_class_with_an_existing_spot_is_refused(self) -> None:
        spot = self.bought()
        self.bought(self.thursday)
        self.assertRefusedWith("already has a spot in this class", spot, self.thursday)

    def test_refusal_after_the_deadline_names_the_deadline(self) -> None:
        spot = self.bought()
        begins = self.tuesday.meetings.all()[1].starts_at
        with mock.patch("django.utils.timezone.now", lambda: begins + timedelta(minutes=1)):
            self.assertRefusedWith(f"could change this spot until {format_moment(begins)}.", spot, self.thursday)

    def test_only_the_office_can_transfer_after_the_deadline(self) -> None:
        spot = self.bought()
        late = self.tuesday.meetings.all()[1].starts_at + timedelta(minutes=1)
        with mock.patch("django.utils.timezone.now", lambda: late):
            self.assertRefusedWith("could change this spot until", spot, self.thursday)
            self.move(spot, self.thursday, DeskOverride(self.ada, "Ill"))
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def test_unpaid_exchanged_and_canceled_spots_cannot_be_transferred(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        spot = self.bought()
        held = self.place(self.move(spot, self.thursday))
        self.assertRefusedWith(to_class.PAY_FIRST, held, self.another("C", class_day=4))
        self.assertRefusedWith("is being exchanged", spot, self.another("D", class_day=5))
        line_cancellation.cancel_line(purchases.line(held.line.order), at=timezone.now(), why="x")  # type: ignore[union-attr]
        self.assertRefusedWith(to_class.NOT_HERE, held, self.tuesday)

    def test_spot_paid_by_somebody_else_can_only_be_transferred_at_the_same_price(self) -> None:
        order = purchases.cart((self.tuesday, purchases.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        spot = self.place(purchases.pay(purchases.place(order)))
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=40)
        self.assertRefusedWith(to_class.OTHERS_MONEY, spot, self.thursday)
        options = alternatives.transfer_options(spot, self.alice, timezone.now())
        self.assertEqual([(one.why_not, one.refund_amount) for one in options], [(to_class.OTHERS_MONEY, 0)])

    def test_price_change_after_the_quote_is_refused_until_it_is_shown(self) -> None:
        spot, request = self.bought(), TransferRequest(self.thursday)
        seen = to_class.plan_transfer(spot, request, self.alice, timezone.now()).fingerprint
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        with self.assertRaisesMessage(RegistrationRefused, to_class.CHANGED):
            to_class.transfer_to_class(spot, request, self.alice, timezone.now(), seen=seen)
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])

    @override_settings(TRANSFER_UNTIL_CLASS=0)
    def test_school_can_leave_transfers_to_the_office(self) -> None:
        self.assertRefusedWith(to_class.NOT_HERE, self.bought(), self.thursday)


class DeskTransferTest(TransferTestCase):
    def test_desk_can_exceed_capacity_and_waive_the_difference_with_a_reason(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100, capacity=1)
        purchases.pay(purchases.place(purchases.cart((self.thursday, purchases.me()))))
        spot = self.bought()
        order = self.move(spot, self.thursday, DeskOverride(self.ada, "Our mistake", over_capacity=True, waived=True))
        self.assertEqual(
            (order.state, order.amount_charged, self.place(order).over_capacity), (Order.State.PAID, 0, True)
        )
        entry = Entry.objects.get(action="registrations.transferred_to_class")
        self.assertEqual((entry.reason, entry.actor_id, entry.details["waived"]), ("Our mistake", self.ada.pk, True))

    def test_desk_transfer_makes_the_difference_payable_at_the_door(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday, DeskOverride(self.ada, "By telephone"))
        self.assertEqual((order.state, order.due_kind), (Order.State.PLACED, DOOR))
        self.assertEqual(self.states()[0], ("Tuesday", State.TRANSFERRED))

    def test_desk_page_shows_a_quote_before_it_transfers(self) -> None:
        spot = self.bought()
        self.log_in(self.ada)
        page, form = reverse("desk_transfer", args=[spot.pk]), {"class_offer": self.thursday.pk, "why": "Ill"}
        quote = self.client.post(page, form).context["quote"]
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])
        self.client.post(page, form | {"do": "", "seen": quote.fingerprint})
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def test_transfer_with_an_unknown_fingerprint_is_refused(self) -> None:
        spot = self.bought()
        self.log_in(self.ada)
        form = {"class_offer": self.thursday.pk, "why": "Ill", "do": "", "seen": "é" * 70}
        self.assertContains(self.client.post(reverse("desk_transfer", args=[spot.pk]), form), "Something has changed")
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])


class TransferPagesTest(TransferTestCase):
    def test_list_shows_each_difference_and_links_full_classes_to_the_waitlist(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        full = self.another("C", class_day=4, capacity=1)
        purchases.pay(purchases.place(purchases.cart((full, purchases.me()))))
        spot = self.bought()
        self.log_in(self.alice)
        page = self.client.get(reverse("choose_transfer", args=[spot.pk]))
        self.assertContains(page, "<strong>$30.00</strong> to pay")
        self.assertContains(page, reverse("join_waitlist", args=[full.pk]))
        self.assertNotContains(page, reverse("transfer", args=[spot.pk, full.pk]))

    @tag("rows")
    def test_list_runs_the_same_queries_for_thirty_classes(self) -> None:
        spot = self.bought()
        self.log_in(self.alice)

        def more(count: int) -> None:
            for number in range(count):
                self.another("N", class_day=number % 7, public_note=str(number))

        self.assertSameQueries(reverse("choose_transfer", args=[spot.pk]), more, exactly=26)

    def test_student_transfers_and_is_sent_to_pay_the_difference(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        spot = self.bought()
        self.log_in(self.alice)
        page = reverse("transfer", args=[spot.pk, self.thursday.pk])
        seen = self.client.get(page).context["quote"].fingerprint
        done = self.client.post(page, {"seen": seen})
        order = Order.objects.latest("pk")
        self.assertEqual(done.url.partition("?")[0], order.address().partition("?")[0])
        again = self.client.post(page, {"seen": seen}, follow=True)
        self.assertContains(again, "is being exchanged")
        self.assertEqual(Order.objects.count(), 2)

    def test_class_with_roles_asks_for_the_role(self) -> None:
        for name in ("lead", "follow"):
            ClassRole.objects.create(class_offer=self.thursday, name=name)
        spot = self.bought()
        self.log_in(self.alice)
        page = reverse("transfer", args=[spot.pk, self.thursday.pk])
        seen = self.client.get(page).context["quote"].fingerprint
        self.assertContains(self.client.post(page, {"seen": seen, "role": "fly"}), "Please check the following")
        self.client.post(page, {"seen": seen, "role": "follow"})
        self.assertEqual(Registration.objects.latest("pk").role, "follow")

    def test_transfer_pages_are_not_found_for_other_people(self) -> None:
        spot = self.bought()
        for person in (self.sam, self.gus, self.ada):
            browser = self.browser_of(person)
            for name, more in (("choose_transfer", []), ("transfer", [self.thursday.pk]), ("transfer_to_person", [])):
                self.assertEqual(browser.get(reverse(name, args=[spot.pk, *more])).status_code, 404)

    def test_guardian_can_transfer_their_child(self) -> None:
        order = purchases.cart((self.tuesday, purchases.of(self.kit)), payer=self.gus)
        spot = self.place(purchases.pay(purchases.place(order)))
        self.move(spot, self.thursday, self.gus)
        self.assertEqual(Registration.objects.get(student=self.kit, state=State.CONFIRMED).class_offer, self.thursday)

    def test_refund_and_remaining_payment_add_up_to_the_original_payment(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=Decimal("64.99"))
        spot = self.bought()
        quote = to_class.plan_transfer(spot, TransferRequest(self.thursday), self.alice, timezone.now())
        self.move(spot, self.thursday)
        kept = sum(balances.amount_received(order) for order in Order.objects.all())
        self.assertEqual(kept + quote.refund_amount, Decimal(65))
