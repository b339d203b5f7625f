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


class MailDeskTestCase(ChoirSchoolTestCase):
    def setUp(self) -> None:
        self.log_in(self.ada)

    def page(self, name: str, *args: object, query: str = "") -> str:
        response = self.client.get(reverse(name, args=args) + query)
        self.assertEqual(response.status_code, 200)
        return str(response.content.decode())


class MessageListTest(MailDeskTestCase):
    def test_query_count_does_not_grow_with_the_number_of_messages(self) -> None:
        self.assertSameQueries(reverse("desk_mail"), lambda count: [stored() for _ in range(count)])

    def test_message_list_can_be_filtered_by_state_and_search_words(self) -> None:
        stored(MessageState.PARKED, "parked@example.org")
        stored(MessageState.SENT, "sent@example.org", about_id="1042")
        for query, shown, hidden in (
            ("?state=parked", "parked@", "sent@"),
            ("?q=sent@", "sent@", "parked@"),
            ("?q=1042", "sent@", "parked@"),
            ("?q=welcome+parked", "parked@", "sent@"),
            ("?state=nonsense", "parked@", "nothing"),
        ):
            with self.subTest(query):
                page = self.page("desk_mail", query=query)
                self.assertIn(shown, page)
                self.assertNotIn(hidden, page)

    def test_message_list_shows_and_searches_the_sent_subject(self) -> None:
        stored(subject="Receipt for order 39")
        for query in ("", "?q=order+39"):
            self.assertIn("Receipt for order 39</a>", self.page("desk_mail", query=query))
        self.assertContains(self.client.get(reverse("admin:mailroom_message_changelist")), "Receipt for order 39")

    def test_number_of_possibly_sent_messages_is_shown_at_the_top_of_the_list(self) -> None:
        stored(MessageState.PERHAPS)
        self.assertIn("1 email may not have gone out.", self.page("desk_mail"))

    def test_empty_message_list_shows_an_explanation(self) -> None:
        self.assertIn("No emails yet", self.page("desk_mail"))
        self.assertIn("No emails found", self.page("desk_mail", query="?q=x"))


class MessagePageTest(MailDeskTestCase):
    def test_text_and_html_of_a_message_are_shown_without_secret_links_and_codes(self) -> None:
        message = write()
        send_all()
        page = self.page("desk_message", message.pk) + self.page("desk_message_html", message.pk)
        self.assertIn("Flow My Tears", page)
        self.assertIn("[link removed]", page)
        for secret in ("WzEyLCJhYmMiXQ", "AB-12"):
            self.assertNotIn(secret, page)

    def test_page_shows_when_a_message_was_sent_and_links_its_order_if_the_viewer_may_open_it(self) -> None:
        sent_at = datetime(2026, 11, 30, 9, 5, tzinfo=timezone.get_current_timezone())
        message = stored(about_type="order", about_id="39", changed_at=sent_at)
        page = self.page("desk_message", message.pk)
        self.assertInHTML("<div><dt>Sent</dt><dd>Mon, Nov 30, 2026, 9:05 AM</dd></div>", page)
        self.assertInHTML(f'<a href="{reverse("desk_order", args=[39])}">Order 39</a>', page)
        for name in ("enter_office", "view_message"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertInHTML("<div><dt>About</dt><dd>Order 39</dd></div>", self.page("desk_message", message.pk))

    def test_page_shows_whether_a_message_is_waiting_failed_or_not_sent(self) -> None:
        self.assertIn("<dt>Waiting since</dt>", self.page("desk_message", write().pk))
        self.assertIn(
            '<span class="badge bad">Failed</span>', self.page("desk_message", stored(MessageState.PARKED).pk)
        )
        self.assertIn("<dt>Not sent</dt>", self.page("desk_message", stored(MessageState.SUPPRESSED).pk))

    @override_settings(DEBUG=True)
    def test_secret_links_are_shown_in_debug_mode(self) -> None:
        message = write()
        send_all()
        self.assertIn("WzEyLCJhYmMiXQ", self.page("desk_message_html", message.pk))

    def test_html_preview_is_sandboxed_by_its_content_security_policy(self) -> None:
        response = self.client.get(reverse("desk_message_html", args=[stored(html="<p>Come.</p>").pk]))
        policy = response.headers["Content-Security-Policy"]
        for rule in ("default-src 'none'", "sandbox", "form-action 'none'", "frame-ancestors 'self'"):
            self.assertIn(rule, policy)
        self.assertNotIn("script-src", policy)
        self.assertEqual(response.headers["X-Frame-Options"], "SAMEORIGIN")

    def test_message_that_was_not_sent_yet_has_no_text(self) -> None:
        message = write()
        self.assertIn("The text is written when the email is sent.", self.page("desk_message", message.pk))
        self.assertEqual(self.client.get(reverse("desk_message_html", args=[message.pk])).status_code, 404)

    def test_text_of_a_sent_mail_is_shown_although_no_app_declares_the_mail_anymore(self) -> None:
        message = stored(template="choir.gone", subject="Rehearsal", text="Come at 7.", html="<p>Come at 7.</p>")
        self.assertIn("Come at 7.", self.page("desk_message", message.pk))
        self.assertIn("<p>Come at 7.</p>", self.page("desk_message_html", message.pk))

    def test_message_is_shown_in_the_trace_of_the_record_that_it_is_about(self) -> None:
        message = write(about=("order", 39))
        trace = self.client.get(reverse("desk_story", args=["order", "39"]))
        self.assertContains(trace, "Email: Welcome to the choir")
        self.assertContains(trace, "Waiting")
        send_all()
        trace = self.client.get(reverse("desk_story", args=["order", "39"]))
        self.assertContains(trace, reverse("desk_message", args=[message.pk]))
        self.assertContains(trace, "Sent at")

    def test_html_in_a_name_is_not_executed_on_message_pages(self) -> None:
        message = write(data={"name": "<script>alert(1)</script>"})
        send_all()
        for name in ("desk_message", "desk_message_html"):
            self.assertNotIn("<script>alert", self.page(name, message.pk))


class MessageActionTest(MailDeskTestCase):
    def handle(self, message: Message, action: str, why: str = "She asked for it.") -> str:
        url = reverse("desk_message_handle", args=[message.pk])
        return str(self.client.post(url, {"action": action, "why": why}, follow=True).content.decode())

    def test_possibly_sent_message_is_resent_from_the_desk_with_a_reason(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.assertIn("It will be sent in a moment.", self.handle(message, "again"))
        self.assertEqual(len(send_all()), 1)
        self.assertEqual((again(message).state, message.rounds), (MessageState.SENT, 1))
        entry = Entry.objects.get(action="mailroom.sent_again")
        self.assertEqual(
            (entry.actor_id, entry.reason, entry.details["was"]), (self.ada.pk, "She asked for it.", "perhaps")
        )

    def test_clicking_resend_twice_sends_the_message_once(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.handle(message, "again")
        self.handle(message, "again")
        self.assertEqual(len(send_all()), 1)

    def test_sent_message_can_be_resent_several_times(self) -> None:
        message = stored(MessageState.SENT)
        for count in (1, 2):
            self.handle(message, "again")
            self.assertEqual(len(send_all()), count)

    def test_dismissed_message_is_not_sent(self) -> None:
        message = write()
        self.assertIn("Dismissed.", self.handle(message, "aside"))
        self.assertEqual(send_all(), [])
        self.assertEqual(
            (again(message).state, message.reason),
            (MessageState.SUPPRESSED, "Dismissed at the desk: She asked for it."),
        )

    def test_resending_without_a_reason_is_refused(self) -> None:
        message = stored(MessageState.PERHAPS)
        self.assertIn("This field is required", self.handle(message, "again", " "))
        self.assertEqual(again(message).state, MessageState.PERHAPS)

    def test_message_that_is_being_sent_cannot_be_resent(self) -> None:
        message = stored(MessageState.SENDING)
        self.assertIn("This has changed", self.handle(message, "again"))
        self.assertEqual(Entry.objects.filter(action__startswith="mailroom").count(), 0)

    def test_staff_without_permission_to_resend_see_no_actions_and_are_refused(self) -> None:
        message = stored(MessageState.PERHAPS)
        for name in ("enter_office", "view_message"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertNotIn("<h2>Actions</h2>", self.page("desk_message", message.pk))
        url = reverse("desk_message_handle", args=[message.pk])
        self.assertEqual(self.client.post(url, {"action": "again", "why": "x"}).status_code, 403)


class SuppressedAddressTest(MailDeskTestCase):
    def test_query_count_does_not_grow_with_the_number_of_addresses(self) -> None:
        def suppress(count: int) -> None:
            for number in range(count):
                bounces.suppress_address(f"{count}-{number}@example.org", Suppression.Cause.BOUNCE)

        self.assertSameQueries(reverse("desk_suppressed"), suppress)

    def test_suppression_is_lifted_with_a_reason_and_the_address_receives_mail_again(self) -> None:
        bounces.suppress_address(ALICE, Suppression.Cause.COMPLAINT)
        url = reverse("desk_suppressed_lift", args=[Suppression.objects.get().pk])
        self.assertContains(self.client.post(url, {"why": ""}), "This field is required")
        page = self.client.post(url, {"why": "A slip of the finger."}, follow=True)
        self.assertContains(page, f"{ALICE} receives email again.")
        self.assertEqual(Entry.objects.get(action="mailroom.suppression_lifted").reason, "A slip of the finger.")
        self.assertContains(self.client.post(url, {"why": "Once more."}, follow=True), "already")
        write()
        self.assertEqual(len(send_all()), 1)

    def test_office_can_suppress_an_address_once(self) -> None:
        form = {"email": "Bob@Example.org", "detail": "He rang."}
        self.client.post(reverse("admin:mailroom_suppression_add"), form)
        self.assertEqual(Suppression.objects.get().email, "bob@example.org")
        self.assertEqual(Suppression.objects.get().cause, Suppression.Cause.OFFICE)
        self.assertTrue(Entry.objects.filter(action="mailroom.suppression_added", actor_id=self.ada.pk).exists())
        second_response = self.client.post(reverse("admin:mailroom_suppression_add"), form)
        self.assertEqual((second_response.status_code, Suppression.objects.count()), (200, 1))


class MailTextTest(MailDeskTestCase):
    url = "/admin/mailroom/template/add/"

    def form(self, **changes: str) -> dict[str, str]:
        return {"name": "choir.welcome", "subject": "Ahoy {{ name }}", "body": "Come *now*, {{ name }}."} | changes

    def test_every_mail_is_listed_and_custom_texts_are_marked(self) -> None:
        Template.objects.create(name="choir.concert", subject="x", body="y")
        page = self.page("desk_mail_texts")
        self.assertIn("Custom text", page)
        self.assertIn("?name=choir.welcome", page)

    def test_new_custom_text_starts_with_the_shipped_text(self) -> None:
        page = self.client.get(f"{self.url}?name=choir.welcome")
        self.assertContains(page, "{{ name }}, welcome to {{ BUSINESS_NAME }}")
        self.assertContains(page, "we sing **{{ song }}** next")

    def test_preview_renders_the_text_without_saving_it(self) -> None:
        page = self.client.post(self.url, self.form(_preview="1"))
        self.assertContains(page, "Come <em>now</em>, Alice.")
        self.assertIn("sandbox", page.headers["Content-Security-Policy"])
        self.assertEqual(Template.objects.count(), 0)

    def test_text_that_cannot_be_rendered_is_refused_beside_the_invalid_field(self) -> None:
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

    def test_custom_text_is_saved_sent_and_deleted_with_history_entries(self) -> None:
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

    def test_preview_requires_permission_to_write_mail_texts(self) -> None:
        for name in ("enter_office", "view_template"):
            self.tess.user_permissions.add(Permission.objects.get(codename=name))
        self.log_in(self.tess)
        self.assertEqual(self.client.post(self.url, self.form(_preview="1")).status_code, 403)
