"""Alice moves from one class to another: what it comes to, what follows, and what is refused with a sentence."""

from datetime import timedelta
from decimal import Decimal
from unittest import mock

from django.core import mail
from django.test import override_settings, tag
from django.urls import reverse
from django.utils import timezone

from billing.domain import locks
from billing.domain.cancellations import line_cancellation
from billing.domain.orders import transitions
from billing.domain.payments import disputes
from billing.domain.pricing import balances
from billing.gateways.facts import DisputeState
from billing.models import Order
from classwork.domain.places import alternatives, diary, mine, moving, room
from classwork.domain.places.moving import DeskOverride, TransferRefused, TransferRequest
from classwork.domain.places.waiting import entries
from classwork.domain.places.waiting.entries import Contact
from classwork.models import ClassOffer, OfferRole, Registration, WaitingEntry
from common.formats import format_moment
from history.models import Entry
from mailroom.testing import send_all
from outbox.testing import run_all
from tests import make
from tests.classwork import buying
from tests.classwork.moving import MovingTestCase, State
from tests.page_text import text_of

NOW, DOOR = Order.Due.NOW, Order.Due.DOOR


class MoveTest(MovingTestCase):
    def test_to_a_class_of_the_same_price_she_moves_at_once_and_nothing_is_paid(self) -> None:
        order = self.move(self.bought(), self.thursday)
        self.assertEqual((order.state, order.charged), (Order.State.PAID, 0))
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])

    def test_where_it_costs_more_the_old_place_is_hers_until_the_difference_is_paid(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday)
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED), ("Thursday", State.HELD)])
        buying.pay(order)
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])

    def test_if_she_does_not_pay_the_old_place_stays_and_the_new_one_is_free_again(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100, capacity=1)
        order = self.move(self.bought(), self.thursday)
        transitions.expire_order(order, timezone.now() + timedelta(days=1))
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED), ("Thursday", State.LAPSED)])
        self.assertEqual(
            room.availability_of(ClassOffer.objects.get(pk=self.thursday.pk), timezone.now()).available_spots, 1
        )

    def test_where_it_costs_less_the_rest_goes_back_as_it_was_quoted(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=40)
        place = self.bought()
        paid = balances.amount_received(place.line.order)  # type: ignore[union-attr]
        quote = moving.quote_transfer(place, TransferRequest(self.thursday), self.alice, timezone.now())
        self.move(place, self.thursday)
        self.assertEqual(paid - balances.amount_received(place.line.order), quote.back)  # type: ignore[union-attr]
        self.assertGreater(quote.back, 0)

    def test_asking_what_it_comes_to_changes_nothing(self) -> None:
        place = self.bought()
        moving.quote_transfer(place, TransferRequest(self.thursday), self.alice, timezone.now())
        self.assertEqual((self.states(), Order.objects.count()), ([("Tuesday", State.CONFIRMED)], 1))

    def test_a_place_to_be_paid_at_the_door_moves_and_is_paid_at_the_door(self) -> None:
        place = self.bought(due=DOOR)
        order = self.move(place, self.thursday)
        self.assertEqual((order.state, order.due), (Order.State.PLACED, DOOR))
        self.assertEqual(self.states(), [("Tuesday", State.TRANSFERRED), ("Thursday", State.CONFIRMED)])
        self.assertEqual(Order.objects.get(lines=place.line_id).state, Order.State.CANCELLED)

    def test_the_page_says_the_new_price_what_was_paid_and_what_comes_back(self) -> None:
        place = self.bought()
        for price, said in ((38, "New price $33.00 You paid $65.00 You get back $32.00"),
                            (100, "New price $95.00 You paid $65.00 You pay $30.00")):  # fmt: skip
            ClassOffer.objects.filter(pk=self.thursday.pk).update(price=price)
            self.log_in(self.alice)
            page = self.client.get(reverse("move_place_to", args=[place.pk, self.thursday.pk]))
            with self.subTest(price):
                self.assertIn(said, text_of(page))

    def test_cancelling_the_new_place_gives_everything_back(self) -> None:
        place = self.bought()
        order = self.move(place, self.thursday)
        line_cancellation.cancel_line(buying.line(order), at=timezone.now(), why="x")
        self.assertEqual(balances.amount_received(place.line.order), 0)  # type: ignore[union-attr]
        self.assertEqual(self.states()[1], ("Thursday", State.CANCELLED))

    def test_what_she_attended_is_not_given_back_by_moving_on_and_on(self) -> None:
        place = self.bought()
        at = self.tuesday.meetings.all()[0].starts_at + timedelta(hours=2)
        for offer in (self.thursday, self.another("C", class_day=4, pro_rata=True)):
            with mock.patch("django.utils.timezone.now", lambda: at):
                self.move(place, offer)
            place = Registration.objects.latest("pk")
        self.assertEqual(sum(balances.amount_received(order) for order in Order.objects.all()), 65)

    def test_the_place_she_was_offered_from_the_waiting_list_is_the_one_she_moves_to(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(capacity=1)
        place, other = self.bought(), buying.pay(buying.place(buying.cart((self.thursday, buying.me()))))
        entry = entries.join_waitlist(
            self.thursday, [entries.WaitlistRequest(buying.me())], Contact("Alice", "alice@example.org", self.alice)
        )
        line_cancellation.cancel_line(buying.line(other), at=timezone.now(), why="x")
        run_all()
        self.move(place, self.thursday)
        entry.refresh_from_db()
        self.assertEqual(entry.state, WaitingEntry.State.TAKEN)


class FollowsTest(MovingTestCase):
    def test_the_freed_place_goes_to_whoever_waits(self) -> None:
        ClassOffer.objects.filter(pk=self.tuesday.pk).update(capacity=1)
        place = self.bought()
        entry = entries.join_waitlist(
            self.tuesday, [entries.WaitlistRequest(buying.me())], Contact("Ben", "ben@example.org")
        )
        self.move(place, self.thursday)
        run_all()
        entry.refresh_from_db()
        self.assertEqual(entry.state, WaitingEntry.State.OFFERED)

    def test_her_calendar_and_her_classes_follow(self) -> None:
        self.move(self.bought(), self.thursday)
        said = diary.student_calendar(self.student).decode()
        self.assertIn(f"/classes/{self.thursday.pk}", said)
        self.assertNotIn(f"/classes/{self.tuesday.pk}", said)
        alone = mine.classes_of_account(self.alice, timezone.now())[0][0]
        self.assertEqual([one.state.text for one in alone.all], ["Registered", "Moved to another class"])

    def test_she_is_told_of_both_classes_and_the_payer_of_the_money(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday)
        run_all()
        send_all()
        mail.outbox.clear()
        buying.pay(order)
        run_all()
        send_all()
        subjects = sorted(message.subject for message in mail.outbox)
        self.assertEqual(len(subjects), 2)
        self.assertIn("Receipt", subjects[0])
        self.assertIn("You’ve moved to Beginning B", subjects[1])

    def test_both_orders_say_what_became_of_what(self) -> None:
        place = self.bought()
        order = self.move(place, self.thursday)
        self.log_in(self.alice)
        before = self.client.get(place.line.order.address())  # type: ignore[union-attr]
        self.assertContains(before, f"Exchanged for Beginning B, order {order.number}")
        self.assertContains(self.client.get(order.address()), "Paid for Beginning A")
        send_all()
        receipt = next(one for one in mail.outbox if f"Receipt for order {order.number}" in one.subject)
        self.assertIn("instead of Beginning A", str(receipt.body))
        self.assertIn("There was nothing to pay", str(receipt.body))

    def test_the_payers_mails_name_no_account_of_somebody_else(self) -> None:
        order = buying.cart((self.tuesday, buying.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        self.move(self.place(buying.pay(buying.place(order))), self.thursday)
        run_all()
        send_all()
        to_payer = [message for message in mail.outbox if message.to == ["sam@example.org"]]
        self.assertTrue(to_payer)
        for message in to_payer:
            self.assertNotIn("alice@example.org", str(message.body))

    def test_a_dispute_about_the_first_payment_puts_the_new_place_on_hold(self) -> None:
        place = self.bought()
        self.move(place, self.thursday)
        self.tell(place, "open")
        self.assertEqual(self.states()[1], ("Thursday", State.ON_HOLD))
        self.tell(place, "won")
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def tell(self, place: Registration, state: str) -> None:
        order = locks.lock_order(place.line.order_id)  # type: ignore[union-attr]
        payment = order.payments.get()
        disputes.apply_dispute_fact(order, payment, DisputeState("d-1", payment.total, payment.currency, state))
        run_all()


class RefusedTest(MovingTestCase):
    def assertSays(self, words: str, place: Registration, offer: ClassOffer, by: object = None) -> None:
        before = self.states()
        with self.assertRaisesMessage(TransferRefused, words):
            self.move(place, offer, by)  # type: ignore[arg-type]
        self.assertEqual(self.states(), before)
        self.assertFalse(Order.objects.filter(state=Order.State.CART).exists())

    def test_to_the_same_a_full_an_unapproved_or_a_past_class_nobody_moves(self) -> None:
        place = self.bought()
        self.assertSays(moving.SAME, place, self.tuesday)
        full = self.another("C", class_day=4, capacity=1)
        buying.pay(buying.place(buying.cart((full, buying.me()))))
        self.assertSays("full", place, full)
        self.assertSays("isn’t open", place, self.another("D", class_day=5, manager_approved=False))
        begun = make.thursday(-20)
        past = make.offer(make.session("Past", begun, publish_date=begun), make.subject(version="N"))
        self.assertSays("over", place, past)

    def test_where_she_has_a_place_already_she_does_not_move(self) -> None:
        place = self.bought()
        self.bought(self.thursday)
        self.assertSays("already has a spot in this class", place, self.thursday)

    def test_on_the_day_of_the_deadline_the_sentence_says_which_day_it_was(self) -> None:
        place = self.bought()
        begins = self.tuesday.meetings.all()[1].starts_at
        with mock.patch("django.utils.timezone.now", lambda: begins + timedelta(minutes=1)):
            self.assertSays(f"could move this spot until {format_moment(begins)}.", place, self.thursday)

    def test_after_the_deadline_only_the_office_moves(self) -> None:
        place = self.bought()
        late = self.tuesday.meetings.all()[1].starts_at + timedelta(minutes=1)
        with mock.patch("django.utils.timezone.now", lambda: late):
            self.assertSays("could move this spot until", place, self.thursday)
            self.move(place, self.thursday, DeskOverride(self.ada, "Ill"))
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def test_what_is_not_paid_yet_what_is_disputed_and_what_has_ended_stays(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        place = self.bought()
        held = self.place(self.move(place, self.thursday))
        self.assertSays(moving.PAY_FIRST, held, self.another("C", class_day=4))
        self.assertSays("is being exchanged", place, self.another("D", class_day=5))
        line_cancellation.cancel_line(buying.line(held.line.order), at=timezone.now(), why="x")  # type: ignore[union-attr]
        self.assertSays(moving.NOT_HERE, held, self.tuesday)

    def test_with_somebody_elses_money_she_moves_only_at_the_same_price(self) -> None:
        order = buying.cart((self.tuesday, buying.other("Alice", "alice@example.org", "Arden")), payer=self.sam)
        place = self.place(buying.pay(buying.place(order)))
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=40)
        self.assertSays(moving.OTHERS_MONEY, place, self.thursday)
        options = alternatives.transfer_options(place, self.alice, timezone.now())
        self.assertEqual([(one.why_not, one.back) for one in options], [(moving.OTHERS_MONEY, 0)])

    def test_what_changed_meanwhile_is_shown_again_first(self) -> None:
        place, wish = self.bought(), TransferRequest(self.thursday)
        seen = moving.quote_transfer(place, wish, self.alice, timezone.now()).fingerprint
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        with self.assertRaisesMessage(TransferRefused, moving.CHANGED):
            moving.transfer_to_class(place, wish, self.alice, timezone.now(), seen=seen)
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])

    @override_settings(MOVE_UNTIL_CLASS=0)
    def test_a_school_may_leave_it_to_the_office(self) -> None:
        self.assertSays(moving.NOT_HERE, self.bought(), self.thursday)


class DeskTest(MovingTestCase):
    def test_over_capacity_without_the_difference_and_with_a_reason(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100, capacity=1)
        buying.pay(buying.place(buying.cart((self.thursday, buying.me()))))
        place = self.bought()
        order = self.move(place, self.thursday, DeskOverride(self.ada, "Our mistake", over_capacity=True, waived=True))
        self.assertEqual((order.state, order.charged, self.place(order).over_capacity), (Order.State.PAID, 0, True))
        entry = Entry.objects.get(action="classwork.place_moved")
        self.assertEqual((entry.why, entry.actor_id, entry.details["waived"]), ("Our mistake", self.ada.pk, True))

    def test_a_difference_is_paid_at_the_desk(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        order = self.move(self.bought(), self.thursday, DeskOverride(self.ada, "By telephone"))
        self.assertEqual((order.state, order.due), (Order.State.PLACED, DOOR))
        self.assertEqual(self.states()[0], ("Tuesday", State.TRANSFERRED))

    def test_the_page_says_what_it_comes_to_and_then_does_it(self) -> None:
        place = self.bought()
        self.log_in(self.ada)
        page, said = reverse("desk_move_place", args=[place.pk]), {"offer": self.thursday.pk, "why": "Ill"}
        quote = self.client.post(page, said).context["quote"]
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])
        self.client.post(page, said | {"do": "", "seen": quote.fingerprint})
        self.assertEqual(self.states()[1], ("Thursday", State.CONFIRMED))

    def test_what_nobody_was_shown_is_not_done(self) -> None:
        place = self.bought()
        self.log_in(self.ada)
        said = {"offer": self.thursday.pk, "why": "Ill", "do": "", "seen": "é" * 70}
        self.assertContains(
            self.client.post(reverse("desk_move_place", args=[place.pk]), said), "Something has changed"
        )
        self.assertEqual(self.states(), [("Tuesday", State.CONFIRMED)])


class PageTest(MovingTestCase):
    def test_the_list_shows_each_difference_and_sends_to_the_waiting_list_where_it_is_full(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        full = self.another("C", class_day=4, capacity=1)
        buying.pay(buying.place(buying.cart((full, buying.me()))))
        place = self.bought()
        self.log_in(self.alice)
        page = self.client.get(reverse("move_place", args=[place.pk]))
        self.assertContains(page, "<strong>$30.00</strong> to pay")
        self.assertContains(page, reverse("wait", args=[full.pk]))
        self.assertNotContains(page, reverse("move_place_to", args=[place.pk, full.pk]))

    @tag("rows")
    def test_thirty_classes_ask_the_database_as_often_as_one(self) -> None:
        place = self.bought()
        self.log_in(self.alice)

        def more(count: int) -> None:
            for number in range(count):
                self.another("N", class_day=number % 7, public_note=str(number))

        self.assertSameQueries(reverse("move_place", args=[place.pk]), more)

    def test_she_clicks_and_pays_the_difference(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=100)
        place = self.bought()
        self.log_in(self.alice)
        page = reverse("move_place_to", args=[place.pk, self.thursday.pk])
        seen = self.client.get(page).context["quote"].fingerprint
        done = self.client.post(page, {"seen": seen})
        order = Order.objects.latest("pk")
        self.assertEqual(done.url.partition("?")[0], order.address().partition("?")[0])
        again = self.client.post(page, {"seen": seen}, follow=True)
        self.assertContains(again, "is being exchanged")
        self.assertEqual(Order.objects.count(), 2)

    def test_in_a_class_with_roles_she_says_which(self) -> None:
        for name in ("lead", "follow"):
            OfferRole.objects.create(offer=self.thursday, name=name)
        place = self.bought()
        self.log_in(self.alice)
        page = reverse("move_place_to", args=[place.pk, self.thursday.pk])
        seen = self.client.get(page).context["quote"].fingerprint
        self.assertContains(self.client.post(page, {"seen": seen, "role": "fly"}), "Please check the following")
        self.client.post(page, {"seen": seen, "role": "follow"})
        self.assertEqual(Registration.objects.latest("pk").role, "follow")

    def test_strangers_payers_and_guardians_of_others_find_nothing(self) -> None:
        place = self.bought()
        for person in (self.sam, self.gus, self.ada):
            browser = self.browser_of(person)
            for name, more in (("move_place", []), ("move_place_to", [self.thursday.pk]), ("give_place", [])):
                self.assertEqual(browser.get(reverse(name, args=[place.pk, *more])).status_code, 404)

    def test_a_guardian_moves_whoever_is_in_their_care(self) -> None:
        order = buying.cart((self.tuesday, buying.of(self.kit)), payer=self.gus)
        place = self.place(buying.pay(buying.place(order)))
        self.move(place, self.thursday, self.gus)
        self.assertEqual(Registration.objects.get(student=self.kit, state=State.CONFIRMED).offer, self.thursday)

    def test_amounts_stay_exact(self) -> None:
        ClassOffer.objects.filter(pk=self.thursday.pk).update(price=Decimal("64.99"))
        place = self.bought()
        quote = moving.quote_transfer(place, TransferRequest(self.thursday), self.alice, timezone.now())
        self.move(place, self.thursday)
        kept = sum(balances.amount_received(order) for order in Order.objects.all())
        self.assertEqual(kept + quote.back, Decimal(65))
