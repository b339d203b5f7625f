from datetime import timedelta

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from billing.domain.cancellations import line_cancellation
from billing.domain.orders import pay_at_door, transitions
from billing.domain.payments import attempts
from billing.domain.product_kinds import kind_of_line
from billing.errors import OrderNotPlaced, ProductUnavailable
from billing.models import Order, OrderLine, PaymentIssue
from classwork.models import ClassOffer
from mailroom.models import Message
from outbox.models import Event
from outbox.testing import delivery_problems, run_all
from registrations.domain import capacity, my_classes, notifications, spots, status_text
from registrations.models import Registration
from tests import factories
from tests.registrations.full_classes import FullClassTestCase
from tests.registrations.purchases import cart, line, me, of, other, pay, place
from tests.users.mail_links import last_mail, links_in
from users.domain import guardianship
from users.models import Student, User

State = Registration.State


class HoldTest(FullClassTestCase):
    def test_placed_order_holds_a_spot_and_its_payment_confirms_it(self) -> None:
        order = place(cart((self.class_offer, me())))
        self.assertEqual(self.state_of(order), [State.HELD])
        self.assertEqual(self.taken(), 1)
        pay(order)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_last_spot_is_sold_only_once(self) -> None:
        self.limit(1)
        place(cart((self.class_offer, me())))
        late = cart((self.class_offer, other("Lee", "lee@example.org")), name="Lee", email="lee@example.org")
        with self.assertRaisesMessage(OrderNotPlaced, "full"):
            place(late)
        late.refresh_from_db()
        self.assertEqual(late.state, Order.State.CART)
        self.assertFalse(User.objects.filter(email="lee@example.org").exists())

    def test_expired_hold_takes_no_spot_before_the_job_has_marked_it(self) -> None:
        self.limit(1)
        order = place(cart((self.class_offer, me())))
        self.run_out(order)
        self.assertEqual(self.taken(), 0)
        place(cart((self.class_offer, other("Lee", "lee@example.org")), email="lee@example.org"))
        self.assertEqual(self.state_of(order), [State.EXPIRED])

    def test_spot_is_held_until_its_deadline_to_the_microsecond(self) -> None:
        place(cart((self.class_offer, me())))
        spot = Registration.objects.get()
        before = spot.held_until - timedelta(microseconds=1)
        for at, held in ((before, True), (spot.held_until, False)):
            self.assertEqual(spot.takes_a_spot(at), held)
            self.assertEqual(Registration.objects.taking_a_spot(at).exists(), held)
            self.assertEqual(capacity.availability_of(self.class_offer, at).spots_taken, int(held))

    def test_person_whose_hold_expired_can_register_again(self) -> None:
        self.run_out(place(cart((self.class_offer, me()))))
        again = place(cart((self.class_offer, me())))
        self.assertEqual(self.state_of(again), [State.HELD])

    def test_job_that_expires_orders_ends_their_holds_with_one_event(self) -> None:
        order = place(cart((self.class_offer, me())))
        self.run_out(order)
        self.assertEqual([transitions.expire_overdue_holds() for _ in range(2)], [1, 0])
        self.assertEqual(self.state_of(order), [State.EXPIRED])
        self.assertEqual(Event.objects.filter(type="registrations.hold_expired").count(), 1)

    def test_expired_order_releases_its_spot(self) -> None:
        order = place(cart((self.class_offer, me())))
        self.run_out(order)
        transitions.expire_order(order, timezone.now())
        self.assertEqual(self.state_of(order), [State.EXPIRED])

    def test_late_payment_confirms_the_registration_while_a_spot_is_left(self) -> None:
        order = place(cart((self.class_offer, me())))
        self.run_out(order)
        transitions.expire_order(order, timezone.now())
        self.late_payment(order)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_late_payment_is_refunded_when_the_class_is_full(self) -> None:
        self.limit(1)
        order = place(cart((self.class_offer, me())))

        payment = attempts.start_attempt(order, "practice", timezone.now())
        self.run_out(order)
        place(cart((self.class_offer, other("Lee", "lee@example.org")), email="lee@example.org"))
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))
        payment.refresh_from_db()
        self.assertEqual(self.state_of(order), [State.EXPIRED])
        self.assertEqual(payment.refunded_amount, payment.captured_amount)
        self.assertEqual(self.taken(), 1)

    def late_payment(self, order: Order) -> None:

        payment = attempts._create_attempt(order, "practice", order.early_total)
        attempts.confirm_payment(payment, attempts.PaymentCaptured(payment.total, payment.currency))

    def test_switching_to_pay_at_the_door_confirms_a_held_spot(self) -> None:
        order = place(cart((self.class_offer, me())))
        pay_at_door.switch_to_pay_at_door(order, timezone.now(), is_owner=True)
        self.assertEqual(self.state_of(order), [State.CONFIRMED])

    def test_class_that_requires_prepayment_cannot_be_paid_at_the_door(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(pay_at_door=False)
        with self.assertRaises(OrderNotPlaced):
            place(cart((self.class_offer, me())), Order.Due.DOOR)

    def test_canceling_a_line_releases_its_spot_and_releasing_again_changes_nothing(self) -> None:
        order = pay(place(cart((self.class_offer, me()))))
        line_cancellation.cancel_line(line(order), at=timezone.now(), why="Moved away")
        spots.release_spot(line(order), "again")
        self.assertEqual(self.state_of(order), [State.CANCELED])
        self.assertEqual(Event.objects.filter(type="registrations.registration_ended").count(), 1)
        with self.assertRaises(ProductUnavailable):
            kind_of_line(line(order)).confirm(line(order))

    def test_database_refuses_a_second_spot_for_one_student_in_a_class(self) -> None:
        order = place(cart((self.class_offer, me())))
        first = Registration.objects.get(line__order=order)
        with self.assertRaises(IntegrityError), transaction.atomic():
            Registration.objects.create(student=first.student, class_offer=first.class_offer, state=State.HELD)

    def test_disputed_registration_keeps_its_spot_on_hold_until_the_decision(self) -> None:
        pay(place(cart((self.class_offer, me()))))
        registration = Registration.objects.get()
        spots.suspend_spot(registration, why="The bank asks", by=self.ada)
        self.assertEqual((registration.state, self.taken()), (State.ON_HOLD, 1))
        spots.resume_spot(registration, by=self.ada)
        self.assertEqual(registration.state, State.CONFIRMED)

    def test_remaining_spots_are_shown_when_few_are_left(self) -> None:
        self.limit(2)
        self.assertEqual(capacity.availability_of(self.class_offer, timezone.now()).status_text, "2 spots left")
        place(cart((self.class_offer, me())))
        self.assertEqual(capacity.availability_of(self.class_offer, timezone.now()).status_text, "1 spot left")


class RegistrationClosedTest(FullClassTestCase):
    def refusal(self) -> str:
        with self.assertRaises(OrderNotPlaced) as refused:
            place(cart((self.class_offer, me())))
        return str(refused.exception)

    def test_unapproved_class_refuses_registrations(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(manager_approved=False)
        self.assertIn("isn’t open", self.refusal())

    def test_class_of_an_unpublished_session_refuses_registrations(self) -> None:
        type(self.session).objects.filter(pk=self.session.pk).update(
            publish_date=timezone.localdate() + timedelta(days=1)
        )
        self.assertIn("isn’t open", self.refusal())

    def test_class_of_an_expired_session_refuses_registrations(self) -> None:
        type(self.session).objects.filter(pk=self.session.pk).update(
            expire_date=timezone.localdate() - timedelta(days=1)
        )
        self.assertIn("closed", self.refusal())

    def test_finished_class_refuses_registrations(self) -> None:
        past = timezone.now() - timedelta(days=60)
        for number, meeting in enumerate(self.class_offer.meetings.all()):
            start = past + timedelta(days=number)
            type(meeting).objects.filter(pk=meeting.pk).update(starts_at=start, ends_at=start + timedelta(hours=1))
        self.assertIn("over", self.refusal())


class AttendeeRecordTest(FullClassTestCase):
    def registered(self, order: Order) -> Student:
        place(order)
        return Registration.objects.get(line__order=order).student

    def test_unknown_address_gets_an_account_without_a_password(self) -> None:
        student = self.registered(cart((self.class_offer, me())))
        self.assertEqual((str(student), student.user.email), ("Pat Payer", "pat@example.org"))
        self.assertFalse(student.user.has_usable_password())

    def test_same_name_with_a_known_address_is_the_existing_student(self) -> None:
        order = cart((self.class_offer, me()), name="alice  ARDEN", email="Alice@Example.org")
        self.assertEqual(self.registered(order), self.alice.student)

    def test_other_name_with_a_known_address_is_a_new_record_until_the_owner_claims_it(self) -> None:
        student = self.registered(cart((self.class_offer, me()), name="Alicia Arden", email="alice@example.org"))
        self.assertEqual((student.offered_to, student.user, student.guardian), (self.alice, None, None))

    def test_new_name_registered_twice_with_one_address_is_one_student(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        first = self.registered(cart((self.class_offer, me()), name="Ali", email="alice@example.org"))
        self.assertEqual(self.registered(cart((friday, me()), name="ali", email="alice@example.org")), first)

    def test_child_is_found_by_name_with_the_address_of_the_guardian(self) -> None:
        order = cart((self.class_offer, other("Kit", "gus@example.org", "Gray")))
        self.assertEqual(self.registered(order), self.kit)

    def test_child_of_a_visitor_is_offered_to_the_account_created_for_the_visitor(self) -> None:
        student = self.registered(cart((self.class_offer, other("Kim"))))
        self.assertEqual(student.offered_to.get_full_name(), "Pat Payer")

    def test_guardian_registers_themselves_their_child_and_a_new_child(self) -> None:
        order = cart(
            (self.class_offer, me()), (self.class_offer, of(self.kit)), (self.class_offer, other("Kim")), payer=self.gus
        )
        place(order)
        attending = {str(one.student): one.student for one in Registration.objects.all()}
        self.assertEqual(attending["Gus Gray"].user, self.gus)
        self.assertEqual(attending["Kit Gray"], self.kit)
        self.assertEqual(attending["Kim"].guardian, self.gus)

    def test_child_of_another_account_cannot_be_registered_by_id(self) -> None:
        with self.assertRaises(OrderNotPlaced):
            place(cart((self.class_offer, of(self.kit)), payer=self.alice))

    def test_payer_cannot_see_the_registration_of_the_person_they_paid_for(self) -> None:
        place(cart((self.class_offer, other("Alice", "alice@example.org", "Arden")), payer=self.sam))
        self.assertFalse(Registration.objects.visible_to(self.sam).exists())
        self.assertTrue(Registration.objects.visible_to(self.alice).exists())

    def test_two_names_with_one_address_count_as_two_attendees_for_the_discount(self) -> None:
        make_two = [
            (self.class_offer, other("Lee", "lee@example.org")),
            (self.class_offer, other("Lou", "lee@example.org")),
        ]
        order = place(cart(*make_two))
        self.assertEqual(len({one.price_facts["attendee"] for one in order.lines.all()}), 2)

    def test_cart_with_the_same_person_twice_is_refused(self) -> None:
        with self.assertRaisesMessage(OrderNotPlaced, "already"):
            place(cart((self.class_offer, me()), (self.class_offer, other("Pat", "pat@example.org", "Payer"))))


class DuplicateRegistrationTest(FullClassTestCase):
    def test_stranger_is_not_told_that_the_person_is_already_registered(self) -> None:
        place(cart((self.class_offer, me()), payer=self.alice))
        again = place(cart((self.class_offer, me()), name="Alice Arden", email="alice@example.org"))
        self.assertEqual(self.state_of(again), [State.HELD])
        self.assertEqual((notifications.report_conflicts(), notifications.report_conflicts()), (1, 0))
        run_all()
        self.assertEqual(again.payment_issues.get().kind, PaymentIssue.Kind.OTHER)
        self.assertEqual(
            Message.objects.filter(template="registrations.registered_twice").get().to, "alice@example.org"
        )

    def test_logged_in_member_is_told_that_they_are_already_registered(self) -> None:
        place(cart((self.class_offer, me()), payer=self.alice))
        with self.assertRaisesMessage(OrderNotPlaced, "already"):
            place(cart((self.class_offer, me()), payer=self.alice))


class RegistrationMailTest(FullClassTestCase):
    def mail_to(self, address: str, name: str = "registrations.registered") -> Message:
        run_all()
        return Message.objects.filter(template=name, to=address).get()

    def test_each_attendee_gets_one_mail_for_all_their_classes(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        friend = other("Lee", "lee@example.org")
        pay(place(cart((self.class_offer, me()), (self.class_offer, friend), (friday, friend))))
        body = str(self.mail_to("lee@example.org").data)
        self.assertNotIn("@", body)
        self.mail_to("pat@example.org")

    def test_no_mail_is_sent_before_the_registration_is_confirmed(self) -> None:
        place(cart((self.class_offer, me())))
        run_all()
        self.assertFalse(Message.objects.filter(template="registrations.registered").exists())

    @override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend")
    def test_friend_gets_an_account_link_and_the_payer_gets_none(self) -> None:

        pay(place(cart((self.class_offer, other("Lee", "lee@example.org")))))
        self.assertTrue(links_in(last_mail("lee@example.org"), "/user/reset/"))
        self.assertIn("Pat Payer registered you", last_mail("lee@example.org").subject)
        self.assertFalse(links_in(last_mail("pat@example.org"), "/user/reset/"))

    def test_payer_is_asked_for_another_address_when_its_owner_does_not_know_the_attendee(self) -> None:
        order = pay(place(cart((self.class_offer, other("Alicia", "alice@example.org")))))
        student = Registration.objects.get().student
        guardianship.answer_claim(self.alice, student, guardianship.ClaimAnswer.UNKNOWN)
        self.mail_to("pat@example.org", "registrations.email_requested")
        self.assertIn("The person at alice@example.org doesn’t know Alicia", order.payment_issues.get().description)
        page = order.address("attendee_address")
        self.assertContains(self.client.get(page), "Alicia")
        self.client.post(page, {"email": "alicia@example.org"})
        student.refresh_from_db()
        self.assertEqual(student.offered_to.email, "alicia@example.org")
        self.assertEqual(self.state_of(order), [State.CONFIRMED])


class RecordMergeTest(FullClassTestCase):
    """Alice has her own record. Somebody registers her under a nickname, and she confirms that it is her."""

    def setUp(self) -> None:
        self.friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        self.log_in(self.alice)

    def registered_as_ali(self) -> Student:
        order = pay(place(cart((self.class_offer, me()), (self.friday, me()), name="Ali", email="alice@example.org")))
        return order.lines.first().registrations.get().student

    def claim_record(self, ali: Student) -> HttpResponse:
        answered = self.client.post(reverse("offer_answer", args=[ali.pk]), {"answer": "me"})
        self.assertRedirects(answered, reverse("offer_join", args=[ali.pk, "me"]))
        return self.client.get(answered.url)

    def test_registrations_and_order_lines_move_to_the_claimed_record(self) -> None:
        ali = self.registered_as_ali()
        page = self.claim_record(ali)
        self.assertContains(page, "2 spots in classes move over.")
        self.client.post(page.request["PATH_INFO"])
        self.assertEqual(Registration.objects.filter(student=self.student).count(), 2)
        self.assertEqual(OrderLine.objects.filter(student=self.student).count(), 2)
        self.assertContains(self.client.get(reverse("my_classes")), "Registered", count=2)

    def test_claim_by_a_student_in_the_same_class_becomes_one_case_for_the_office(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        ali = self.registered_as_ali()
        page = self.claim_record(ali)
        self.assertContains(page, "Both have a spot in")
        for _ in range(2):
            self.client.post(page.request["PATH_INFO"])
        run_all()
        case = PaymentIssue.objects.get()
        self.assertIn("Ali has two records", case.description)
        self.assertIn("Both have a spot in", case.description)
        self.assertEqual(ali.registrations.count(), 2)

    def test_merge_request_without_an_order_is_reported_as_a_delivery_problem(self) -> None:
        ali = Student.objects.create(first_name="Ali", offered_to=self.alice)
        guardianship.request_office_merge(self.alice, ali, guardianship.ClaimAnswer.ME)
        run_all()
        self.assertIn("are one person", delivery_problems()[0])


class RegistrationDisplayTest(FullClassTestCase):
    def test_registration_without_an_order_has_no_payment(self) -> None:
        registration = Registration(student=self.student, class_offer=self.class_offer, state=State.CONFIRMED)
        self.assertEqual(str(status_text.spot_payment_status(registration, timezone.now())), "No payment")

    def test_my_classes_lists_current_and_past_registrations(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        (alice,), _ = my_classes.classes_of_account(self.alice, timezone.now())
        self.assertEqual([str(one.state) for one in alice.current], ["Registered"])
        (later,), _ = my_classes.classes_of_account(self.alice, timezone.now() + timedelta(days=400))
        self.assertEqual((later.current, [str(one.payment) for one in later.past]), ([], ["Paid"]))

    def test_order_line_stores_the_attendee_by_id_only(self) -> None:
        order = place(cart((self.class_offer, me()), payer=self.alice))
        self.assertEqual(line(order).student, self.alice.student)
