"""A visitor without a login who pays at the door has a held spot until they click the link we email them."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

from django.db import connection
from django.test import Client, TransactionTestCase, override_settings, tag
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import transitions
from billing.models import Order
from classwork.models import ClassOffer, Meeting
from registrations.domain import capacity
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.racing import run_at_once, without_locks
from tests.registrations.registration_pages import order_form, submit
from tests.users.mail_links import last_mail, mails_to, masked

State = Registration.State
LINK = re.compile(r"https?://testserver(/order/\d+/confirm/\?key=[^\s)>\]]+)")


def register(browser: Client, class_offer: ClassOffer, *friends: str, me: bool = True) -> Any:
    data: dict[str, Any] = {"classes": [class_offer.pk], "who": ["me"] if me else [], "others": len(friends)}
    for number, name in enumerate(friends):
        data |= {f"other-{number}-first_name": name, f"other-{number}-last_name": "", f"other-{number}-email": ""}
    return browser.post(reverse("register"), data)


def check_out(browser: Client, email: str, method: str = "door", name: str = "Pat Payer") -> Any:
    return submit(browser, reverse("checkout"), order_form(browser, name, email, method))


def order_at_the_door(class_offer: ClassOffer, email: str, name: str = "Pat Payer") -> Any:
    """Order with a new browser and return the response to the last step."""
    browser = Client()
    register(browser, class_offer)
    return check_out(browser, email, name=name)


def confirm_path(email: str) -> str:
    return LINK.findall(last_mail(email).body)[0]


def without_names(page: Any, email: str, name: str) -> bytes:
    """Return the page without names, order numbers and times."""
    text = masked(page).replace(email.encode(), b"ADDRESS").replace(name.encode(), b"NAME")
    text = text.replace(b"Not %s?" % name.split(maxsplit=1)[0].encode(), b"Not NAME?")
    text = re.sub(rb"key=[^\"&]+", b"key", text)
    text = re.sub(rb"/cart/remove/\d+/|/cancel/\d+/|\d?\d:\d\d", b"", text)
    return re.sub(rb"(Order |/order/)\d+\b", rb"\1NUMBER", text)


class DoorOrderTest(SchoolTestCase):
    def registration(self) -> Registration:
        return Registration.objects.latest("pk")

    def deadline(self) -> datetime:
        deadline = self.registration().held_until
        self.assertIsNotNone(deadline)
        return deadline  # type: ignore[return-value]

    def starts_in(self, **delta: float) -> datetime:
        """Let the next meeting of the class start after this much time."""
        starts = timezone.now() + timedelta(**delta)
        first = self.class_offer.meetings.first()
        Meeting.objects.filter(pk=first.pk).update(starts_at=starts, ends_at=starts + timedelta(hours=1))
        return starts

    def test_spot_is_held_for_24_hours_by_default(self) -> None:
        before = timezone.now()
        answer = order_at_the_door(self.class_offer, "pat@example.org")
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(self.registration().state, State.HELD)
        day = timedelta(hours=24)
        self.assertTrue(before + day <= self.deadline() <= timezone.now() + day)

    @override_settings(DOOR_CONFIRM_HOURS=3)
    def test_school_sets_the_hours_a_spot_is_held(self) -> None:
        before = timezone.now()
        order_at_the_door(self.class_offer, "pat@example.org")
        hours = timedelta(hours=3)
        self.assertTrue(before + hours <= self.deadline() <= timezone.now() + hours)

    def test_hold_ends_when_a_class_in_two_hours_starts(self) -> None:
        starts = self.starts_in(hours=2)
        order_at_the_door(self.class_offer, "pat@example.org")
        self.assertEqual(self.deadline(), starts)

    def test_hold_for_a_class_that_has_begun_ends_at_its_next_meeting(self) -> None:
        self.starts_in(hours=-2)
        following = timezone.now() + timedelta(hours=5)
        later = self.class_offer.meetings.all()[1]
        Meeting.objects.filter(pk=later.pk).update(starts_at=following, ends_at=following + timedelta(hours=1))
        order_at_the_door(self.class_offer, "pat@example.org")
        self.assertEqual(self.deadline(), following)

    def test_spot_is_released_at_the_deadline_to_the_second(self) -> None:
        ClassOffer.objects.filter(pk=self.class_offer.pk).update(capacity=1)
        order_at_the_door(self.class_offer, "pat@example.org")
        ends = self.deadline()
        class_offer = ClassOffer.objects.for_lists().get(pk=self.class_offer.pk)
        self.assertEqual(capacity.availability_of(class_offer, ends - timedelta(seconds=1)).available_spots, 0)
        self.assertEqual(capacity.availability_of(class_offer, ends).available_spots, 1)
        self.assertTrue(Order.objects.get().has_expired(ends))
        self.assertEqual(transitions.expire_overdue_holds(ends), 1)
        self.assertEqual((Order.objects.get().state, self.registration().state), (Order.State.EXPIRED, State.EXPIRED))

    def test_page_and_mail_show_the_deadline_of_the_link(self) -> None:
        page = Client().get(order_at_the_door(self.class_offer, "pat@example.org").url)
        self.assertContains(page, "We’ve emailed you a link. Click it by")
        self.assertNotContains(page, "Your spots are reserved")
        (message,) = mails_to("pat@example.org")
        self.assertIn("Confirm your spot", message.subject)
        self.assertIn("to keep it", message.body)
        self.assertEqual(len(LINK.findall(message.body)), 1)

    def test_opening_the_link_changes_nothing_and_its_button_confirms_the_spot(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        path, stranger = confirm_path("pat@example.org"), Client()
        page = stranger.get(path)
        self.assertContains(page, "Keep my spot")
        self.assertEqual(self.registration().state, State.HELD)
        answer = stranger.post(path)
        self.assertContains(stranger.get(answer.url), "Your spots are reserved", count=1)
        self.assertEqual((self.registration().state, self.registration().held_until), (State.CONFIRMED, None))
        self.assertEqual(transitions.expire_overdue_holds(timezone.now() + timedelta(days=30)), 0)
        self.assertEqual(self.registration().state, State.CONFIRMED)

    def test_confirming_twice_changes_nothing_and_sends_no_mail(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        path = confirm_path("pat@example.org")
        self.client.post(path)
        mails = len(mails_to("pat@example.org"))
        again = self.client.post(path)
        self.assertEqual(again.status_code, 302)
        self.assertEqual(self.registration().state, State.CONFIRMED)
        self.assertEqual(len(mails_to("pat@example.org")), mails)
        self.assertEqual(self.client.get(path).status_code, 302)

    def test_expired_link_explains_itself_and_confirms_nothing(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        path = confirm_path("pat@example.org")
        past = timezone.now() - timedelta(seconds=1)
        Order.objects.update(held_until=past)
        page = self.client.get(path)
        self.assertContains(page, "This link has expired", status_code=200)
        self.assertNotContains(page, "Keep my spot")
        self.assertContains(self.client.post(path), "This link has expired", status_code=409)
        transitions.expire_overdue_holds()
        self.assertContains(self.client.get(path), "This link has expired")
        self.assertEqual(self.registration().state, State.EXPIRED)

    def test_key_of_the_order_page_does_not_confirm_the_spot(self) -> None:
        answer = order_at_the_door(self.class_offer, "pat@example.org")
        key = answer.url.partition("key=")[2]
        order = Order.objects.get()
        for bad in (key, "", "x" * 40):
            path = f"/order/{order.pk}/confirm/?key={bad}"
            self.assertEqual((self.client.get(path).status_code, self.client.post(path).status_code), (404, 404))
        self.assertEqual(self.registration().state, State.HELD)

    def test_twelve_orders_for_one_email_address_hold_four_spots(self) -> None:
        for email, name in (("alice@example.org", "Alice Arden"), ("victim@example.org", "Vic Tim")):
            with self.subTest(email):
                answers = [order_at_the_door(self.class_offer, email, name) for _ in range(12)]
                self.assertEqual([answer.status_code for answer in answers], [302] * 4 + [200] * 8)
                self.assertContains(answers[-1], "pay online")
                held = Registration.objects.filter(line__order__payer_email=email)
                self.assertEqual([each.state for each in held], [State.HELD] * 4)
                self.assertEqual(len([one for one in mails_to(email) if "Confirm your spot" in one.subject]), 4)
        self.assertFalse(Registration.objects.filter(state=State.CONFIRMED).exists())

    @override_settings(DOOR_OPEN_SPOTS=2)
    def test_limit_counts_spots_instead_of_orders_and_ignores_upper_case_in_addresses(self) -> None:
        browser = Client()
        register(browser, self.class_offer, "Kim", "Lou")
        self.assertEqual(check_out(browser, "pat@example.org").status_code, 200)
        self.assertEqual(order_at_the_door(self.class_offer, "pat@example.org").status_code, 302)
        self.assertEqual(order_at_the_door(self.class_offer, "PAT@Example.org", "Kim P").status_code, 302)
        self.assertEqual(order_at_the_door(self.class_offer, "pat@example.org", "Lou P").status_code, 200)

    @override_settings(DOOR_OPEN_SPOTS=1)
    def test_confirmed_and_expired_orders_do_not_count_toward_the_limit(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        self.assertEqual(order_at_the_door(self.class_offer, "pat@example.org", "Kim P").status_code, 200)
        self.client.post(confirm_path("pat@example.org"))
        self.assertEqual(order_at_the_door(self.class_offer, "pat@example.org", "Kim P").status_code, 302)
        Order.objects.filter(held_until__isnull=False).update(held_until=timezone.now())
        self.assertEqual(order_at_the_door(self.class_offer, "pat@example.org", "Lou P").status_code, 302)

    @override_settings(DOOR_OPEN_SPOTS=1)
    def test_order_refused_at_the_door_can_be_paid_online(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        browser = Client()
        register(browser, self.class_offer)
        self.assertEqual(check_out(browser, "pat@example.org", name="Kim P").status_code, 200)
        answer = check_out(browser, "pat@example.org", method="practice", name="Kim P")
        self.assertIn("/payment/done/", answer.url)

    @override_settings(DOOR_OPEN_SPOTS=1)
    def test_online_order_cannot_switch_to_the_door_beyond_the_limit(self) -> None:
        order_at_the_door(self.class_offer, "pat@example.org")
        browser = Client()
        register(browser, self.class_offer)
        check_out(browser, "pat@example.org", method="practice-declined", name="Kim P")
        order = Order.objects.latest("pk")
        page = browser.post(order.door_address, follow=True)
        self.assertContains(page, "pay online")
        order.refresh_from_db()
        self.assertEqual(order.due_kind, Order.Due.NOW)

    def test_online_order_switched_to_the_door_waits_for_confirmation(self) -> None:
        browser = Client()
        register(browser, self.class_offer)
        check_out(browser, "pat@example.org", method="practice-declined")
        browser.post(Order.objects.get().door_address)
        self.assertEqual(self.registration().state, State.HELD)
        self.assertGreater(self.deadline(), timezone.now() + timedelta(hours=23))
        self.client.post(confirm_path("pat@example.org"))
        self.assertEqual(self.registration().state, State.CONFIRMED)

    def test_logged_in_guardian_of_six_children_is_not_limited(self) -> None:
        children = [self.kit, *(factories.create_child(self.gus, f"Child {number}", "Gray") for number in range(5))]
        self.log_in(self.gus)
        who = [f"student-{child.pk}" for child in children]
        self.client.post(reverse("register"), {"classes": [self.class_offer.pk], "who": who, "others": 0})
        answer = check_out(self.client, self.gus.email, name="Gus Gray")
        self.assertEqual(answer.status_code, 302)
        self.assertEqual(set(Registration.objects.values_list("state", flat=True)), {State.CONFIRMED})
        self.assertEqual(Registration.objects.count(), 6)

    def test_online_payment_confirms_the_spot_without_the_link(self) -> None:
        browser = Client()
        register(browser, self.class_offer)
        check_out(browser, "pat@example.org")
        order, path = Order.objects.get(), confirm_path("pat@example.org")
        browser.post(order.pay_address, {"method": "practice"})
        self.assertEqual(self.registration().state, State.CONFIRMED)
        self.assertEqual(self.client.get(path).status_code, 302)

    def test_pages_and_work_are_the_same_for_known_and_unknown_addresses(self) -> None:
        self.until_refused("warm@example.org", "Ann Other")
        unknown = self.until_refused("unknown@example.org", "Ann Other")
        for email, name in (("alice@example.org", "Ann Other"), ("gus@example.org", "Gus Gray")):
            with self.subTest(email):
                known = self.until_refused(email, name)
                self.assertEqual(known[0], unknown[0])
                self.assertEqual(known[1], unknown[1], "as many queries")

    def until_refused(self, email: str, name: str) -> tuple[list[bytes], list[int]]:
        """Place five orders at the door, the last beyond the limit, and return the pages and the numbers of queries."""
        pages, queries = [], []
        for _ in range(5):
            browser = Client()
            register(browser, self.class_offer)
            with CaptureQueriesContext(connection) as captured:
                answer = check_out(browser, email, name=name)
            queries.append(len(captured))
            shown = browser.get(answer.url) if answer.status_code == 302 else answer
            pages.append(without_names(shown, email, name))
        return pages, queries


class ResendLinkTest(SchoolTestCase):
    """A visitor who missed the mail can request the link again on the page of the order."""

    BUTTON = re.compile(r'action="(/order/\d+/link/[^"]*)"')

    def setUp(self) -> None:
        self.browser = Client()

    def place_order_and_find_button(self, email: str = "pat@example.org", name: str = "Pat Payer") -> str:
        """Place an order and return the address of the button on its page."""
        register(self.browser, self.class_offer)
        page = self.browser.get(check_out(self.browser, email, name=name).url).content.decode()
        self.assertIn("Send the link again", page)
        return unescape(self.BUTTON.findall(page)[0])

    def links_to(self, email: str) -> list[str]:
        return [link for message in mails_to(email) for link in LINK.findall(message.body)]

    def test_resent_link_confirms_the_spot(self) -> None:
        path = self.place_order_and_find_button()
        page = self.browser.post(path, follow=True)
        self.assertContains(page, "If this order still needs to be confirmed, we’ve emailed the link again.")
        self.assertEqual(len(self.links_to("pat@example.org")), 2)
        self.client.post(self.links_to("pat@example.org")[1])
        self.assertEqual(Registration.objects.get().state, State.CONFIRMED)

    def test_answer_is_the_same_when_no_link_is_sent(self) -> None:
        path = self.place_order_and_find_button()
        self.client.post(self.links_to("pat@example.org")[0])
        mails = len(mails_to("pat@example.org"))
        page = self.browser.post(path, follow=True)
        self.assertContains(page, "If this order still needs to be confirmed, we’ve emailed the link again.")
        self.assertNotContains(page, "Send the link again")
        Order.objects.update(held_until=timezone.now())
        page = self.browser.post(path, follow=True)
        self.assertContains(page, "If this order still needs to be confirmed, we’ve emailed the link again.")
        self.assertEqual(len(mails_to("pat@example.org")), mails)

    def test_one_order_sends_at_most_four_links(self) -> None:
        path = self.place_order_and_find_button()
        pages = [self.browser.post(path, follow=True) for _ in range(6)]
        self.assertEqual(len({without_names(page, "pat@example.org", "Pat") for page in pages}), 1)
        self.assertEqual(len(self.links_to("pat@example.org")), 4)

    def test_requests_are_limited_by_network_address(self) -> None:
        path = self.place_order_and_find_button()
        answers = [self.browser.post(path).status_code for _ in range(21)]
        self.assertEqual(answers, [302] * 20 + [429])
        elsewhere = self.browser.post(path, REMOTE_ADDR="198.51.100.7")
        self.assertEqual(elsewhere.status_code, 302)

    def test_request_without_the_key_or_with_get_sends_nothing(self) -> None:
        path = self.place_order_and_find_button()
        self.assertEqual(self.browser.get(path).status_code, 405)
        bare = path.partition("?")[0]
        self.assertEqual(Client().post(bare).status_code, 404)
        self.assertEqual(len(self.links_to("pat@example.org")), 1)

    def test_pages_and_work_are_the_same_for_known_and_unknown_addresses(self) -> None:
        self.request_link("warm@example.org")
        unknown = self.request_link("unknown@example.org")
        self.assertEqual(self.request_link("alice@example.org"), unknown)
        self.assertEqual(self.request_link("gus@example.org"), unknown)

    def request_link(self, email: str) -> tuple[bytes, int]:
        self.browser = Client()
        path = self.place_order_and_find_button(email, "Ann Other")
        with CaptureQueriesContext(connection) as captured:
            answer = self.browser.post(path)
        return without_names(self.browser.get(answer.url), email, "Ann Other"), len(captured)


@tag("postgres")
class DoorOrderRaceTest(TransactionTestCase):
    """Eight orders for one email address are placed at the same moment, each on its own database connection."""

    def setUp(self) -> None:
        self.class_offer = factories.create_class_offer(
            factories.create_session("Race"), factories.create_subject(), capacity=30
        )

    def place_eight_orders(self) -> list[bool]:
        """Whether each of them was refused, which leads back to the checkout."""

        def buyer(number: int) -> Any:
            browser = Client()
            register(browser, self.class_offer)
            form = order_form(browser, f"Pat {number}", "pat@example.org", "door")
            return lambda: browser.post(reverse("checkout"), form).url == reverse("checkout")

        return run_at_once(*[buyer(number) for number in range(8)])

    def test_eight_simultaneous_orders_hold_four_spots(self) -> None:
        self.assertEqual(sorted(self.place_eight_orders()), [False] * 4 + [True] * 4)
        self.assertEqual(Registration.objects.filter(state=State.HELD).count(), 4)

    def test_control_without_locks_more_than_four_spots_are_held(self) -> None:
        with without_locks():
            self.place_eight_orders()
        self.assertGreater(Registration.objects.filter(state=State.HELD).count(), 4)
