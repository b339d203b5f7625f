import re
from typing import Any

from django.db import connection
from django.test import Client, override_settings, tag
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import Order, OrderLine
from classwork.models import ClassOffer
from registrations.domain import calendar_feeds
from registrations.models import Registration
from tests import factories
from tests.registrations.purchases import cart, me, of, pay, place, register_at_desk
from tests.registrations.registration_pages import URL, RegistrationPagesTestCase, order_form
from tests.users.hashers import CountingHasher
from tests.users.mail_links import masked
from users.models import User

Watched = tuple[list[bytes], int, int]  # pages, queries, hashes


class RegistrationFormTest(RegistrationPagesTestCase):
    def test_class_page_links_to_the_form_with_the_class_selected(self) -> None:
        page = self.client.get(reverse("classoffer_detail", args=[self.class_offer.pk]))
        self.assertContains(page, f"{URL}?class={self.class_offer.pk}")
        page = self.client.get(URL, {"class": self.class_offer.pk})
        self.assertContains(page, f'value="{self.class_offer.pk}" id="class-{self.class_offer.pk}" checked')

    def test_visitor_registers_and_pays(self) -> None:
        self.assertRedirects(self.send("me"), reverse("checkout"))
        self.check_out()
        registration = Registration.objects.get()
        self.assertEqual((str(registration.student), registration.state), ("Pat Payer", "confirmed"))

    def test_adding_a_friend_keeps_what_was_typed(self) -> None:
        form = {"referral_source": "A poster"} | self.friend() | {"more": "1"}
        page = self.send("me", **form)
        self.assertContains(page, 'value="lee@example.org"')
        self.assertContains(page, 'name="other-1-first_name"')
        self.assertContains(page, "A poster")
        self.assertEqual(self.lines(), [])

    def test_every_attendee_is_added_to_every_selected_class(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        self.send("me", classes=[self.class_offer.pk, friday.pk], **self.friend())
        self.assertEqual(len(self.lines()), 4)

    def test_same_choice_submitted_twice_is_in_the_cart_once(self) -> None:
        self.send("me", **self.friend())
        self.send("me", **self.friend())
        self.assertEqual(len(self.lines()), 2)

    def test_empty_form_for_a_friend_is_ignored(self) -> None:
        self.send("me", **self.friend(first_name="", email=""))
        self.assertEqual([details.attendee for details in self.lines()], [me()])

    def test_friend_needs_a_name(self) -> None:
        self.assertContains(self.send("me", **self.friend(first_name="")), "This field is required")

    def test_at_least_one_attendee_is_required(self) -> None:
        self.assertContains(self.send(), "Please choose who’s coming.")

    def test_at_least_one_class_is_required(self) -> None:
        self.assertContains(self.send("me", classes=[]), "Please choose a class.")

    def test_guardian_sees_their_children_by_name_and_a_visitor_does_not(self) -> None:
        self.assertNotContains(self.client.get(URL), "Kit Gray")
        self.log_in(self.gus)
        self.assertContains(self.client.get(URL), "Kit Gray")
        self.send("me", f"student-{self.kit.pk}")
        self.check_out()
        self.assertEqual({one.student.first_name for one in Registration.objects.all()}, {"Gus", "Kit"})

    def test_referral_source_is_stored(self) -> None:
        self.send("me", referral_source="Alice")
        self.check_out()
        self.assertEqual(Registration.objects.get().referral_source, "Alice")

    def test_already_registered_student_is_told_so_and_nothing_is_added(self) -> None:
        self.log_in(self.alice)
        place(cart((self.class_offer, me()), payer=self.alice))
        page = self.send("me")
        self.assertContains(page, "already")
        self.assertContains(page, "See your classes")
        self.assertEqual(OrderLine.objects.filter(order__state=Order.State.CART).count(), 0)


class LevelCheckTest(RegistrationPagesTestCase):
    def advanced_class(self) -> ClassOffer:
        return factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=2)

    def test_visitor_is_asked_about_the_level_of_an_advanced_class(self) -> None:
        class_offer = self.advanced_class()
        self.assertContains(self.send("me", class_offer=class_offer), "Is this the right level?")
        self.assertEqual(self.lines(), [])
        self.assertRedirects(self.send("me", class_offer=class_offer, ready="unsure"), reverse("checkout"))
        self.check_out()
        self.assertEqual(Registration.objects.get().readiness, "unsure")

    def test_level_question_must_be_answered(self) -> None:
        class_offer = self.advanced_class()
        self.assertNotContains(self.send("me", class_offer=class_offer), "Please choose an answer.")
        self.assertContains(self.send("me", class_offer=class_offer, asked="1"), "Please choose an answer.")

    def test_first_class_has_no_level_question(self) -> None:
        self.assertRedirects(self.send("me"), reverse("checkout"))

    def test_student_who_finished_the_level_below_is_not_asked(self) -> None:
        for version in ("C", "D"):
            class_offer = factories.create_class_offer(
                self.session, factories.create_subject("Beg", version), class_day=4
            )
            pay(place(cart((class_offer, me()), payer=self.alice)))
        self.log_in(self.alice)
        self.assertRedirects(
            self.send("me", class_offer=self.advanced_class()), reverse("checkout"), fetch_redirect_response=False
        )

    def test_student_who_did_not_finish_the_level_below_is_asked(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.send("me", class_offer=self.advanced_class()), "Is this the right level?")


class BadInputTest(RegistrationPagesTestCase):
    def test_invalid_choices_are_refused_and_nothing_is_stored(self) -> None:
        hidden = factories.create_class_offer(
            self.session, factories.create_subject(version="B"), class_day=4, manager_approved=False
        )
        hostile: list[dict[str, Any]] = [
            {"classes": ["-1"]},
            {"classes": ["9" * 40]},
            {"classes": [str(hidden.pk)]},
            {"classes": ["x"]},
            {"who": [f"student-{self.kit.pk}"]},
            {"who": ["me", "student-99999999999999999999"]},
            {"others": "-1"},
            {"others": "100000"},
            {"others": "x"},
            {"others": ""},
            {"ready": "<script>"},
        ]
        for values in hostile:
            with self.subTest(str(values)):
                self.assertEqual(self.send("me", **values).status_code, 400 if "others" in values else 200)
        self.assertEqual(OrderLine.objects.count(), 0)

    def test_unapproved_class_is_not_found(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(manager_approved=False)
        self.assertEqual(self.client.get(URL, {"class": self.class_offer.pk}).status_code, 404)
        self.assertEqual(self.client.get(URL, {"class": "x"}).status_code, 404)

    def test_closed_class_says_that_registration_is_closed(self) -> None:
        type(self.session).objects.update(publish_date="2020-01-01", expire_date="2020-01-02")
        page = self.client.get(URL, {"class": self.class_offer.pk}, follow=True)
        self.assertContains(page, "Registration for this class is closed.")

    def test_class_that_filled_up_meanwhile_can_be_removed_and_the_rest_ordered(self) -> None:
        friday = factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
        self.send("me", classes=[self.class_offer.pk, friday.pk])
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(capacity=1)
        place(cart((self.class_offer, me()), payer=self.alice))
        page = self.client.get(reverse("checkout"))
        self.assertContains(page, "This class is full now.")
        full = OrderLine.objects.get(product_id=self.class_offer.pk, order__state=Order.State.CART)
        self.client.post(reverse("cart_remove", args=[full.pk]))
        self.assertEqual(self.check_out().status_code, 302)
        self.assertEqual(Registration.objects.filter(class_offer=friday).count(), 1)

    def test_full_class_cannot_be_chosen(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(capacity=1)
        place(cart((self.class_offer, me()), payer=self.alice))
        self.assertContains(self.send("me"), "This class is full.")

    def test_form_of_a_full_class_offers_the_waitlist_and_other_classes(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(capacity=1)
        place(cart((self.class_offer, me()), payer=self.alice))
        page = self.client.get(URL, {"class": self.class_offer.pk})
        self.assertContains(page, "This class is full. Here are the other classes.")
        self.assertContains(page, reverse("join_waitlist", args=[self.class_offer.pk]))
        self.assertNotContains(page, "checked disabled")


@override_settings(PASSWORD_HASHERS=["tests.users.hashers.CountingHasher"])
class AddressPrivacyTest(RegistrationPagesTestCase):
    """A visitor who enters other people's addresses learns nothing about them."""

    def whole_way(self, name: str, email: str) -> Watched:
        return self.watched(name, email, name, email)

    def watched(self, name: str, email: str, payer: str, payer_email: str, **others: str) -> Watched:
        """`name` and `email` are what is typed for the attendee."""
        client, answers = Client(), []
        who = [] if others else ["me"]
        CountingHasher.count = 0
        with CaptureQueriesContext(connection) as queries:
            answers.append(masked(self.send(*who, client=client, **others)))
            answers.append(masked(client.get(reverse("checkout"))))
            placed = client.post(reverse("checkout"), order_form(client, payer, payer_email, "door"))
            answers.append(masked(client.get(placed.url)))
        order = Order.objects.latest("pk")
        text = [answer.replace(email.encode(), b"ADDRESS").replace(name.encode(), b"NAME") for answer in answers]
        return [self.without_keys(each, order) for each in text], len(queries), CountingHasher.count

    def without_keys(self, page: bytes, order: Order) -> bytes:
        page = re.sub(rb"key=[^\"&]+", b"key", page)
        page = re.sub(rb"/cart/remove/\d+/|/cancel/\d+/|\d?\d:\d\d", b"", page)
        return re.sub(rb"(Order |/order/)%d\b" % order.pk, rb"\1NUMBER", page)

    def test_pages_and_work_are_the_same_for_known_and_unknown_addresses(self) -> None:
        self.whole_way("Ann Other", "warm@example.org")
        unknown = self.whole_way("Ann Other", "unknown@example.org")
        place(cart((self.class_offer, me()), payer=self.alice))
        cases = {
            "known address, another name": ("Ann Other", "alice@example.org"),
            "known address and name, with a place already": ("Alice Arden", "alice@example.org"),
            "a guardian's address with the child's name": ("Kit Gray", "gus@example.org"),
        }
        for case, (name, email) in cases.items():
            with self.subTest(case):
                self.assert_same(self.whole_way(name, email), unknown)

    def test_pages_and_work_are_the_same_for_known_and_unknown_addresses_of_a_friend(self) -> None:
        def friends(name: str, email: str) -> Watched:
            first, _, last = name.partition(" ")
            others = self.friend(first_name=first, last_name=last, email=email)
            return self.watched(name, email, "Pat Payer", "pat@example.org", **others)

        friends("Ann Other", "warm@example.org")
        unknown = friends("Ann Other", "unknown@example.org")
        place(cart((self.class_offer, me()), payer=self.alice))
        for name, email in (("Ann Other", "alice@example.org"), ("Alice Arden", "alice@example.org")):
            with self.subTest(f"{name} {email}"):
                self.assert_same(friends(name, email), unknown)

    def assert_same(self, known: Watched, unknown: Watched) -> None:
        self.assertEqual(known[0], unknown[0])
        self.assertEqual(known[1:], unknown[1:], "as many queries and hashes")


class MyClassesTest(RegistrationPagesTestCase):
    def test_guardian_sees_classes_of_their_children_and_others_do_not(self) -> None:
        place(cart((self.class_offer, of(self.kit)), payer=self.gus), Order.Due.DOOR)
        self.log_in(self.gus)
        self.assertContains(self.client.get(reverse("my_classes")), "Pay at the door")
        self.log_in(self.sam)
        self.assertNotContains(self.client.get(reverse("my_classes")), self.class_offer.subject.title)

    def test_order_entered_at_the_desk_is_linked_once_the_address_is_confirmed(self) -> None:
        order = register_at_desk(self.ada, self.class_offer, self.student)
        self.log_in(self.alice)
        self.assertNotContains(self.client.get(reverse("my_classes")), f"Order {order.number}")
        self.alice.email_confirmed_at = timezone.now()
        self.alice.save()
        self.assertContains(self.client.get(reverse("my_classes")), f"Order {order.number}")

    @tag("rows")
    def test_my_classes_runs_the_same_queries_for_thirty_classes(self) -> None:
        self.log_in(self.alice)

        def rows(count: int) -> None:
            for _ in range(count):
                Registration.objects.update(state="canceled", ended_at="2026-01-01T00:00Z")
                pay(place(cart((self.class_offer, me()), payer=self.alice)))

        self.assertSameQueries(reverse("my_classes"), rows)

    def test_guardian_subscribes_to_the_calendar_of_a_child_and_renewing_ends_the_old_link(self) -> None:
        pay(place(cart((self.class_offer, of(self.kit)), payer=self.gus)))
        self.log_in(self.gus)
        renew = reverse("renew_student_calendar", args=[self.kit.pk])
        self.client.post(renew)
        page = self.client.get(reverse("my_classes")).content.decode()
        (before,) = re.findall(r'value="http://testserver(.+?)"', page)
        feed = Client().get(before)
        self.assertEqual(feed.content.count(b"BEGIN:VEVENT"), self.class_offer.meetings.count())
        self.client.post(renew)
        self.assertEqual(Client().get(before).status_code, 404)

    def test_calendar_leaves_out_unpaid_holds(self) -> None:
        place(cart((self.class_offer, me()), payer=self.alice))
        self.assertNotIn(b"VEVENT", calendar_feeds.student_calendar(self.alice.student))

    @tag("rows")
    def test_class_list_runs_the_same_queries_with_many_registrations(self) -> None:
        def rows(count: int) -> None:
            for _ in range(count):
                number = User.objects.count()
                factories.create_class_offer(self.session, factories.create_subject(version="B"), class_day=4)
                place(cart((self.class_offer, me()), name=f"P{number}", email=f"p{number}@example.org"))

        self.assertSameQueries(reverse("classoffer_list"), rows)
