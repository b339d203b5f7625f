from datetime import timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.test import tag
from django.urls import reverse
from django.utils import timezone

from billing.domain import product_kinds
from billing.domain.payments import attempts
from billing.domain.pricing import balances
from billing.models import Order
from classwork.models import ClassOffer, Session
from history.models import Entry
from registrations.domain import spots
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, line, me, of, pay, place, register_strangers
from users.models import User

LIST, ENTER = reverse("desk_registrations"), reverse("desk_register")


class DeskTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def allow(self, user: User, *codenames: str) -> User:
        user.user_permissions.set(Permission.objects.filter(codename__in=[*codenames, "enter_office"]))
        return User.objects.get(pk=user.pk)


@tag("once")
class RegistrationListTest(DeskTestCase):
    def names(self, **query: Any) -> list[str]:
        page = self.client.get(LIST, query)
        return sorted(one.registration.student.first_name for one in page.context["spots"])

    def setUp(self) -> None:
        super().setUp()
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        place(cart((self.class_offer, of(self.kit)), payer=self.gus), Order.Due.DOOR)

    def test_list_shows_attendees_and_their_payment_status_in_words(self) -> None:
        page = self.client.get(LIST)
        self.assertContains(page, "Pay at the door")
        self.assertContains(page, "Paid")
        self.assertNotContains(page, "confirmed")

    def test_registrations_are_found_by_name_address_and_class(self) -> None:
        self.assertEqual(self.names(q="alice"), ["Alice"])
        self.assertEqual(self.names(q="gus@example.org"), ["Kit"])
        self.assertEqual(self.names(q="beginning kit"), ["Kit"])
        self.assertEqual(self.names(q="nobody"), [])

    def test_registration_search_matches_class_code_and_order_number_and_needs_every_word(self) -> None:
        buying = Registration.objects.get(student=self.kit).line.order  # type: ignore[union-attr]
        for text in ("BegA kit", "bega", f"#{buying.pk} kit", "Beginning A gus@"):
            self.assertIn("Kit", self.names(q=text))
        self.assertEqual(self.names(q="BegA kit"), ["Kit"])
        self.assertEqual(self.names(q=str(buying.pk)), ["Kit"])
        self.assertEqual(self.names(q="BegB kit"), [])
        self.assertEqual(self.names(q="BegA nobody"), [])
        self.names(q="a " * 3000)

    def test_order_search_matches_class_code_and_attendee_and_needs_every_word(self) -> None:
        def found(text: str) -> list[str]:
            page = self.client.get(reverse("desk_orders"), {"q": text}).context["page"]
            return sorted(order.payer.first_name for order in page)

        order = Order.objects.get(payer=self.gus)
        self.assertEqual(found("BegA"), ["Alice", "Gus"])
        self.assertEqual(found("bega gus"), ["Gus"])
        self.assertEqual(found("beginning kit"), ["Gus"])
        self.assertEqual(found("BegB gus"), [])
        self.assertEqual(found(f"#{order.pk}"), ["Gus"])
        self.assertIn("Gus", found(f"BegA #{order.pk}"))
        self.assertEqual(found("gus nobody"), [])
        found("a " * 3000)

    def test_drop_in_is_found_by_its_class_code(self) -> None:
        self.assertTrue(product_kinds.kind_named("class").search_products("BegA").filter(pk=self.class_offer.pk))  # type: ignore[union-attr]

    def test_list_is_filtered_by_state_class_and_session(self) -> None:
        self.assertEqual(self.names(show="unpaid"), ["Kit"])
        self.assertEqual(self.names(show="ended"), [])
        self.assertEqual(self.names(**{"class": self.class_offer.pk}), ["Alice", "Kit"])
        self.assertEqual(self.names(session=self.session.pk + 1), [])

    def test_searches_accept_special_characters(self) -> None:
        for name in ("desk_registrations", "desk_students", "desk_orders", "desk_credit", "desk_mail"):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name), {"q": "%_'\\ö²"}).status_code, 200)

    def test_invalid_filters_are_ignored(self) -> None:
        self.assertEqual(self.names(**{"class": "9" * 40, "session": "x", "show": "?"}), ["Alice", "Kit"])

    def test_spots_taken_are_shown_on_every_staff_page_of_the_class(self) -> None:
        ClassOffer.objects.update(capacity=12)
        pages = [
            f"{LIST}?class={self.class_offer.pk}",
            reverse("desk_class", args=[self.class_offer.pk]),
        ]
        self.assertContains(self.client.get(reverse("admin:classwork_classoffer_changelist")), "2/12")
        for page in pages:
            self.assertContains(self.client.get(page), "2 of 12 taken")
        self.assertContains(self.browser_of(self.tess).get(reverse("teaching")), "2 of 12 taken")

    def test_list_runs_the_same_queries_for_thirty_registrations(self) -> None:
        self.assertSameQueries(LIST, lambda count: register_strangers(self.class_offer, count))


@tag("once")
class HoldTest(DeskTestCase):
    def setUp(self) -> None:
        super().setUp()
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.registration = Registration.objects.get()
        self.page = reverse("desk_registration", args=[self.registration.pk])

    def state(self) -> str:
        return Registration.objects.get(pk=self.registration.pk).state

    def test_registration_is_put_on_hold_and_resumed_each_with_a_reason(self) -> None:
        self.assertContains(self.client.get(LIST), self.page)
        answer = self.client.post(self.page, {"why": "The bank asks"}, follow=True)
        self.assertContains(answer, "On hold")
        answer = self.client.post(self.page, {"why": "It was a mistake of theirs"}, follow=True)
        self.assertContains(answer, "Registered")
        actions = Entry.objects.filter(subject_type="registration").values_list("reason", flat=True)
        self.assertEqual(list(actions), ["It was a mistake of theirs", "The bank asks"])
        self.assertContains(answer, "The bank asks")

    def test_admin_shows_the_history_and_links_to_the_desk_page(self) -> None:
        spots.suspend_spot(self.registration, why="The bank asks", by=self.ada)
        page = self.client.get(reverse("admin:registrations_registration_change", args=[self.registration.pk]))
        self.assertContains(page, "On hold")
        self.assertContains(page, "The bank asks")
        self.assertContains(page, self.page)

    def test_hold_requires_a_reason(self) -> None:
        self.assertContains(self.client.post(self.page, {"why": ""}), "required")
        self.assertEqual(self.state(), "confirmed")

    def test_canceled_registration_cannot_be_put_on_hold(self) -> None:
        spots.release_spot(line(Order.objects.get()), "Gone")
        self.assertNotContains(self.client.get(self.page), "hold")
        self.client.post(self.page, {"why": "x"})
        self.assertEqual(self.state(), "canceled")

    def test_staff_with_view_permission_only_cannot_put_it_on_hold(self) -> None:
        self.log_in(self.allow(self.ash, "view_registration"))
        self.assertNotContains(self.client.get(self.page), "Put on hold")
        self.assertEqual(self.client.post(self.page, {"why": "x"}).status_code, 403)
        self.assertEqual(self.state(), "confirmed")


@tag("once")
class DeskRegistrationTest(DeskTestCase):
    def register(self, **more: Any) -> Any:
        form = {
            "classes": [self.class_offer.pk],
            "first_name": "Wes",
            "last_name": "Walk-in",
            "email": "wes@example.org",
        }
        return self.client.post(ENTER, form | more)

    def test_walk_in_is_registered_and_pays_cash(self) -> None:
        page = self.register()
        order = Order.objects.get()
        self.assertRedirects(page, reverse("desk_order", args=[order.pk]))
        self.assertEqual(Registration.objects.get().state, "confirmed")
        self.assertEqual(order.entered_by, self.ada)
        today = timezone.localdate()
        attempts.record_desk_payment(
            order, "cash", balances.open_balance(order, order.placed_at), by=self.ada, received_on=today
        )
        order.refresh_from_db()
        self.assertEqual(order.state, Order.State.PAID)
        self.assertEqual(Registration.objects.get().state, "confirmed")

    def test_registration_can_have_a_due_date(self) -> None:
        day = timezone.localdate() + timedelta(days=10)
        self.assertEqual(self.register(pay_by=timezone.localdate() - timedelta(days=1)).status_code, 200)
        self.assertEqual(self.register(pay_by=day).status_code, 302)
        self.assertEqual(Order.objects.values_list("due_kind", "due_date").get(), ("date", day))
        self.assertEqual(Registration.objects.get().state, "confirmed")

    def test_known_student_is_registered_with_their_record(self) -> None:
        page = self.client.post(f"{ENTER}?student={self.kit.pk}", {"classes": [self.class_offer.pk]})
        self.assertEqual(page.status_code, 302)
        self.assertEqual(Registration.objects.get().student, self.kit)
        self.assertEqual(Order.objects.get().payer_email, "gus@example.org")

    def test_student_already_in_the_class_is_refused(self) -> None:
        place(cart((self.class_offer, me()), payer=self.alice))
        page = self.register(first_name="Alice", last_name="Arden", email="alice@example.org")
        self.assertContains(page, "already has a spot in this class")
        self.assertEqual(Registration.objects.count(), 1)

    def test_desk_can_register_for_a_class_closed_to_the_public(self) -> None:
        ClassOffer.objects.update(manager_approved=False)
        self.assertEqual(self.register().status_code, 302)

    def test_registration_over_capacity_needs_permission_and_a_reason(self) -> None:
        ClassOffer.objects.update(capacity=1)
        place(cart((self.class_offer, me()), payer=self.alice))
        self.assertContains(self.register(), "This class is full now.")
        self.assertContains(self.register(over_capacity="on"), "Please enter a reason")
        self.assertEqual(self.register(over_capacity="on", why="Plays the piano").status_code, 302)
        self.assertTrue(Registration.objects.first().over_capacity)
        self.assertEqual(Entry.objects.get(action="registrations.registered_at_desk").reason, "Plays the piano")

    def test_over_capacity_is_hidden_and_ignored_without_permission(self) -> None:
        ClassOffer.objects.update(capacity=1)
        place(cart((self.class_offer, me()), payer=self.alice))
        self.log_in(self.allow(self.ash, "add_registration", "view_registration"))
        self.assertNotContains(self.client.get(ENTER), "over_capacity")
        self.assertContains(self.register(over_capacity="on", why="x"), "This class is full now.")

    def past_session(self) -> Session:
        key_day = factories.upcoming_thursday(-20)
        return factories.create_session("Old", key_day, publish_date=key_day)

    def test_past_class_cannot_be_chosen(self) -> None:
        old = factories.create_class_offer(self.past_session(), factories.create_subject(version="B"))
        page = self.register(classes=[old.pk])
        self.assertContains(page, "Select a valid choice")
