from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import pay_at_door, transitions
from billing.domain.orders.placement import OrderNotPlaced
from billing.domain.payments import attempts
from billing.kinds import ProductUnavailable
from billing.models import Case, Order, OrderLine
from classwork.domain.places import mine, registering, room, words
from classwork.models import ClassOffer, Registration
from mailroom.models import Message
from outbox.models import Event
from outbox.testing import delivery_problems, run_all
from tests import make
from tests.classwork.buying import cart, line, me, of, other, pay, place
from tests.classwork.places import PlacesTestCase
from tests.users.post import last_mail, links_in
from users.domain import guardianship
from users.models import Student, User

State = Registration.State


class HoldingTest(PlacesTestCase):
    def test_a_placed_order_holds_a_place_and_its_payment_confirms_it(self) -> None:
        order = place(cart((self.offer, me())))
        self.assertEqual(self.state_of(order), [State.HELD])
        self.assertEqual(self.taken(), 1)
        pay(order)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_the_last_place_goes_once(self) -> None:
        self.limit(1)
        place(cart((self.offer, me())))
        late = cart((self.offer, other("Lee", "lee@example.org")), name="Lee", email="lee@example.org")
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(late)
        late.refresh_from_db()
        self.assertEqual(late.state, Order.State.CART)
        self.assertFalse(User.objects.filter(email="lee@example.org").exists())

    def test_a_hold_that_is_over_takes_no_place_though_nobody_wrote_it_down(self) -> None:
        self.limit(1)
        order = place(cart((self.offer, me())))
        self.run_out(order)
        self.assertEqual(self.taken(), 0)
        place(cart((self.offer, other("Lee", "lee@example.org")), email="lee@example.org"))
        self.assertEqual(self.state_of(order), [State.LAPSED])

    def test_a_spot_is_held_until_its_deadline_to_the_microsecond(self) -> None:
        place(cart((self.offer, me())))
        spot = Registration.objects.get()
        before = spot.held_until - timedelta(microseconds=1)
        for at, held in ((before, True), (spot.held_until, False)):
            self.assertEqual(spot.takes_a_place(at), held)
            self.assertEqual(Registration.objects.taking_a_place(at).exists(), held)
            self.assertEqual(room.availability_of(self.offer, at).spots_taken, int(held))

    def test_whoever_let_a_hold_run_out_may_register_again(self) -> None:
        self.run_out(place(cart((self.offer, me()))))
        again = place(cart((self.offer, me())))
        self.assertEqual(self.state_of(again), [State.HELD])

    def test_the_job_writes_down_what_is_over_and_tells_of_it_once(self) -> None:
        order = place(cart((self.offer, me())))
        self.run_out(order)
        self.assertEqual((registering.expire_due_holds(), registering.expire_due_holds()), (1, 0))
        self.assertEqual(self.state_of(order), [State.LAPSED])
        self.assertEqual(Event.objects.filter(type="classwork.hold_ended").count(), 1)

    def test_a_lapsed_order_gives_its_place_back(self) -> None:
        order = place(cart((self.offer, me())))
        self.run_out(order)
        transitions.expire_order(order, timezone.now())
        self.assertEqual(self.state_of(order), [State.LAPSED])

    def test_a_late_payment_is_honoured_while_there_is_a_place(self) -> None:
        order = place(cart((self.offer, me())))
        self.run_out(order)
        transitions.expire_order(order, timezone.now())
        self.late_payment(order)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_a_late_payment_for_a_class_that_is_full_goes_back(self) -> None:
        self.limit(1)
        order = place(cart((self.offer, me())))

        payment = attempts.start_attempt(order, "practice", timezone.now())
        self.run_out(order)
        place(cart((self.offer, other("Lee", "lee@example.org")), email="lee@example.org"))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        payment.refresh_from_db()
        self.assertEqual(self.state_of(order), [State.LAPSED])
        self.assertEqual(payment.refunded_amount, payment.captured_amount)
        self.assertEqual(self.taken(), 1)

    def late_payment(self, order: Order) -> None:

        payment = attempts._create_attempt(order, "practice", order.now_total)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))

    def test_keep_my_place_at_the_door_makes_a_hold_a_place(self) -> None:
        order = place(cart((self.offer, me())))
        pay_at_door.switch_to_pay_at_door(order, timezone.now(), is_owner=True)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_a_class_that_wants_its_money_first_is_not_paid_at_the_door(self) -> None:
        ClassOffer.objects.filter(pk=self.offer.pk).update(pay_at_door=False)
        with self.assertRaises(OrderNotPlaced):
            place(cart((self.offer, me())), Order.Due.DOOR)

    def test_cancelling_gives_the_place_back_and_twice_is_once(self) -> None:
        order = pay(place(cart((self.offer, me()))))
        line_cancellation.cancel_line(line(order), at=timezone.now(), why="Moved away")
        registering.release_spot(line(order), "again")
        self.assertEqual(self.state_of(order), [State.CANCELLED])
        self.assertEqual(Event.objects.filter(type="classwork.registration_ended").count(), 1)
        with self.assertRaises(ProductUnavailable):
            registering.confirm_hold(line(order))

    def test_the_database_lets_nobody_have_two_places_in_a_class(self) -> None:
        order = place(cart((self.offer, me())))
        first = Registration.objects.get(line__order=order)
        with self.assertRaises(IntegrityError), transaction.atomic():
            Registration.objects.create(student=first.student, offer=first.offer, state=State.HELD)

    def test_a_dispute_keeps_the_place_until_it_is_decided(self) -> None:
        pay(place(cart((self.offer, me()))))
        registration = Registration.objects.get()
        registering.suspend_spot(registration, why="The bank asks", by=self.ada)
        self.assertEqual((registration.state, self.taken()), (State.ON_HOLD, 1))
        registering.resume_spot(registration, by=self.ada)
        self.assertEqual(registration.state, State.CONFIRMED)

    def test_places_left_are_said_when_they_are_few(self) -> None:
        self.limit(2)
        self.assertEqual(room.availability_of(self.offer, timezone.now()).status_text, "2 spots left")
        place(cart((self.offer, me())))
        self.assertEqual(room.availability_of(self.offer, timezone.now()).status_text, "1 spot left")


class OpenTest(PlacesTestCase):
    def refusal(self) -> str:
        with self.assertRaises(OrderNotPlaced) as refused:
            place(cart((self.offer, me())))
        return str(refused.exception)

    def test_an_unapproved_class_gives_no_place(self) -> None:
        ClassOffer.objects.filter(pk=self.offer.pk).update(manager_approved=False)
        self.assertIn("isn’t open", self.refusal())

    def test_a_session_that_is_not_published_gives_no_place(self) -> None:
        type(self.session).objects.filter(pk=self.session.pk).update(
            publish_date=timezone.localdate() + timedelta(days=1)
        )
        self.assertIn("isn’t open", self.refusal())

    def test_a_session_that_has_expired_gives_no_place(self) -> None:
        type(self.session).objects.filter(pk=self.session.pk).update(
            expire_date=timezone.localdate() - timedelta(days=1)
        )
        self.assertIn("closed", self.refusal())

    def test_a_class_that_is_over_gives_no_place(self) -> None:
        past = timezone.now() - timedelta(days=60)
        for number, meeting in enumerate(self.offer.meetings.all()):
            start = past + timedelta(days=number)
            type(meeting).objects.filter(pk=meeting.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
        self.assertIn("over", self.refusal())


class PeopleTest(PlacesTestCase):
    def registered(self, order: Order) -> Student:
        place(order)
        return Registration.objects.get(line__order=order).student

    def test_an_unknown_address_becomes_an_account_without_a_password(self) -> None:
        student = self.registered(cart((self.offer, me())))
        self.assertEqual((str(student), student.user.email), ("Pat Payer", "pat@example.org"))
        self.assertFalse(student.user.has_usable_password())

    def test_the_same_name_under_a_known_address_is_the_same_student(self) -> None:
        order = cart((self.offer, me()), name="alice  ARDEN", email="Alice@Example.org")
        self.assertEqual(self.registered(order), self.alice.student)

    def test_another_name_under_a_known_address_waits_for_its_owner(self) -> None:
        student = self.registered(cart((self.offer, me()), name="Alicia Arden", email="alice@example.org"))
        self.assertEqual((student.offered_to, student.user, student.guardian), (self.alice, None, None))

    def test_the_same_new_name_typed_twice_is_one_student(self) -> None:
        friday = make.offer(self.session, make.subject(version="B"), class_day=4)
        first = self.registered(cart((self.offer, me()), name="Ali", email="alice@example.org"))
        self.assertEqual(self.registered(cart((friday, me()), name="ali", email="alice@example.org")), first)

    def test_a_child_under_its_guardians_address_is_found_by_name(self) -> None:
        order = cart((self.offer, other("Kit", "gus@example.org", "Gray")))
        self.assertEqual(self.registered(order), self.kit)

    def test_a_child_of_a_visitor_is_offered_to_the_account_made_for_the_visitor(self) -> None:
        student = self.registered(cart((self.offer, other("Kim"))))
        self.assertEqual(student.offered_to.get_full_name(), "Pat Payer")

    def test_whoever_is_logged_in_registers_themselves_their_child_and_a_new_child(self) -> None:
        order = cart((self.offer, me()), (self.offer, of(self.kit)), (self.offer, other("Kim")), payer=self.gus)
        place(order)
        attending = {str(one.student): one.student for one in Registration.objects.all()}
        self.assertEqual(attending["Gus Gray"].user, self.gus)
        self.assertEqual(attending["Kit Gray"], self.kit)
        self.assertEqual(attending["Kim"].guardian, self.gus)

    def test_another_persons_child_cannot_be_named_by_its_number(self) -> None:
        with self.assertRaises(OrderNotPlaced):
            place(cart((self.offer, of(self.kit)), payer=self.alice))

    def test_who_pays_for_somebody_sees_nothing_of_them(self) -> None:
        place(cart((self.offer, other("Alice", "alice@example.org", "Arden")), payer=self.sam))
        self.assertFalse(Registration.objects.visible_to(self.sam).exists())
        self.assertTrue(Registration.objects.visible_to(self.alice).exists())

    def test_two_names_in_one_order_share_the_discount_only_when_they_are_one_person(self) -> None:
        make_two = [(self.offer, other("Lee", "lee@example.org")), (self.offer, other("Lou", "lee@example.org"))]
        order = place(cart(*make_two))
        self.assertEqual(len({one.facts["attendee"] for one in order.lines.all()}), 2)

    def test_the_same_person_twice_in_a_cart_is_refused(self) -> None:
        with self.assertRaisesMessage(OrderNotPlaced, "already"):
            place(cart((self.offer, me()), (self.offer, other("Pat", "pat@example.org", "Payer"))))


class TwiceTest(PlacesTestCase):
    def test_a_stranger_is_not_told_that_somebody_has_a_place(self) -> None:
        place(cart((self.offer, me()), payer=self.alice))
        again = place(cart((self.offer, me()), name="Alice Arden", email="alice@example.org"))
        self.assertEqual(self.state_of(again), [State.HELD])
        run_all()
        self.assertEqual(again.cases.get().kind, Case.Kind.OTHER)
        self.assertEqual(Message.objects.filter(template="classwork.twice").get().to, "alice@example.org")

    def test_the_owner_is_told(self) -> None:
        place(cart((self.offer, me()), payer=self.alice))
        with self.assertRaisesMessage(OrderNotPlaced, "already"):
            place(cart((self.offer, me()), payer=self.alice))


class TellingTest(PlacesTestCase):
    def mail_to(self, address: str, name: str = "classwork.registered") -> Message:
        run_all()
        return Message.objects.filter(template=name, to=address).get()

    def test_each_attendee_hears_at_their_own_address_once_for_all_classes(self) -> None:
        friday = make.offer(self.session, make.subject(version="B"), class_day=4)
        friend = other("Lee", "lee@example.org")
        pay(place(cart((self.offer, me()), (self.offer, friend), (friday, friend))))
        body = str(self.mail_to("lee@example.org").data)
        self.assertNotIn("@", body)
        self.mail_to("pat@example.org")

    def test_nobody_is_told_before_there_is_a_place(self) -> None:
        place(cart((self.offer, me())))
        run_all()
        self.assertFalse(Message.objects.filter(template="classwork.registered").exists())

    @override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
    def test_a_friend_gets_a_link_and_the_payer_gets_none(self) -> None:

        pay(place(cart((self.offer, other("Lee", "lee@example.org")))))
        self.assertTrue(links_in(last_mail("lee@example.org"), "/user/reset/"))
        self.assertIn("Pat Payer registered you", last_mail("lee@example.org").subject)
        self.assertFalse(links_in(last_mail("pat@example.org"), "/user/reset/"))

    def test_the_payer_is_asked_for_another_address_when_nobody_knows_the_attendee(self) -> None:
        order = pay(place(cart((self.offer, other("Alicia", "alice@example.org")))))
        student = Registration.objects.get().student
        guardianship.answer_claim(self.alice, student, guardianship.ClaimAnswer.UNKNOWN)
        self.mail_to("pat@example.org", "classwork.address_wanted")
        self.assertIn("The person at alice@example.org doesn’t know Alicia", order.cases.get().text)
        page = order.address("attendee_address")
        self.assertContains(self.client.get(page), "Alicia")
        self.client.post(page, {"email": "alicia@example.org"})
        student.refresh_from_db()
        self.assertEqual(student.offered_to.email, "alicia@example.org")
        self.assertEqual(self.state_of(order), [State.CONFIRMED])


class JoiningTest(PlacesTestCase):
    """Alice has a record of her own; somebody registers her under a nickname, and she says that it is her."""

    def setUp(self) -> None:
        self.friday = make.offer(self.session, make.subject(version="B"), class_day=4)
        self.log_in(self.alice)

    def registered_as_ali(self) -> Student:
        order = pay(place(cart((self.offer, me()), (self.friday, me()), name="Ali", email="alice@example.org")))
        return order.lines.first().registrations.get().student

    def say_me(self, ali: Student) -> HttpResponse:
        answered = self.client.post(reverse("offer_answer", args=[ali.pk]), {"answer": "me"})
        self.assertRedirects(answered, reverse("offer_join", args=[ali.pk, "me"]))
        return self.client.get(answered.url)

    def test_the_places_move_to_her_own_record_and_the_order_knows_it(self) -> None:
        ali = self.registered_as_ali()
        page = self.say_me(ali)
        self.assertContains(page, "2 spots in classes move over.")
        self.client.post(page.request["PATH_INFO"])
        self.assertEqual(Registration.objects.filter(student=self.student).count(), 2)
        self.assertEqual(OrderLine.objects.filter(details__attends=self.student.pk).count(), 2)
        self.assertContains(self.client.get(reverse("my_classes")), "Registered", count=2)

    def test_with_a_place_in_the_same_class_it_is_for_the_office(self) -> None:
        pay(place(cart((self.offer, me()), payer=self.alice)))
        ali = self.registered_as_ali()
        page = self.say_me(ali)
        self.assertContains(page, "Both have a spot in")
        for _ in range(2):
            self.client.post(page.request["PATH_INFO"])
        run_all()
        case = Case.objects.get()
        self.assertIn("Ali has two records", case.text)
        self.assertIn("Both have a spot in", case.text)
        self.assertEqual(ali.registrations.count(), 2)

    def test_what_no_order_tells_of_waits_in_the_queue(self) -> None:
        ali = Student.objects.create(first_name="Ali", offered_to=self.alice)
        guardianship.request_office_merge(self.alice, ali, guardianship.ClaimAnswer.ME)
        run_all()
        self.assertIn("are one person", delivery_problems()[0])


class WordsTest(PlacesTestCase):
    def test_without_an_order_nothing_is_paid(self) -> None:
        registration = Registration(student=self.student, offer=self.offer, state=State.CONFIRMED)
        self.assertEqual(str(words.spot_payment_status(registration, timezone.now())), "No payment")

    def test_my_classes_are_now_or_before(self) -> None:
        pay(place(cart((self.offer, me()), payer=self.alice)))
        (alice,), _ = mine.classes_of_account(self.alice, timezone.now())
        self.assertEqual([str(one.state) for one in alice.now], ["Registered"])
        (later,), _ = mine.classes_of_account(self.alice, timezone.now() + timedelta(days=400))
        self.assertEqual((later.now, [str(one.payment) for one in later.before]), ([], ["Paid"]))

    def test_a_line_remembers_who_attends_by_number_only(self) -> None:
        order = place(cart((self.offer, me()), payer=self.alice))
        self.assertEqual(OrderLine.objects.get(order=order).details["attends"], self.alice.student.pk)
