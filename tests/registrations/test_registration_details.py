"""Details of the registration mail, the level question, calendar links, minimum enrollment and the cart."""

from datetime import timedelta
from typing import Any

from django.test import tag
from django.urls import reverse

from billing.domain.orders import cart as carts
from classwork.models import ClassOffer
from common import dates
from common.links import new_nonce
from mailroom import registry
from mailroom.domain import rendered_mail
from mailroom.models import Message
from outbox.testing import run_all
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, other, pay, place
from tests.registrations.registration_pages import submit


class RegisteredMailTest(SchoolTestCase):
    def mail(self, to: str, *choices: Any) -> tuple[str, str]:
        pay(place(cart(*choices, name="Sam Stranger", email="sam@example.org")))
        run_all()
        mail, message = (
            registry.declared_mails()["registrations.registered"],
            Message.objects.get(template="registrations.registered", to=to),
        )
        letter = rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.context(message))
        return letter.subject, letter.text

    def test_mail_about_ones_own_registration_says_you(self) -> None:
        subject, body = self.mail("sam@example.org", (self.class_offer, me()))
        self.assertEqual(subject, "You’re registered for Beginning A")
        self.assertIn("Hi Sam,\n\nYou’re registered:", body)
        self.assertIn("We look forward to seeing you.", body)
        self.assertNotIn("Sam Stranger", body)

    def test_mail_about_two_classes_has_their_number_in_the_subject(self) -> None:
        second = factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=2)
        subject, _ = self.mail("sam@example.org", (self.class_offer, me()), (second, me()))
        self.assertEqual(subject, "You’re registered for 2 classes")

    def test_mail_about_a_friend_names_who_registered_them(self) -> None:
        subject, body = self.mail("lee@example.org", (self.class_offer, other("Lee", "lee@example.org")))
        self.assertEqual(subject, "Sam Stranger registered you for Beginning A")
        self.assertIn("Hi Lee,\n\nSam Stranger registered you for:", body)

    def test_confirmation_links_the_calendar_of_each_class(self) -> None:
        _, body = self.mail("sam@example.org", (self.class_offer, me()))
        self.assertIn(reverse("classoffer_calendar", args=[self.class_offer.pk]), body)
        self.assertIn("Add to calendar", body)


@tag("once")
class LevelQuestionTest(SchoolTestCase):
    def ask(self, *who: str, **more: str) -> str:
        class_offer = factories.create_class_offer(self.session, factories.create_subject("L2"), class_day=2)
        form = {"classes": [class_offer.pk], "who": who, "others": "0"} | more
        return submit(self.client, reverse("register"), form).content.decode()

    def test_one_person_is_asked_in_the_singular(self) -> None:
        page = self.ask("me")
        self.assertIn("Have you taken it, here or elsewhere?", page)
        self.assertNotIn("all of them", page)

    def test_one_other_person_is_asked_about_by_name(self) -> None:
        page = self.ask(**{"others": "1", "other-0-first_name": "Lee"})
        self.assertIn("Has Lee taken it, here or elsewhere?", page)

    def test_several_people_are_asked_about_together(self) -> None:
        page = self.ask("me", **{"others": "1", "other-0-first_name": "Lee"})
        self.assertIn("Has everyone taken it, here or elsewhere?", page)


@tag("once")
class CalendarLinksTest(SchoolTestCase):
    def check_buttons(self, page: str, path: str) -> None:
        self.assertIn(f'href="webcal://testserver{path}', page)
        self.assertIn("https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2Ftestserver", page)
        self.assertIn("https://outlook.live.com/calendar/0/addfromweb?url=", page)
        for name in ("Apple Calendar", "Google Calendar", "Outlook"):
            self.assertIn(name, page)

    def test_class_page_has_a_button_for_each_calendar(self) -> None:
        page = self.client.get(self.class_offer.get_absolute_url()).content.decode()
        self.check_buttons(page, reverse("classoffer_calendar", args=[self.class_offer.pk]))

    def test_my_classes_shows_the_personal_calendar_with_buttons_and_a_copy_button(self) -> None:
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.log_in(self.alice)
        self.client.post(reverse("renew_student_calendar", args=[self.student.pk]))
        page = self.client.get(reverse("my_classes")).content.decode()
        self.check_buttons(page, "/calendar/student/")
        self.assertIn('value="http://testserver/calendar/student/', page)
        self.assertIn("data-copies", page)

    def test_my_classes_offers_to_create_the_calendar_link(self) -> None:
        self.log_in(self.alice)
        self.assertContains(self.client.get(reverse("my_classes")), "Get calendar link")


@tag("once")
class MinimumTest(SchoolTestCase):
    def setUp(self) -> None:
        decide = dates.local_today() + timedelta(2)
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(minimum_enrollment=9, decision_date=decide)
        pay(place(cart((self.class_offer, me()))))

    def test_class_card_shows_how_many_of_the_minimum_are_registered(self) -> None:
        page = self.client.get(reverse("classoffer_list"))
        self.assertContains(page, "Needs 9 sign-ups by")
        self.assertContains(page, "or you get a full refund.")
        self.assertContains(page, "1 of 9 registered")

    def test_class_page_shows_how_many_of_the_minimum_are_registered(self) -> None:
        self.assertContains(self.client.get(self.class_offer.get_absolute_url()), "1 of 9 registered")

    def test_class_list_counts_registrations_with_one_query(self) -> None:
        subject, decide = factories.create_subject("L2"), dates.local_today() + timedelta(2)

        def add(count: int) -> None:
            for number in range(count):
                factories.create_class_offer(
                    self.session, subject, class_day=number % 7, minimum_enrollment=2, decision_date=decide
                )

        self.assertSameQueries(reverse("classoffer_list"), add, exactly=7)


@tag("once")
class CartTest(SchoolTestCase):
    def test_cart_with_only_a_voucher_does_not_mention_spots(self) -> None:
        self.log_in(self.alice)
        own_cart = carts.create_cart(self.alice)
        carts.add_line(own_cart, "voucher", 0, {"amount": "50", "code": new_nonce()})
        page = self.client.get(reverse("cart"))
        self.assertNotContains(page, "reserved until you check out")
        self.assertNotContains(page, "places are kept")

    def test_cart_with_a_class_says_when_spots_are_reserved(self) -> None:
        self.log_in(self.alice)
        cart((self.class_offer, me()), payer=self.alice)
        self.assertContains(self.client.get(reverse("cart")), "Spots aren’t reserved until you check out.")
