"""The pages and the mail of the waitlist."""

from datetime import time

from django.test import tag
from django.urls import reverse

from billing.domain.orders import cart as carts
from history.models import Entry
from mailroom.models import Message
from outbox.testing import run_all
from registrations.domain import spot_offers
from registrations.domain.line_details import ME, Attendee
from registrations.domain.waitlist import entries
from registrations.domain.waitlist.entries import Contact, WaitlistRequest
from registrations.errors import RegistrationRefused
from registrations.models import Registration, WaitlistEntry
from tests import factories
from tests.registrations.purchases import cart, me, pay, place
from tests.registrations.waitlist import WaitlistTestCase, person

State = WaitlistEntry.State


@tag("once")
class DeskWaitlistTest(WaitlistTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.order = self.full()
        self.ann, self.ben = self.wait(person("Ann")), self.wait(person("Ben"))

    def test_moving_an_entry_forward_changes_the_order_and_records_the_reason(self) -> None:
        entries.move_entry(self.ben, 1, why="She helps at the bar", by=self.ada)
        self.free(self.order)
        self.assertEqual((self.now(self.ann), self.now(self.ben)), (State.WAITING, State.OFFERED))
        self.assertEqual(Entry.objects.get(action="registrations.waitlist_entry_moved").reason, "She helps at the bar")

    def test_spot_can_be_offered_by_hand_only_when_one_is_available(self) -> None:
        with self.assertRaisesMessage(RegistrationRefused, "the class is full"):
            entries.offer_spot_by_hand(self.ben, why="A promise", by=self.ada)
        self.limit(3)
        entries.offer_spot_by_hand(self.ben, why="A promise", by=self.ada)
        self.assertEqual(self.now(self.ben), State.OFFERED)

    def test_desk_sees_the_waitlist_and_its_log(self) -> None:
        self.free(self.order)
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_waitlist", args=[self.class_offer.pk]))
        self.assertContains(page, "Ann was offered a spot.")
        self.assertContains(page, "Ben was skipped: the class is full.")

    def test_all_waitlists_are_listed_on_one_page(self) -> None:
        self.log_in(self.ada)
        page = self.client.get(reverse("desk_waitlists"))
        self.assertContains(page, reverse("desk_waitlist", args=[self.class_offer.pk]))
        self.free(self.order)
        page = self.client.get(reverse("desk_waitlists"))
        self.assertContains(page, "1 spot</span>")

    def test_class_with_an_empty_waitlist_is_not_listed(self) -> None:
        for entry in (self.ann, self.ben):
            entries.leave_waitlist(entry)
        self.log_in(self.ada)
        self.assertContains(self.client.get(reverse("desk_waitlists")), "All waitlists are empty")

    def test_removing_an_entry_requires_a_reason(self) -> None:
        self.log_in(self.ada)
        self.client.post(reverse("desk_remove_waitlist_entry", args=[self.ann.pk]), {"why": ""})
        self.assertEqual(self.now(self.ann), State.WAITING)

    def test_waitlist_runs_the_same_queries_with_many_entries(self) -> None:
        self.log_in(self.ada)
        url = reverse("desk_waitlist", args=[self.class_offer.pk])
        self.assertSameQueries(
            url,
            lambda count: [self.wait(person(f"More{count}of{number}")) for number in range(count)],
        )

    def test_list_of_waitlists_runs_the_same_queries_with_many_classes(self) -> None:
        self.log_in(self.ada)
        self.assertSameQueries(reverse("desk_waitlists"), self.more_lists)

    def more_lists(self, count: int) -> None:
        for number in range(count):
            class_offer = factories.create_class_offer(
                self.session, self.class_offer.subject, start_time=time(8, number), capacity=1
            )
            entries.join_waitlist(class_offer, [person(f"Lou{count}")], Contact("Lou", "lou@example.org"))


@tag("once")
class WaitlistPagesTest(WaitlistTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.order = self.full()
        self.url = reverse("join_waitlist", args=[self.class_offer.pk])
        self.form = {"first_name": "Zoe", "last_name": "Zed", "email": "zoe@example.org"}

    def test_stranger_joins_and_gets_a_confirmation_mail(self) -> None:
        answer = self.client.post(self.url, self.form, follow=True)
        self.assertContains(answer, "We’ve emailed the details to zoe@example.org")
        run_all()
        message = Message.objects.get(template="registrations.waitlist_joined")
        self.assertEqual(message.to, "zoe@example.org")

    def test_partner_must_be_another_person(self) -> None:
        answer = self.client.post(self.url, self.form | {"partner_first_name": "zoe", "partner_last_name": "Zed"})
        self.assertContains(answer, "That’s the same person.")
        self.assertFalse(WaitlistEntry.objects.exists())

    def test_registered_student_is_told_so_instead_of_joining_the_waitlist(self) -> None:
        self.limit(2)
        pay(place(cart((self.class_offer, me()), payer=self.alice)))
        self.log_in(self.alice)
        answer = self.client.post(self.url, {"who": "me"}, follow=True)
        self.assertContains(answer, "Alice Arden already has a spot in this class.")
        self.assertFalse(WaitlistEntry.objects.exists())

    def test_leaving_by_an_old_link_says_that_the_spot_was_already_claimed(self) -> None:
        ann = self.wait(person("Ann"))
        self.free(self.order)
        pay(self.take(ann))
        answer = self.client.post(
            reverse("leave_waitlist_entry", args=[entries.entry_url(ann).split("/")[2]]), follow=True
        )
        self.assertContains(answer, "You’ve already claimed this spot.")
        self.assertNotContains(answer, "no longer on the waitlist")

    def test_joining_twice_gives_a_stranger_the_same_answer(self) -> None:
        first = self.client.post(self.url, self.form)
        again = self.client.post(self.url, self.form)
        self.assertEqual((first.status_code, first["Location"]), (again.status_code, again["Location"]))
        self.assertEqual(WaitlistEntry.objects.count(), 1)

    def test_form_keeps_its_input_when_it_is_refused(self) -> None:
        answer = self.client.post(self.url, self.form | {"email": "no address", "partner_last_name": "Lost"})
        self.assertContains(answer, "Zoe")
        self.assertContains(answer, "Please enter your partner’s first name")
        self.assertFalse(WaitlistEntry.objects.exists())

    def test_member_sees_their_position_in_my_classes(self) -> None:
        self.wait(person("Ann"))
        self.log_in(self.alice)
        answer = self.client.post(self.url, {"who": "me"}, follow=True)
        self.assertContains(answer, "Waitlisted (2nd)")
        self.assertContains(self.client.get(reverse("my_classes")), "Waitlisted (2nd)")

    def test_member_claims_an_offer_and_pays_for_the_spot(self) -> None:
        self.log_in(self.alice)
        self.client.post(self.url, {"who": "me"})
        self.free(self.order)
        entry = WaitlistEntry.objects.get()
        page = self.client.get(entries.entry_url(entry))
        self.assertContains(page, "Claim your spot")
        answer = self.client.post(reverse("accept_spot", args=[entries.entry_url(entry).split("/")[2]]))
        self.assertRedirects(answer, reverse("checkout"), fetch_redirect_response=False)
        bought = pay(place(carts.find_cart_of_account(self.alice)))
        self.assertEqual(Registration.objects.get(line__order=bought).student, self.alice.student)

    def test_offer_to_one_account_cannot_be_claimed_by_another(self) -> None:
        self.wait(WaitlistRequest(Attendee(ME)), account=self.alice)
        self.free(self.order)
        token = entries.entry_url(WaitlistEntry.objects.get()).split("/")[2]
        self.log_in(self.gus)
        answer = self.client.post(reverse("accept_spot", args=[token]))
        self.assertIn("next=", answer["Location"])
        self.assertIsNone(carts.find_cart_of_account(self.gus))

    def test_invalid_link_is_not_found(self) -> None:
        self.assertEqual(self.client.get("/waiting/nonsense/").status_code, 404)

    def test_old_link_says_that_the_spot_went_to_the_next_person(self) -> None:
        ann = self.wait(person("Ann"))
        self.free(self.order)
        self.run_late(ann)
        spot_offers.offer_free_spots_everywhere()
        self.assertContains(self.client.get(entries.entry_url(ann)), "The spot went to the next person.")

    def test_joining_the_waitlist_of_a_class_with_room_gets_an_offer_at_once(self) -> None:
        self.limit(9)
        self.assertContains(self.client.get(self.url, follow=True), "you can register right away")
        answer = self.client.post(self.url, self.form, follow=True)
        self.assertEqual(WaitlistEntry.objects.get().state, State.OFFERED)
        self.assertContains(answer, "We’ve emailed")


@tag("once")
class WaitlistMailTest(WaitlistTestCase):
    def test_offer_is_mailed_once(self) -> None:
        order = self.full()
        ann = self.wait(person("Ann"))
        self.free(order)
        run_all()
        run_all()
        offered = Message.objects.get(template="registrations.spot_offered")
        self.assertEqual((offered.to, offered.data), ("ann@example.org", {"entry_id": ann.pk}))
