from datetime import datetime

from django.contrib.auth.models import Permission
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from history.models import Entry
from mailroom.domain import bounces
from mailroom.models import Message, MessageState, Suppression, Template
from mailroom.testing import send_all
from tests.mailroom.base import ALICE, ChoirSchoolTestCase, again, stored, write


class DeskTest(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def page(self, name: str, *args: object, query: str = "") -> str:
        response = self.client.get(reverse(name, args=args) + query)
        self.assertEqual(response.status_code, 200)
        return str(response.content.decode())


class ListTest(DeskTest):
    def test_the_page_asks_as_often_for_thirty_mails_as_for_one(self) -> None:
        self.assertSameQueries(reverse("desk_mail"), lambda count: [stored() for _ in range(count)])

    def test_a_state_and_words_narrow_it(self) -> None:
        stored(MessageState.PARKED, "parked@example.org")
        stored(MessageState.SENT, "sent@example.org", about_id="1042")
        for query, there, gone in (
            ("?state=parked", "parked@", "sent@"),
            ("?q=sent@", "sent@", "parked@"),
            ("?q=1042", "sent@", "parked@"),
            ("?q=welcome+parked", "parked@", "sent@"),
            ("?state=nonsense", "parked@", "nothing"),
        ):
            with self.subTest(query):
                page = self.page("desk_mail", query=query)
                self.assertIn(there, page)
                self.assertNotIn(gone, page)

    def test_the_list_shows_and_finds_the_subject_that_was_sent(self) -> None:
        stored(subject="Receipt for order 39")
        for query in ("", "?q=order+39"):
            self.assertIn("Receipt for order 39</a>", self.page("desk_mail", query=query))
        self.assertContains(self.client.get(reverse("admin:mailroom_message_changelist")), "Receipt for order 39")

    def test_what_nobody_knows_is_said_at_the_top(self) -> None:
        stored(MessageState.PERHAPS)
        self.assertIn("1 email may not have gone out.", self.page("desk_mail"))

    def test_nothing_is_said_in_words(self) -> None:
        self.assertIn("No emails yet", self.page("desk_mail"))
        self.assertIn("No emails found", self.page("desk_mail", query="?q=x"))


class MessageTest(DeskTest):
    def test_both_parts_are_shown_without_keys_and_codes(self) -> None:
        message = write()
        page = self.page("desk_message", message.pk) + self.page("desk_message_html", message.pk)
        self.assertIn("Flow My Tears", page)
        for secret in ("WzEyLCJhYmMiXQ", "AB-12"):
            self.assertNotIn(secret, page)

    def test_the_page_says_when_it_was_sent_and_links_what_it_is_about(self) -> None:
        sent_at = datetime(2026, 11, 30, 9, 5, tzinfo=timezone.get_current_timezone())
        message = stored(about_type="order", about_id="39", changed_at=sent_at)
        page = self.page("desk_message", message.pk)
        self.assertInHTML("<div><dt>Sent</dt><dd>Mon, Nov 30, 2026, 9:05 AM</dd></div>", page)
        self.assertInHTML(f'<a href="{reverse("desk_order", args=[39])}">Order 39</a>', page)
        for name in ("enter_office", "view_message"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertInHTML("<div><dt>About</dt><dd>Order 39</dd></div>", self.page("desk_message", message.pk))

    def test_the_page_says_since_when_a_mail_waits(self) -> None:
        self.assertIn("<dt>Waiting since</dt>", self.page("desk_message", write().pk))
        self.assertIn(
            '<span class="badge bad">Failed</span>', self.page("desk_message", stored(MessageState.PARKED).pk)
        )
        self.assertIn("<dt>Not sent</dt>", self.page("desk_message", stored(MessageState.SUPPRESSED).pk))

    @override_settings(DEBUG=True)
    def test_a_developer_sees_and_follows_the_links(self) -> None:
        message = write()
        self.assertIn("WzEyLCJhYmMiXQ", self.page("desk_message_html", message.pk))

    def test_the_frame_can_do_nothing(self) -> None:
        response = self.client.get(reverse("desk_message_html", args=[write().pk]))
        policy = response.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "sandbox", "form-action 'none'", "frame-ancestors 'self'"):
            self.assertIn(rule, policy)
        self.assertNotIn("script-src", policy)
        self.assertEqual(response.headers["X-Frame-Options"], "SAMEORIGIN")

    def test_what_can_no_longer_be_made_says_so(self) -> None:
        gone = (write(data={"gone": True}), "The record it is about no longer exists.")
        undeclared = (stored(template="choir.gone"), "No app declares this email anymore.")
        for message, said in (gone, undeclared):
            self.assertIn(said, self.page("desk_message", message.pk))
            self.assertEqual(self.client.get(reverse("desk_message_html", args=[message.pk])).status_code, 404)

    def test_no_name_makes_a_page_do_something(self) -> None:
        message = write(data={"name": "<script>alert(1)</script>"})
        for name in ("desk_message", "desk_message_html"):
            self.assertNotIn("<script>alert", self.page(name, message.pk))


class DeedTest(DeskTest):
    def handle(self, message: Message, deed: str, why: str = "She asked for it.") -> str:
        url = reverse("desk_message_handle", args=[message.pk])
        return str(self.client.post(url, {"deed": deed, "why": why}, follow=True).content.decode())

    def test_what_was_perhaps_sent_is_sent_again_with_one_click_and_a_reason(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.assertIn("It will be sent in a moment.", self.handle(message, "again"))
        self.assertEqual(len(send_all()), 1)
        self.assertEqual((again(message).state, message.rounds), (MessageState.SENT, 1))
        entry = Entry.objects.get(action="mailroom.sent_again")
        self.assertEqual(
            (entry.actor_id, entry.why, entry.details["was"]), (self.ada.pk, "She asked for it.", "perhaps")
        )

    def test_a_click_twice_sends_once_more(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.handle(message, "again")
        self.handle(message, "again")
        self.assertEqual(len(send_all()), 1)

    def test_each_time_a_person_asks_it_goes_out_again(self) -> None:
        message = stored(MessageState.SENT)
        for count in (1, 2):
            self.handle(message, "again")
            self.assertEqual(len(send_all()), count)

    def test_what_is_set_aside_is_not_sent(self) -> None:
        message = write()
        self.assertIn("Dismissed.", self.handle(message, "aside"))
        self.assertEqual(send_all(), [])
        self.assertEqual(
            (again(message).state, message.reason),
            (MessageState.SUPPRESSED, "Dismissed at the desk: She asked for it."),
        )

    def test_without_a_reason_nothing_happens(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.assertIn("This field is required", self.handle(message, "again", " "))
        self.assertEqual(again(message).state, MessageState.PERHAPS)

    def test_what_has_moved_on_is_left_alone(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertIn("This has changed", self.handle(message, "again"))
        self.assertEqual(Entry.objects.filter(action__startswith="mailroom").count(), 0)

    def test_who_may_only_look_sees_no_buttons_and_is_refused(self) -> None:
        message = stored(MessageState.PERHAPS)
        for name in ("enter_office", "view_message"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertNotIn("<h2>Actions</h2>", self.page("desk_message", message.pk))
        url = reverse("desk_message_handle", args=[message.pk])
        self.assertEqual(self.client.post(url, {"deed": "again", "why": "x"}).status_code, 403)


class SuppressedTest(DeskTest):
    def test_the_page_asks_as_often_for_thirty_addresses_as_for_one(self) -> None:
        def suppress(count: int) -> None:
            for number in range(count):
                bounces.suppress_address(f"{count}-{number}@example.org", Suppression.Cause.BOUNCE)

        self.assertSameQueries(reverse("desk_suppressed"), suppress)

    def test_an_address_is_freed_with_a_reason_and_gets_mail_again(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.COMPLAINT)
        url = reverse("desk_suppressed_lift", args=[Suppression.objects.get().pk])
        self.assertContains(self.client.post(url, {"why": ""}), "This field is required")
        page = self.client.post(url, {"why": "A slip of the finger."}, follow=True)
        self.assertContains(page, f"{ALICE} receives email again.")
        self.assertEqual(Entry.objects.get(action="mailroom.suppression_lifted").why, "A slip of the finger.")
        self.assertContains(self.client.post(url, {"why": "Once more."}, follow=True), "already")
        write()
        self.assertEqual(len(send_all()), 1)

    def test_the_office_stops_mail_to_an_address(self) -> None:
        form = {"email": "Bob@Example.org", "detail": "He rang."}
        self.client.post(reverse("admin:mailroom_suppression_add"), form)
        self.assertEqual(Suppression.objects.get().email, "bob@example.org")
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.OFFICE)
        self.assertTrue(Entry.objects.filter(action="mailroom.suppression_added", actor_id=self.ada.pk).exists())
        again_page = self.client.post(reverse("admin:mailroom_suppression_add"), form)
        self.assertEqual((again_page.status_code, Suppression.objects.count()), (200, 1))


class TextTest(DeskTest):
    url = "/admin/mailroom/template/add/"

    def form(self, **changes: str) -> dict[str, str]:
        return {"name": "choir.welcome", "subject": "Ahoy {{ name }}", "body": "Come *now*, {{ name }}."} | changes

    def test_every_mail_is_listed_with_whose_text_it_has(self) -> None:
        Template.objects.create(name="choir.concert", subject="x", body="y")
        page = self.page("desk_mail_texts")
        self.assertIn("Custom text", page)
        self.assertIn("?name=choir.welcome", page)

    def test_a_new_text_begins_with_the_one_it_replaces(self) -> None:
        page = self.client.get(f"{self.url}?name=choir.welcome")
        self.assertContains(page, "{{ name }}, welcome to {{ BUSINESS_NAME }}")
        self.assertContains(page, "we sing **{{ song }}** next")

    def test_a_look_at_it_saves_nothing(self) -> None:
        page = self.client.post(self.url, self.form(_preview="1"))
        self.assertContains(page, "Come <em>now</em>, Alice.")
        self.assertIn("sandbox", page.headers["Content-Security-Policy"])
        self.assertEqual(Template.objects.count(), 0)

    def test_a_text_that_cannot_be_made_is_refused_beside_its_part(self) -> None:
        for changes, part in (
            ({"subject": "{{ nmae }}"}, "subject"),
            ({"body": "{% if %}"}, "body"),
            ({"body": "{{ nmae }}"}, "body"),
        ):
            for button in ("_preview", "_save"):
                page = self.client.post(self.url, self.form(**changes, **{button: "1"}))
                self.assertEqual(list(page.context["adminform"].form.errors), [part])
        self.assertContains(page, "which is not known here")
        self.assertEqual(Template.objects.count(), 0)

    def test_a_text_is_saved_sent_and_taken_back_with_a_record(self) -> None:
        self.client.post(self.url, self.form(_save="1"))
        template = Template.objects.get()
        write()
        self.assertEqual(send_all()[-1].subject, "Ahoy Alice")
        change = reverse("admin:mailroom_template_change", args=[template.pk])
        self.client.post(change, {"subject": "Hoy", "body": "Come.", "_save": "1"})
        self.assertEqual(Template.objects.get().subject, "Hoy")
        self.client.post(reverse("admin:mailroom_template_delete", args=[template.pk]), {"post": "yes"})
        write(key="2")
        self.assertIn("welcome to", send_all()[-1].subject)
        actions = list(
            Entry.objects.filter(action__startswith="mailroom").order_by("pk").values_list("action", flat=True)
        )
        self.assertEqual(actions, [f"mailroom.template_{done}" for done in ("added", "changed", "deleted")])

    def test_a_preview_asks_for_the_right_to_write(self) -> None:
        for name in ("enter_office", "view_template"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertEqual(self.client.post(self.url, self.form(_preview="1")).status_code, 403)
