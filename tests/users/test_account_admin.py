from typing import Any

from django.urls import reverse

from history.models import Entry
from mailroom.models import Message
from tests import factories
from tests.base import SchoolTestCase
from users.domain import roles
from users.models import Role, Staff, Student, User


class OfficeTestCase(SchoolTestCase):
    office: User

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.office = factories.create_account("office@example.org", "Olga", "Office", factories.PASSWORD)
        factories.create_staff(cls.office, "Admin")

    def setUp(self) -> None:
        self.log_in(self.office)

    def form_data_of(self, account: User) -> dict[str, Any]:
        """The form data of the admin page of an account, as a browser submits it without changes."""
        form = self.client.get(reverse("admin:users_user_change", args=[account.pk])).context["adminform"].form
        form_data = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
        form_data["roles"] = [role.pk for role in form_data.get("roles") or []]
        for prefix in ("student", "in_care", "staff", "consents"):
            form_data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
        return form_data

    def post_action(self, key: str, *people: User, **form_data: str) -> Any:
        ids = ",".join(str(person.pk) for person in people)
        return self.client.post(f"{reverse('admin:users_user_action', args=[key])}?people={ids}", form_data)


class AdminAccessTest(OfficeTestCase):
    def test_admin_uses_the_site_login_and_returns_to_the_requested_page(self) -> None:
        self.client.logout()
        response = self.client.get(reverse("admin:users_user_changelist"), follow=True)
        self.assertEqual(response.resolver_match.url_name, "login")
        self.assertIn(reverse("admin:users_user_changelist"), response.redirect_chain[-1][0])
        self.assertEqual(self.client.post(reverse("admin:login"), {"username": "x", "password": "y"}).status_code, 302)

    def test_logged_in_users_without_office_access_are_refused(self) -> None:
        for person in (self.alice, self.tess):
            self.log_in(person)
            self.assertEqual(self.client.get(reverse("admin:index"), follow=True).status_code, 403)

    def test_index_shows_the_school_name(self) -> None:
        self.assertContains(self.client.get(reverse("admin:index")), "Hepcat Test School Admin")

    def test_index_lists_no_second_factor_devices(self) -> None:
        self.log_in(self.ada)
        self.assertNotContains(self.client.get(reverse("admin:index")), "totp")


class AccountListTest(OfficeTestCase):
    url = "admin:users_user_changelist"

    def listed(self, **query: str) -> list[str]:
        response = self.client.get(reverse(self.url), query)
        return [str(person) for person in response.context["cl"].result_list]

    def test_search_finds_account_by_name_email_and_child(self) -> None:
        for words in ("gray", "gus@EXAMPLE.org", "Kit"):
            with self.subTest(words):
                self.assertEqual(self.listed(q=words), ["Gus Gray"])

    def test_list_can_be_filtered_by_role_and_state(self) -> None:
        self.sam.is_active = False
        self.sam.save()
        self.assertEqual(self.listed(role=str(Role.objects.get(name="Teacher").pk)), ["Tess Tanner"])
        self.assertEqual(self.listed(state="closed"), ["Sam Stranger"])
        self.assertNotIn("Tess Tanner", self.listed(role="none"))

    def test_query_count_does_not_grow_with_the_number_of_accounts(self) -> None:
        def people(count: int) -> None:
            for number in range(count):
                factories.create_account(f"p{count}-{number}@example.org", "Pat").groups.add(
                    Role.objects.get(name="Teacher")
                )

        self.assertSameQueries(reverse(self.url), people)

    def test_account_page_shows_no_password_hash(self) -> None:
        self.assertNotContains(self.client.get(reverse("admin:users_user_change", args=[self.alice.pk])), "pbkdf2")


class AccountCreationTest(OfficeTestCase):
    def add(self, **form_data: Any) -> User:
        data = {"first_name": " Nia ", "last_name": "New", "email": "Nia@Example.org"} | form_data
        response = self.client.post(reverse("admin:users_user_add"), data)
        self.assertEqual(response.status_code, 302, getattr(response, "context", None) and response.context["errors"])
        return User.objects.get(email="nia@example.org")

    def test_new_account_has_no_password_and_gets_a_student_record_if_attending(self) -> None:
        nia = self.add(attends="on")
        self.assertFalse(nia.has_usable_password())
        self.assertEqual((nia.student.first_name, nia.student.email), ("Nia", "nia@example.org"))
        self.assertFalse(Message.objects.filter(to=nia.email).exists())
        self.assertEqual(Entry.objects.get(subject_id=str(nia.pk), subject_type="user").action, "users.account_added")

    def test_account_link_is_mailed_when_the_box_is_checked(self) -> None:
        nia = self.add(send_link="on")
        self.assertEqual(Message.objects.get(to=nia.email).template, "users.link")
        self.assertFalse(Student.objects.filter(user=nia).exists())

    def test_email_address_already_in_use_is_refused_beside_the_field(self) -> None:
        response = self.client.post(reverse("admin:users_user_add"), {"first_name": "A", "email": "ALICE@example.org"})
        self.assertContains(response, "already exists")


class AccountEditTest(OfficeTestCase):
    def change(self, account: User, **form_data: Any) -> Any:
        url = reverse("admin:users_user_change", args=[account.pk])
        return self.client.post(url, self.form_data_of(account) | form_data)

    def test_corrected_email_takes_effect_immediately_and_old_address_is_notified(self) -> None:
        before = self.alice.link_nonce
        self.assertEqual(self.change(self.alice, email="alice@new.example").status_code, 302)
        alice = User.objects.get(pk=self.alice.pk)
        self.assertEqual((alice.email, alice.student.email), ("alice@new.example", "alice@new.example"))
        self.assertNotEqual(alice.link_nonce, before)
        self.assertTrue(Message.objects.filter(to="alice@example.org", template="users.email_changed").exists())
        self.assertEqual(Entry.objects.get(action="users.account_changed").details, {"fields": ["email"]})

    def test_added_and_removed_roles_are_recorded_in_history(self) -> None:
        assistant = Role.objects.get(name="Assistant")
        self.assertEqual(self.change(self.sam, roles=[assistant.pk]).status_code, 302)
        self.assertTrue(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Assistant"))
        self.change(self.sam, roles=[])
        self.assertFalse(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Assistant"))
        actions = Entry.objects.filter(subject_id=str(self.sam.pk)).values_list("action", flat=True)
        self.assertEqual(list(actions), ["users.role_taken", "users.role_given"])

    def test_user_cannot_grant_a_more_powerful_role_or_edit_a_more_powerful_account(self) -> None:
        desk = Role.objects.create(name="Front desk")
        desk.permissions.set(
            roles.permissions_named({"users.enter_office", "users.view_user", "users.change_user", "users.give_role"})
        )
        self.log_in(self.sam)
        self.sam.groups.add(desk)
        admin = Role.objects.get(name="Admin")
        response = self.client.post(
            reverse("admin:users_user_change", args=[self.sam.pk]), self.form_data_of(self.sam) | {"roles": [admin.pk]}
        )
        self.assertEqual(response.status_code, 200)
        self.assertFalse(roles.has_named_role(User.objects.get(pk=self.sam.pk), "Admin"))
        for powerful_account in (self.office, self.ada):
            response = self.client.post(
                reverse("admin:users_user_change", args=[powerful_account.pk]), {"email": "mine@x.example"}
            )
            self.assertEqual(response.status_code, 403)

    def test_admin_cannot_edit_or_close_a_superuser(self) -> None:
        User.objects.filter(pk=self.ada.pk).update(is_superuser=True)
        response = self.client.post(reverse("admin:users_user_change", args=[self.ada.pk]), {"email": "mine@x.example"})
        self.assertEqual(response.status_code, 403)
        self.assertEqual(self.post_action("close", self.ada, why="x").status_code, 403)

    def test_account_cannot_be_deleted(self) -> None:
        self.log_in(self.ada)
        self.assertEqual(self.client.post(reverse("admin:users_user_delete", args=[self.sam.pk])).status_code, 403)


class AccountActionTest(OfficeTestCase):
    def test_closing_accounts_needs_a_reason_and_is_recorded(self) -> None:
        self.assertEqual(self.post_action("close", self.sam, self.alice).status_code, 200)
        self.assertTrue(User.objects.get(pk=self.sam.pk).is_active)
        self.assertEqual(self.post_action("close", self.sam, self.alice, why="moved away").status_code, 302)
        self.assertFalse(User.objects.filter(pk__in=[self.sam.pk, self.alice.pk], is_active=True).exists())
        self.assertEqual(Entry.objects.filter(action="users.account_closed", reason="moved away").count(), 2)

    def test_closed_account_is_reopened_with_a_reason(self) -> None:
        self.post_action("close", self.sam, why="x")
        self.post_action("reopen", self.sam, why="came back")
        self.assertTrue(User.objects.get(pk=self.sam.pk).is_active)

    def test_account_link_is_sent_without_a_reason(self) -> None:
        self.post_action("send-link", self.sam)
        self.assertTrue(Message.objects.filter(to=self.sam.email, template="users.link").exists())

    def test_list_action_leads_to_a_confirmation_page_with_the_selected_accounts(self) -> None:
        form_data = {"action": "close", "_selected_action": [self.sam.pk, self.alice.pk]}
        response = self.client.post(reverse("admin:users_user_changelist"), form_data, follow=True)
        self.assertContains(response, "Sam Stranger")
        self.assertContains(response, "Alice Arden")

    def test_unknown_action_or_empty_selection_is_not_found(self) -> None:
        self.assertEqual(self.post_action("dance", self.sam).status_code, 404)
        self.assertEqual(self.post_action("close").status_code, 404)

    def test_account_page_shows_the_history_of_the_account(self) -> None:
        self.post_action("close", self.sam, why="moved away")
        page = self.client.get(reverse("admin:users_user_change", args=[self.sam.pk]))
        self.assertContains(page, "moved away")
        self.assertContains(page, "closed the account")
        self.assertContains(page, "Olga Office")


class RoleAdminTest(OfficeTestCase):
    def test_role_form_describes_permissions_in_plain_words_and_creates_role(self) -> None:
        page = self.client.get(reverse("admin:users_role_add"))
        self.assertContains(page, "change account")
        self.assertNotContains(page, "Can change")
        self.assertNotContains(page, "session store")
        permissions = roles.permissions_named({"users.enter_office", "users.view_student"})
        self.client.post(
            reverse("admin:users_role_add"),
            {"name": "Door", "permissions": [permission.pk for permission in permissions]},
        )
        door = Role.objects.get(name="Door")
        self.assertEqual(roles.permissions_of(door), {"users.enter_office", "users.view_student"})
        self.assertTrue(Entry.objects.filter(action="users.role_added").exists())

    def test_built_in_role_cannot_be_renamed_or_deleted(self) -> None:
        teacher = Role.objects.get(name="Teacher")
        self.client.post(reverse("admin:users_role_change", args=[teacher.pk]), {"name": "Guru", "permissions": []})
        self.assertTrue(Role.objects.filter(name="Teacher").exists())
        self.assertEqual(self.client.post(reverse("admin:users_role_delete", args=[teacher.pk])).status_code, 403)

    def test_role_with_more_permissions_than_the_editor_cannot_be_changed(self) -> None:
        narrow = Role.objects.create(name="Narrow")
        narrow.permissions.set(roles.permissions_named({"users.enter_office", "users.view_role", "users.change_role"}))
        self.sam.groups.add(narrow)
        self.log_in(self.sam)
        admin = Role.objects.get(name="Admin")
        self.assertEqual(self.client.post(reverse("admin:users_role_change", args=[admin.pk]), {}).status_code, 403)


class StudentAdminTest(OfficeTestCase):
    def test_students_without_an_account_can_be_listed(self) -> None:
        Student.objects.create(first_name="Wim", last_name="Without", email="wim@example.org")
        page = self.client.get(reverse("admin:users_student_changelist"), {"account": "none"})
        self.assertEqual([str(student) for student in page.context["cl"].result_list], ["Wim Without"])

    def test_query_count_does_not_grow_with_the_number_of_students(self) -> None:
        def children(count: int) -> None:
            for number in range(count):
                factories.create_child(self.gus, f"Child {count} {number}")

        self.assertSameQueries(reverse("admin:users_student_changelist"), children)

    def test_duplicate_student_records_are_merged_after_a_preview(self) -> None:
        other = Student.objects.create(first_name="Alice", last_name="A.", email="al@example.org", notes="left knee")
        url = f"{reverse('admin:users_student_join')}?people={other.pk},{self.student.pk}"
        self.assertContains(self.client.get(url), "The record of Alice A. will be combined with Alice Arden.")
        self.assertEqual(Student.objects.filter(pk=other.pk).count(), 1)
        self.client.post(url, {"why": "wrote her name short"})
        self.assertFalse(Student.objects.filter(pk=other.pk).exists())
        self.assertEqual(Student.objects.get(pk=self.student.pk).notes, "left knee")
        self.assertEqual(Entry.objects.get(action="users.people_merged").reason, "wrote her name short")


class StaffAdminTest(OfficeTestCase):
    def test_order_on_the_about_page_is_edited_in_the_staff_list(self) -> None:
        rows = list(Staff.objects.order_by("listing", "user__first_name"))
        form_data: dict[str, Any] = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
        for number, row in enumerate(rows):
            form_data |= {f"form-{number}-user": row.pk, f"form-{number}-listing": 1 if row.user == self.tess else 10}
        self.client.post(reverse("admin:users_staff_changelist"), form_data)
        self.assertEqual(Staff.objects.listed()[0].user, self.tess)
        self.assertEqual(Entry.objects.get(action="users.staff_changed").details, {"fields": ["Listing"]})
